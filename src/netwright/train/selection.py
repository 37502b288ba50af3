"""Greedy selection of an ensemble, with replacement, on validation rows.

The best member comes first; then, pick by pick, the member that makes the mean of all picks best,
however often it was picked before. The best prefix of the picks is kept; how often a member is in
it is its weight.

Caruana, Niculescu-Mizil, Crew and Ksikes 2004, "Ensemble Selection from Libraries of Models", ICML.
TabPack (arXiv:2607.05380) selects so while its members train, without replacement, and by the
task's own score.

By what: a strictly proper loss, and not the metric that decides. With a few hundred validation
rows accuracy (and every share of rows) moves in steps of a row and its best of many candidates is
luck: on such rows dozens of picks tie. AUC ranks alone: it is as good for an ensemble whose
probabilities are worthless, and the calibration after it has one number to mend that with. So
classes are selected by log loss, which also orders by accuracy and AUC where those differ by more
than noise. Numbers are selected by squared error, whose root is rmse and which decides r2, too; or
by absolute error where the primary metric is one (mae, mape, smape, mase).
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import torch
import torch.nn.functional as F
from torch import Tensor

from netwright.data.task import Task
from netwright.evaluate.judge import IN_TOKENS

__all__ = [
    "LEAST_GAIN",
    "ROUNDS",
    "Selection",
    "answers_of",
    "criterion_of",
    "select_all",
    "select_greedily",
]

ROUNDS = 32  # picks at most: weights are multiples of 1/32 or coarser, as in TabPack
SMALLEST = 1e-7  # of a probability: a member that is sure and wrong must not decide alone
LEAST_GAIN = 1e-4  # share of the loss for which it is worth to go on picking: less is no difference
ABSOLUTE = ("mae", "mape", "smape", "mase")

Criterion = Literal["log loss", "squared error", "absolute error"]


@dataclass(frozen=True)
class Selection:
    """picks: member numbers in the order in which they were taken. losses: of the mean of the picks
    so far, after each of them. members: how many there were to choose from."""

    picks: tuple[int, ...]
    losses: tuple[float, ...]
    members: int

    @property
    def counts(self) -> list[int]:
        """How often each member was picked."""
        return [self.picks.count(number) for number in range(self.members)]

    @property
    def loss(self) -> float:
        """Of all picks together."""
        return self.losses[-1]


def criterion_of(task: Task, metric: str) -> Criterion:
    """Return what members are selected by, where `metric` decides."""
    if task.form in ("regression", "forecasting"):
        return "absolute error" if metric in ABSOLUTE else "squared error"
    return "log loss"


def answers_of(outputs: Tensor, targets: Tensor, task: Task) -> Tensor:
    """Return what a member's outputs (see `judge.outputs_of`) come to, one number a target: the
    probability of what was true, or how far off the value is. The mean of members' answers is the
    answer of their mean, so that an ensemble's loss needs no more than these."""
    outputs, targets = outputs.float(), targets.to(outputs.device)
    if task.form in ("regression", "forecasting"):
        return (outputs - targets.view_as(outputs)).flatten()
    if task.form == "multilabel":
        return torch.where(targets > 0.5, outputs, -outputs).sigmoid().flatten()
    if task.form == "ordinal":
        above = outputs.sigmoid()  # P(grade > k)
        grades = F.pad(above, (1, 0), value=1.0) - F.pad(above, (0, 1), value=0.0)
        return grades.gather(1, targets.long()[:, None]).flatten()
    if task.form in IN_TOKENS:
        return (-outputs).exp().flatten()
    return outputs.softmax(-1).gather(1, targets.long()[:, None]).flatten()


def select_greedily(answers: Tensor, criterion: Criterion, *, rounds: int = ROUNDS) -> Selection:
    """Select from answers (members, targets). Equal candidates: the first. Members with answers
    that are not finite are never picked; ValueError where there are no others."""
    sums = torch.zeros_like(answers[0])
    usable = torch.isfinite(answers).all(1)
    if not bool(usable.any()):
        raise ValueError("No member has finite outputs on the validation rows.")
    room = torch.empty_like(answers)
    picks: list[int] = []
    losses: list[float] = []
    for taken in range(rounds):
        found = _losses(torch.add(answers, sums, out=room), taken + 1, criterion)
        found[~usable] = torch.inf
        best = int(found.numpy(force=True).argmin())  # numpy's: the first of equals
        picks.append(best)
        losses.append(float(found[best]))
        sums += answers[best]
    enough = min(losses) * (1 + LEAST_GAIN)
    length = next(i for i, loss in enumerate(losses, start=1) if loss <= enough)
    return Selection(tuple(picks[:length]), tuple(losses[:length]), len(answers))


def select_all(answers: Tensor, criterion: Criterion, order: Sequence[int]) -> Selection:
    """Take every member once, in `order`."""
    sums = answers[list(order)].cumsum(0)
    losses = [
        float(_losses(row[None].clone(), number, criterion))
        for number, row in enumerate(sums, start=1)
    ]
    return Selection(tuple(order), tuple(losses), len(answers))


def _losses(sums: Tensor, count: int, criterion: Criterion) -> Tensor:
    """Return the mean loss of each row of sums (members, targets) of `count` answers; the sums are
    overwritten."""
    means = sums.div_(count)
    if criterion == "log loss":
        return means.clamp_min_(SMALLEST).log_().mean(1).neg()
    if criterion == "squared error":
        return means.square_().mean(1)
    return means.abs_().mean(1)
