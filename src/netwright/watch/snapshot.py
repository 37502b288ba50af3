"""Copies of live nets that can be run without a trace: no hook of the user fires, nothing is
printed, no random number of theirs is drawn."""

import contextlib
import copy
import io
import warnings
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn

_PLAIN = (nn.Module, Tensor, list, tuple, dict, set, str, bytes, int, float, complex, bool, type)
_HOOKS = ("_forward_hooks", "_forward_pre_hooks", "_backward_hooks", "_backward_pre_hooks")


def copy_of(nets: Sequence[nn.Module]) -> list[nn.Module] | None:
    """Copy nets together (what they share stays shared); None where they cannot be copied.

    Anything else that a module holds (a file, a loader) is shared with the original, and hooks
    that are not torch's own are left off.
    """
    memo: dict[int, Any] = {}
    for net in nets:
        for module in net.modules():
            for value in vars(module).values():
                _prepare(value, memo)
    try:
        copies = [copy.deepcopy(net, memo) for net in nets]
    except (RuntimeError, TypeError, AttributeError):  # what refuses to be copied stays unprobed
        return None
    for net in copies:
        for module in net.modules():
            for name in _HOOKS:
                hooks = getattr(module, name)
                for key in [k for k, h in hooks.items() if not _is_torchs(h)]:
                    del hooks[key]
    return copies


@dataclass(frozen=True)
class Snapshot:
    """Nets as they were at a step: `swap` maps an original (net, parameter) to its copy."""

    step: int
    nets: list[nn.Module]
    originals: dict[int, Any]

    def swap(self, value: Any) -> Any:
        """Return the copy of a net or parameter, and anything else as it is."""
        return self.originals.get(id(value), value)

    def again(self) -> "Snapshot":
        """Return a copy that may be trained."""
        copies = copy_of(self.nets)
        assert copies is not None  # copies of plain copies
        pairs = dict(_pairs(self.nets, copies))
        return Snapshot(
            self.step,
            copies,
            {key: pairs.get(id(value), value) for key, value in self.originals.items()},
        )


def take(nets: Sequence[nn.Module], step: int) -> Snapshot | None:
    """Copy nets as they are now."""
    copies = copy_of(nets)
    return None if copies is None else Snapshot(step, copies, dict(_pairs(nets, copies)))


@contextlib.contextmanager
def unseen(seed: int = 0) -> Iterator[None]:
    """Run nets inside without a trace: random streams put back, prints and warnings dropped."""
    threads_warned = warnings.showwarning
    warnings.showwarning = lambda *_, **__: None
    try:
        with torch.random.fork_rng(), contextlib.redirect_stdout(io.StringIO()):
            torch.manual_seed(seed)
            yield
    finally:
        warnings.showwarning = threads_warned


def _pairs(nets: Sequence[nn.Module], copies: Sequence[nn.Module]) -> Iterator[tuple[int, Any]]:
    for net, twin in zip(nets, copies, strict=True):
        originals = [*net.modules(), *net.parameters(), *net.buffers()]
        for original, its_copy in zip(
            originals, [*twin.modules(), *twin.parameters(), *twin.buffers()], strict=True
        ):
            yield id(original), its_copy


def _prepare(value: Any, memo: dict[int, Any]) -> None:
    """Tensors of a graph cannot be copied, and foreign things should not be."""
    if isinstance(value, Tensor):
        if not value.is_leaf:
            memo[id(value)] = value.detach().clone()
    elif isinstance(value, list | tuple):
        for item in value:
            _prepare(item, memo)
    elif isinstance(value, dict):
        for item in value.values():
            _prepare(item, memo)
    elif value is not None and not isinstance(value, _PLAIN):
        memo[id(value)] = value


def _is_torchs(hook: Any) -> bool:
    return str(getattr(hook, "__module__", type(hook).__module__)).startswith("torch.")
