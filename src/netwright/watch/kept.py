"""Kept: what remains of a learner's run to ask questions of."""

import time
from dataclasses import dataclass

from torch import Tensor

from netwright.watch.learner import Learner
from netwright.watch.snapshot import Snapshot, take
from netwright.watch.tape import Entry, Slot, Tape
from netwright.watch.trace import Trace
from netwright.watch.trial import Recipe


@dataclass(frozen=True)
class Kept:
    """Tapes that can be run again; the nets as they began and ended; when to stop asking."""

    trace: Trace
    tapes: list[Tape]
    evaluations: list[Tape]
    first: Snapshot
    last: Snapshot
    recipe: Recipe
    end: float
    steps: int

    @property
    def left(self) -> float:
        """Seconds left."""
        return self.end - time.thread_time()


def kept_of(learner: Learner, *, end: float) -> Kept | None:
    """Collect what is needed; None where the run left no batch that can be run again."""
    tapes = [tape for tape in learner.tapes if tape.whole and tape.loss is not None]
    if not tapes or not learner.snapshots or learner.recipe is None:
        return None
    first = learner.snapshots[0]
    last = take(list(learner.nets.values()), learner.step)
    if last is None or len(first.nets) != len(last.nets):
        return None
    layers = [[name for net in s.nets for name, _ in net.named_modules()] for s in (first, last)]
    if layers[0] != layers[1]:  # layers came or went since: the first state cannot be gone on from
        return None
    for net, began in zip(last.nets, first.nets, strict=True):
        for module, before in zip(net.modules(), began.modules(), strict=True):
            module.training = before.training
    return Kept(
        learner.trace, tapes, learner.evaluations, first, last, learner.recipe, end, learner.step
    )


_POINTWISE = {"sub", "__sub__", "__rsub__", "rsub", "mul", "__mul__", "__rmul__"}


def meets_constant(entry: Entry) -> tuple[int, Tensor] | None:
    """Return the slot and the constant where a result meets one number by number, as a prediction
    meets its target in a loss written by hand."""
    if entry.kind != "function" or entry.name not in _POINTWISE or len(entry.args) < 2:
        return None
    pair = entry.args[:2]
    constants = [a for a in pair if isinstance(a, Tensor) and not a.requires_grad and a.numel() > 1]
    slots = [a for a in pair if isinstance(a, Slot)]
    return (slots[0].number, constants[0]) if constants and slots else None


def target_of(tape: Tape) -> Tensor | None:
    """Return the targets of a step: the loss function's second tensor, or the first constant that
    a prediction meets."""
    main = main_loss(tape)
    if main is not None:
        target = [*main.args, *main.kwargs.values()][1]
        return target if isinstance(target, Tensor) else None
    return next((met[1] for entry in tape.entries if (met := meets_constant(entry))), None)


def main_loss(tape: Tape) -> Entry | None:
    """Return the torch loss function's call that has two tensors, the last one of a tape."""
    found = [e for e in tape.losses() if len(e.args) + len(e.kwargs) >= 2]
    return found[-1] if found else None
