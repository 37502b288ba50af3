"""Tape: what one training step computed from the nets' inputs to the loss, ready to be run again.

Between the first net's call and `backward` every torch function that touches a net's output or a
parameter is noted with its other arguments (targets, weights, masks). Run on copies of the nets
with the same or other inputs, the tape gives the loss that the user's own lines would have given:
it holds losses written by hand as well as torch's. Nothing is noted inside a net: that runs itself.
"""

import warnings
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import torch
from torch import Tensor, nn
from torch.overrides import (
    TorchFunctionMode,
    _get_current_function_mode_stack,
    _pop_mode,
    _push_mode,
)
from torch.utils import _pytree as pytree

_LONGEST = 500  # entries; a longer step is left alone
_GRADIENT = (vars(torch._C.TensorBase)["grad"].__get__, vars(torch._C.TensorBase)["grad"].__set__)
_WRITES = ("__iadd__", "__isub__", "__imul__", "__itruediv__", "__setitem__")


@dataclass(frozen=True)
class Slot:
    """Stands in an entry's arguments for the result of an earlier entry."""

    number: int


@dataclass(frozen=True)
class Entry:
    """One call: a net, a loss or a torch function, its arguments, the slots of its results."""

    kind: str  # "net", "loss" or "function"
    name: str
    call: Any
    args: tuple[Any, ...]
    kwargs: Mapping[str, Any]
    results: tuple[int, ...]
    shapes: tuple[tuple[int, ...], ...]  # of its results


@dataclass
class Tape:
    """The entries of one step, the slot of the loss, and whether anything was missed."""

    entries: list[Entry] = field(default_factory=list)
    loss: int | None = None
    whole: bool = True
    step: int = 0
    nbytes: int = 0  # of the numbers that it keeps

    def nets(self) -> list[Entry]:
        """Return the calls of nets, in order."""
        return [entry for entry in self.entries if entry.kind == "net"]

    def losses(self) -> list[Entry]:
        """Return the calls of torch's loss functions, in order."""
        return [entry for entry in self.entries if entry.kind == "loss"]

    def run(
        self,
        swap: Callable[[Any], Any],
        *,
        change: Callable[[Entry, Any, tuple[Any, ...], dict[str, Any]], Any] | None = None,
    ) -> dict[int, Tensor]:
        """Run it again; return every slot's tensor (the loss is that of slot `loss`).

        swap: gives the copy of a net or parameter. change: is given an entry, what it calls and
        its arguments, and may return another result, or NotImplemented to let the entry run.
        """
        slots: dict[int, Tensor] = {}

        def filled(value: Any) -> Any:
            if isinstance(value, Slot):
                return slots[value.number]
            return swap(value) if isinstance(value, Tensor | nn.Module) else value

        for entry in self.entries:
            args, kwargs = pytree.tree_map(filled, (entry.args, dict(entry.kwargs)))
            call = swap(entry.call) if isinstance(entry.call, nn.Module) else entry.call
            result = NotImplemented if change is None else change(entry, call, args, kwargs)
            if result is NotImplemented:
                result = call(*args, **kwargs)
            slots.update(zip(entry.results, _tensors(result), strict=False))
        return slots


