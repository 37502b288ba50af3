"""What the best constant prediction would lose: the level that a net has to beat.

Signal: "loss.trivial", by the user's own loss function (its weights and reduction included) on the
kept batches. Only where that function's result is the whole loss.
"""

import math
from collections.abc import Callable

import torch
from torch import Tensor

from netwright.watch.kept import Kept, main_loss, target_of
from netwright.watch.tape import Slot, Tape

_NUMBERS: dict[str, Callable[[Tensor], Tensor]] = {
    "mse_loss": lambda t: t.mean(0),
    "l1_loss": lambda t: t.median(0).values,
    "smooth_l1_loss": lambda t: t.median(0).values,
    "huber_loss": lambda t: t.median(0).values,
    "binary_cross_entropy": lambda t: t.mean(0),
    "binary_cross_entropy_with_logits": lambda t: t.mean(0).clamp(1e-6, 1 - 1e-6).logit(),
}
_CLASSES = ("cross_entropy", "nll_loss")


def trivial(kept: Kept) -> None:
    """Record the loss of the best constant prediction."""
    targets = [target_of(tape) for tape in kept.tapes]
    known = [target for target in targets if target is not None and target.ndim]
    if len(known) < len(targets) or len({target.shape[1:] for target in known}) > 1:
        return
    everything = torch.cat(known)
    losses = []
    for tape, target in zip(kept.tapes, known, strict=True):
        main = main_loss(tape)
        if main is None or main.results != (tape.loss,) or len(main.args) < 2:
            return  # something is added to it
        best = _best(main.name, everything, _shape(tape, main.args[0]))
        if best is None or best.shape[0] == 0:
            return
        best = best.expand(len(target), *best.shape[1:])
        losses.append(float(main.call(best, target, *main.args[2:], **dict(main.kwargs))))
    mean = math.fsum(losses) / len(losses)
    if math.isfinite(mean):
        kept.trace.record("loss.trivial", "", kept.steps, mean)


def _best(name: str, targets: Tensor, shape: tuple[int, ...]) -> Tensor | None:
    """Return the best prediction for every row, (1, ...); None where none is known."""
    if name in _NUMBERS and targets.is_floating_point() and len(shape) == targets.ndim:
        return _NUMBERS[name](targets)[None]
    if (
        name in _CLASSES
        and targets.ndim == 1
        and len(shape) == 2
        and not targets.is_floating_point()
    ):
        if targets.min() < 0 or targets.max() >= shape[1]:
            return None
        counts = torch.bincount(targets, minlength=shape[1]).double()
        return (counts / counts.sum()).clamp_min(1e-9).log().float()[None]
    return None


def _shape(tape: Tape, value: object) -> tuple[int, ...]:
    """The shape of what an argument stands for."""
    if isinstance(value, Tensor):
        return tuple(value.shape)
    for entry in tape.entries:
        if isinstance(value, Slot) and value.number in entry.results:
            return entry.shapes[entry.results.index(value.number)]
    return ()
