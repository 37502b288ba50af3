"""A script's kept step with fewer rows or in float64, its loss on copies, a constant's loss."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from scipy.optimize import minimize
from torch import Tensor
from torch.nn import functional as F
from torch.utils import _pytree as pytree

from netwright.watch.kept import Kept, main_loss, target_of
from netwright.watch.snapshot import Snapshot, unseen
from netwright.watch.tape import Entry, Slot, Tape
from netwright.watch.trial import loss_of

__all__ = [
    "Plain", "constant_loss", "fewer_rows", "first_input", "in_float64", "inputs_of", "loss_on",
    "plain_of", "rows_of",
]  # fmt: skip

ITERATIONS = 50
_WEIGHTS = ("weight", "pos_weight")  # of classes: no row of the batch
# Losses of which 0 is the best, and what makes any numbers the predictions that they take.
_TAKES: dict[str, Callable[[Tensor], Tensor]] = {
    "cross_entropy": lambda x: x,
    "nll_loss": lambda x: F.log_softmax(x, 1),
    "binary_cross_entropy": torch.sigmoid,
    "binary_cross_entropy_with_logits": lambda x: x,
    "mse_loss": lambda x: x,
    "l1_loss": lambda x: x,
    "smooth_l1_loss": lambda x: x,
    "huber_loss": lambda x: x,
}


@dataclass(frozen=True)
class Plain:
    """A step whose loss is one call of a torch loss whose best value is 0 on these targets."""

    entry: Entry
    prediction: Tensor
    target: Tensor

    def of(self, numbers: Tensor) -> Tensor:
        """Return the loss were these numbers, of the prediction's shape, the net's last ones."""
        rest = self.entry.args[2:]
        kwargs = {k: v for k, v in self.entry.kwargs.items() if k not in ("input", "target")}
        taken = _TAKES[self.entry.name](numbers)
        found: Tensor = self.entry.call(taken, self.target, *rest, **kwargs)
        return found


def first_input(tape: Tape) -> Tensor | None:
    """Return the first tensor that the first net is given."""
    nets = tape.nets()
    values = pytree.tree_leaves((nets[0].args, dict(nets[0].kwargs))) if nets else []
    return next((v for v in values if isinstance(v, Tensor)), None)


def inputs_of(tapes: Sequence[Tape]) -> Tensor | None:
    """Return the first input of all steps as one, (rows, ...); None where they do not fit."""
    found = [x for x in map(first_input, tapes) if x is not None and x.ndim]
    same = len({(x.shape[1:], x.dtype) for x in found}) == 1
    return torch.cat(found) if same and len(found) == len(tapes) else None


def rows_of(tape: Tape) -> int:
    """Return how many rows the step has, 0 where inputs, outputs and targets disagree on it."""
    first, target = first_input(tape), target_of(tape)
    if first is None or not first.ndim:
        return 0
    outputs = [shape for entry in tape.nets()[:1] for shape in entry.shapes[:1]]
    counts = {len(first), *(shape[0] for shape in outputs if shape)}
    if target is not None and target.ndim:
        counts.add(len(target))
    return len(first) if outputs and len(counts) == 1 else 0


def fewer_rows(tape: Tape, kept: Kept, most: int) -> Tape | None:
    """Return the step with its first rows only; None where its lines need all of them."""
    rows = rows_of(tape)
    if not rows:
        return None
    if rows <= most:
        return tape
    cut = _changed(tape, lambda x: x[:most] if x.ndim and len(x) == rows else x)
    try:
        with torch.no_grad(), unseen():
            slots = cut.run(kept.first.again().swap)
    except (RuntimeError, ValueError, IndexError, TypeError):
        return None
    fits = all(len(slots[entry.results[0]]) == most for entry in cut.nets())
    return cut if fits else None


def in_float64(tape: Tape) -> Tape:
    """Return the step with all its numbers in float64."""
    return _changed(tape, lambda x: x.double() if x.is_floating_point() else x, weights=True)


def _changed(tape: Tape, change: Callable[[Tensor], Tensor], *, weights: bool = False) -> Tape:
    def one(value: Any) -> Any:
        constant = isinstance(value, Tensor) and not value.requires_grad
        return change(value) if constant else value

    entries = []
    for entry in tape.entries:
        kwargs = {
            name: value if name in _WEIGHTS and not weights else pytree.tree_map(one, value)
            for name, value in entry.kwargs.items()
        }
        entries.append(replace(entry, args=pytree.tree_map(one, entry.args), kwargs=kwargs))
    return replace(tape, entries=entries)


def loss_on(state: Snapshot, tape: Tape, *, seed: int = 0) -> Tensor:
    """Return the step's loss on a copy, with its graph; its randomness is the seed's."""
    with unseen(seed):
        return loss_of(state, tape)


def plain_of(tape: Tape, state: Snapshot) -> Plain | None:
    """Return the step's only loss; None where another one is added to it, or where its best value
    on these targets is not 0 (soft labels)."""
    main = main_loss(tape)
    if main is None or main.results != (tape.loss,) or main.name not in _TAKES:
        return None
    given = dict(zip(("input", "target"), main.args, strict=False)) | dict(main.kwargs)
    slot, target = given.get("input"), given.get("target")
    if not isinstance(slot, Slot) or not isinstance(target, Tensor) or _soft(main, target):
        return None
    with torch.no_grad(), unseen():
        prediction = tape.run(state.again().swap)[slot.number]
    return Plain(main, prediction, target)


def _soft(main: Entry, target: Tensor) -> bool:
    if main.kwargs.get("label_smoothing"):
        return True
    if "cross_entropy" in main.name and target.is_floating_point():
        return not bool(((target == 0) | (target == 1)).all())
    return False


def constant_loss(plain: Plain) -> float:
    """Return the loss of the best prediction that is the same for every row."""
    shape = plain.prediction.shape
    size = int(np.prod(shape[1:])) if len(shape) > 1 else 1
    lowest = [float("inf")]

    def loss(flat: NDArray[np.float64]) -> tuple[float, NDArray[np.float64]]:
        numbers = torch.from_numpy(flat).to(plain.prediction).requires_grad_()
        answer = numbers.view(1, *shape[1:]).expand(shape)
        found = plain.of(answer).mean()
        (slope,) = torch.autograd.grad(found, numbers)
        value = float(found.detach())
        lowest[0] = min(lowest[0], value) if value == value else lowest[0]
        return value, slope.cpu().numpy().astype(np.float64)

    minimize(loss, np.zeros(size), jac=True, method="L-BFGS-B", options={"maxiter": ITERATIONS})
    return lowest[0]