class Recorder(TorchFunctionMode):
    """Writes a Tape; it is on the stack of function modes between a net's call and backward."""

    def __init__(self, step: int) -> None:
        super().__init__()
        self.tape = Tape(step=step)
        self._slots: dict[int, int] = {}  # id of a tensor -> slot
        self._kept: list[Tensor] = []  # so that no id is used twice
        self._shown: Any = None
        self.on = False

    def start(self) -> None:
        """Listen to torch functions, unless somebody else's mode would be in the way."""
        if self.on or not self.tape.whole:
            return
        stack = _get_current_function_mode_stack()
        if any(type(mode).__name__ != "DeviceContext" for mode in stack):
            self.tape.whole = False
            return
        # Under the mode torch warns with other line numbers; the same warning comes without it.
        self._shown, warnings.showwarning = warnings.showwarning, _silent
        _push_mode(self)
        self.on = True

    def stop(self) -> None:
        """Leave the stack as it would be without us."""
        if not self.on:
            return
        if self not in _get_current_function_mode_stack():
            return  # torch has it off while it runs one function; the next call takes it away
        self.on = False
        above = []
        while (mode := _pop_mode()) is not self:
            above.append(mode)
        for mode in reversed(above):
            _push_mode(mode)
        if warnings.showwarning is _silent:
            warnings.showwarning = self._shown

    def note(self, kind: str, name: str, call: Any, args: Any, kwargs: Any, result: Any) -> None:
        """Note one call and give its results slots."""
        if not self.tape.whole:
            return
        if len(self.tape.entries) >= _LONGEST:
            self.tape.whole = False
            return
        keep = self._reference
        with torch.no_grad():
            args, kwargs = pytree.tree_map(keep, (tuple(args), dict(kwargs)))
        tensors = _tensors(result)
        numbers = tuple(self._slot(tensor) for tensor in tensors)
        shapes = tuple(tuple(tensor.shape) for tensor in tensors)
        self.tape.entries.append(Entry(kind, name, call, args, kwargs, numbers, shapes))

    def knows(self, result: Any) -> bool:
        """Whether an entry noted so far has this result."""
        return isinstance(result, Tensor) and id(result) in self._slots

    def finish(self, loss: Any) -> Tape:
        """Note what backward is called on; return the tape."""
        self.stop()
        tape = self.tape
        if isinstance(loss, Tensor) and id(loss) in self._slots:
            tape.loss = self._slots[id(loss)]
            tape.entries = _leading_to(tape.loss, tape.entries)
        else:
            tape.whole = False
        self._slots, self._kept = {}, []
        return tape

    def __torch_function__(
        self, func: Any, types: Any, args: tuple[Any, ...] = (), kwargs: Any = None
    ) -> Any:
        kwargs = kwargs or {}
        result = func(*args, **kwargs)
        if func in _GRADIENT:
            return result  # cleared or read, as zero_grad does for every parameter
        name = getattr(func, "__name__", str(func))
        if _writes_weights(name, [*args, *kwargs.values()]):
            return result  # a net is made or stepped: no part of what is computed from it
        if self._depends((args, kwargs)) and _tensors(result):
            self.note("function", name, func, args, kwargs, result)
        return result

    def _depends(self, arguments: Any) -> bool:
        found = False
        for value in pytree.tree_leaves(arguments):
            if isinstance(value, Tensor):
                if id(value) in self._slots:
                    found = True
                elif value.requires_grad:
                    found = True
                    if not value.is_leaf:  # made where we did not look
                        self.tape.whole = False
        return found

    def _reference(self, value: Any) -> Any:
        if not isinstance(value, Tensor):
            return value
        number = self._slots.get(id(value))
        if number is not None:
            return Slot(number)
        if value.requires_grad:
            if not value.is_leaf:
                self.tape.whole = False
            return value  # a parameter: its copy is swapped in when the tape is run
        self.tape.nbytes += value.nbytes
        return value.detach().clone()  # the user may write into it later

    def _slot(self, tensor: Tensor) -> int:
        number = self._slots.setdefault(id(tensor), len(self._slots))
        self._kept.append(tensor)
        return number


def _writes_weights(name: str, arguments: Sequence[Any]) -> bool:
    """Whether a function changes a parameter in place."""
    first = arguments[0] if arguments else None
    inside = name in _WRITES or (name.endswith("_") and not name.endswith("__"))
    return inside and isinstance(first, Tensor) and first.is_leaf and first.requires_grad


def _leading_to(loss: int, entries: list[Entry]) -> list[Entry]:
    """Keep the entries that the loss was computed from (a pass for a print is not one)."""
    needed, kept = {loss}, []
    for entry in reversed(entries):
        if needed.intersection(entry.results):
            kept.append(entry)
            for value in pytree.tree_leaves((entry.args, entry.kwargs)):
                if isinstance(value, Slot):
                    needed.add(value.number)
    return kept[::-1]


def _tensors(result: Any) -> Sequence[Tensor]:
    return [leaf for leaf in pytree.tree_leaves(result) if isinstance(leaf, Tensor)]


def _silent(*_: Any, **__: Any) -> None:
    pass
