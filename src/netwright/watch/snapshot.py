"""Copies of live nets that can be run without a trace: no hook of the user fires, nothing is
printed, no random number of theirs is drawn."""

import contextlib
import copy
import io
import random
import warnings
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

_PLAIN = (nn.Module, Tensor, list, tuple, dict, set, str, bytes, int, float, complex, bool, type)
_HOOKS = ("_forward_hooks", "_forward_pre_hooks", "_backward_hooks", "_backward_pre_hooks")


def copy_of(nets: Sequence[nn.Module]) -> tuple[list[nn.Module], dict[int, Any]] | None:
    """Copy nets together (what they share stays shared); None where they cannot be copied.

    Also returns which copy each tensor and module, registered or not, has: by the original's id.
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
    return copies, {k: v for k, v in memo.items() if isinstance(v, Tensor | nn.Module)}


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
        copied = copy_of(self.nets)
        assert copied is not None  # copies of plain copies
        nets, pairs = copied
        originals = {key: pairs.get(id(value), value) for key, value in self.originals.items()}
        return Snapshot(self.step, nets, originals)


def take(nets: Sequence[nn.Module], step: int) -> Snapshot | None:
    """Copy nets as they are now."""
    copied = copy_of(nets)
    return None if copied is None else Snapshot(step, *copied)


def together(snapshots: Sequence[Snapshot | None]) -> Snapshot | None:
    """Join copies that were taken one by one, in order; None where one is missing."""
    known = [snapshot for snapshot in snapshots if snapshot is not None]
    if not known or len(known) < len(snapshots):
        return None
    originals = {k: v for snapshot in known for k, v in snapshot.originals.items()}
    return Snapshot(known[0].step, [n for s in known for n in s.nets], originals)


@contextlib.contextmanager
def unseen(seed: int = 0) -> Iterator[None]:
    """Run nets inside without a trace: random streams put back, prints and warnings dropped."""
    shown = warnings.showwarning
    states = random.getstate(), np.random.get_state()
    warnings.showwarning = lambda *_, **__: None
    try:
        with torch.random.fork_rng(), contextlib.redirect_stdout(io.StringIO()):
            torch.manual_seed(seed)
            yield
    finally:
        warnings.showwarning = shown
        random.setstate(states[0])
        np.random.set_state(states[1])


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
