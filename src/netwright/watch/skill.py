"""Skill: how much of what can be told about rows a prediction tells.

0: no more than one answer for all; 1: all right. Of classes it is the mean share of each class's
rows that are found, brought from chance = 0 to all = 1 (balanced accuracy, adjusted), so that a
rare class counts as much as a common one; of numbers it is R2.
"""

import math
from dataclasses import dataclass

from torch import Tensor

from netwright.watch.kept import Kept, main_loss
from netwright.watch.tape import Slot

_MANY = ("cross_entropy", "nll_loss")
_TWO = {"binary_cross_entropy": 0.5, "binary_cross_entropy_with_logits": 0.0}
_NUMBERS = ("mse_loss", "l1_loss", "smooth_l1_loss", "huber_loss")
_FEWEST = 5  # rows of a class: fewer say nothing of it
_KEEP_NUMBERS = (
    "squeeze", "unsqueeze", "view", "reshape", "flatten", "getitem", "view_as", "ravel",
)  # fmt: skip


@dataclass(frozen=True)
class Goals:
    """What rows should be answered. classes: 0 for numbers."""

    loss: str  # the function of torch that they are trained by
    values: Tensor  # (rows,): class numbers, or numbers
    classes: int

    def at(self, rows: Tensor) -> "Goals":
        """Return those of some rows."""
        return Goals(self.loss, self.values[rows], self.classes)


def goals(loss: str, targets: Tensor, columns: int) -> Goals | None:
    """Read targets as that loss does; None where a row has several answers.

    columns: of the prediction.
    """
    if loss in _MANY and targets.ndim == 1 and not targets.is_floating_point():
        return Goals(loss, targets.long(), columns)
    if loss in (*_MANY, *_TWO) and targets.ndim == 2 and targets.shape[1] > 1:
        if bool((targets.sum(1) == 1).all() and ((targets == 0) | (targets == 1)).all()):
            return Goals("cross_entropy", targets.argmax(1), targets.shape[1])
        return None
    flat = targets.reshape(-1)
    if len(flat) != len(targets) or columns != 1:
        return None
    if loss in _TWO and bool(((flat == 0) | (flat == 1)).all()):
        return Goals(loss, flat.long(), 2)
    if loss in _NUMBERS:
        return Goals(loss, flat.double(), 0)
    return None


def answers(goal: Goals, output: Tensor) -> Tensor | None:
    """Return (rows,): the class or number that each row of a net's output stands for."""
    rows = len(goal.values)
    if goal.loss in _MANY:
        return output.argmax(1) if output.ndim == 2 and len(output) == rows else None
    if output.numel() != rows:
        return None
    flat = output.reshape(-1)
    return (flat > _TWO[goal.loss]).long() if goal.loss in _TWO else flat.double()


def skill(goal: Goals, answer: Tensor) -> tuple[float, float] | None:
    """Return (skill, its standard error); None where the rows are too few or all alike."""
    if not goal.classes:
        return _skill_of_numbers(goal.values, answer)
    right = (answer == goal.values).double()
    shares, errors = [], []
    for label in goal.values.unique():
        of = right[goal.values == label]
        if len(of) >= _FEWEST:
            share = float(of.mean())
            shares.append(share)
            # One more of each kind, so that few rows that agree are not taken for certain.
            errors.append((share * (1 - share) + 1 / len(of)) / len(of))
    if len(shares) < 2:
        return None
    chance = 1 / len(shares)
    mean, error = sum(shares) / len(shares), math.sqrt(sum(errors)) / len(shares)
    return (mean - chance) / (1 - chance), error / (1 - chance)


def told_by_row(goal: Goals, answer: Tensor) -> Tensor:
    """Return (rows,): what each row's answer adds to the skill; its mean is the skill, but for a
    constant."""
    values = goal.values
    if not goal.classes:
        spread = (values - values.mean()).square().mean()
        return -(values - answer).square() / spread
    labels, of, counts = values.unique(return_inverse=True, return_counts=True)
    weights = len(values) / (max(len(labels) - 1, 1) * counts.double())
    return (answer == values).double() * weights[of]


def recalls(goal: Goals, answer: Tensor) -> dict[int, tuple[int, float]]:
    """Return of each class: (rows, share found)."""
    found = {}
    for label in goal.values.unique().tolist():
        of = answer[goal.values == label] == label
        found[int(label)] = (len(of), float(of.double().mean()))
    return found


def _skill_of_numbers(values: Tensor, answer: Tensor) -> tuple[float, float] | None:
    spread = float((values - values.mean()).square().mean())
    if len(values) < 4 * _FEWEST or not spread > 0 or not bool(answer.isfinite().all()):
        return None
    lost = (values - answer).square() / spread
    return 1 - float(lost.mean()), float(lost.std()) / math.sqrt(len(lost))


def direct_loss(kept: Kept) -> str:
    """Return the loss of torch that the net's output enters as it is, "" for others."""
    tape = kept.tapes[0]
    main = main_loss(tape)
    if main is None or main.name not in (*_MANY, *_TWO, *_NUMBERS):
        return ""
    value = main.args[0] if main.args else None
    while isinstance(value, Slot):
        slot = value.number
        entry = next((e for e in tape.entries if slot in e.results), None)
        if entry is None or entry.kind == "net":
            return main.name if entry is not None else ""
        kept_as_is = entry.name.strip("_") in _KEEP_NUMBERS
        value = entry.args[0] if kept_as_is and entry.args else None
    return ""
