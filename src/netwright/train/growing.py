"""Growing: the ensemble of a pack's members while they train.

After every round (an epoch of each member in training) it is selected anew from the members' kept
outputs on the validation split, and judged as one net's epoch is.
"""

import time
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

from netwright.data.data import Data
from netwright.evaluate.judge import score_outputs, targets_of
from netwright.evaluate.scores import primary_metric
from netwright.model.model import Model, mean_of_members
from netwright.plan.plan import Plan
from netwright.train.building import build_objective
from netwright.train.pack import MemberEpoch
from netwright.train.selection import (
    LEAST_GAIN,
    Selection,
    answers_of,
    criterion_of,
    select_all,
    select_greedily,
)
from netwright.train.training import Progress
from netwright.watch.tensorboard import EventWriter

__all__ = ["Growing"]


class Growing:
    """The ensemble while its members train: told of their epochs, it selects and judges."""

    def __init__(
        self,
        plan: Plan,
        data: Data,
        metric: str | None,
        progress: Progress | None,
        folder: Path | None,
    ) -> None:
        assert plan.members is not None
        self.plan, self.data, self.progress, self.folder = plan, data, progress, folder
        self.members = plan.members
        self.metric = primary_metric(data.task, metric=metric, class_counts=data.class_counts)
        self.criterion = criterion_of(data.task, self.metric)
        self.targets = targets_of(data.validation)
        self.objective = build_objective(plan, data)
        # Judging needs the task and its units, and no net: the members' outputs are known.
        self.judge = Model(nn.Identity(), {}, data.encoding, data.task)
        self.outputs: dict[int, Tensor] = {}  # of each member's kept weights
        self.answers: dict[int, Tensor] = {}
        self.epochs: list[MemberEpoch] = []  # of the round that goes on
        self.history: list[dict[str, float]] = []
        self.group: set[int] = set()  # the members that train now
        self.best_loss, self.stale = float("inf"), 0
        self.stopped = ""
        self.begun = time.monotonic()
        self.events = EventWriter(folder) if folder else None
        if progress:
            progress.start(plan.recipe.epochs, self.metric)

    # ---------------------------------------------------------------------------- while it trains

    def after_epoch(self, epoch: MemberEpoch) -> bool:
        """Note a member's epoch; members are never dropped one by one."""
        if epoch.kept:
            self._keep(epoch.number, epoch.outputs)
        self.epochs.append(epoch)
        return True

    def after_round(self) -> bool:
        """Select and judge; False when the members of this group get no better together."""
        epochs, self.epochs = self.epochs, []
        numbers = {epoch.number for epoch in epochs}
        if not numbers <= self.group:
            self._begin(numbers)
        if not self.outputs:
            return True
        everybody = sorted(self.outputs)
        chosen = self.select(everybody)
        row = self._record(
            [everybody[position] for position in chosen.picks],
            step=max(epoch.row["step"] for epoch in epochs),
            train_loss=sum(epoch.row["train_loss"] for epoch in epochs) / len(epochs),
            training=len(epochs),
        )
        if self.progress:
            self.progress.epoch(int(max(epoch.row["epoch"] for epoch in epochs)), row)
        # Members of another shape may have trained before: these are judged among themselves, or
        # the first epochs of theirs, which add nothing yet, would be their last.
        own = sorted(self.group & set(self.outputs))
        if own == everybody:
            loss = chosen.loss
        else:
            loss = self.select(own).loss if own else float("inf")
        if loss < self.best_loss - LEAST_GAIN * abs(loss):
            self.best_loss, self.stale = loss, 0
        else:
            self.stale += 1
        patience = self.plan.recipe.patience
        if patience is not None and self.stale >= patience:
            self.stopped = f"the ensemble was no better for {self.stale} rounds"
            return False
        return True

    def state(self) -> dict[str, Any]:
        """Return what a checkpoint must hold."""
        names = ("history", "best_loss", "stale", "stopped")
        return {name: getattr(self, name) for name in names} | {
            "epochs": [[epoch.number, dict(epoch.row)] for epoch in self.epochs],
            "group": sorted(self.group),
        }

    def restore(self, state: dict[str, Any], kept: Sequence[MemberEpoch]) -> None:
        """Go on from a checkpoint."""
        self.history, self.best_loss = state["history"], state["best_loss"]
        self.stale, self.stopped = state["stale"], state["stopped"]
        self.group = set(state["group"])
        for epoch in kept:
            self._keep(epoch.number, epoch.outputs)
        nothing = torch.empty(0)  # what was kept of these epochs has just been noted
        self.epochs = [MemberEpoch(n, row, nothing, kept=False) for n, row in state["epochs"]]

    def close(self) -> None:
        if self.events:
            self.events.close()

    def _begin(self, numbers: set[int]) -> None:
        self.group, self.best_loss, self.stale = numbers, float("inf"), 0
        if self.progress:
            of = "" if len(numbers) == self.members.count else f" of {self.members.count}"
            self.progress.message(f"{len(numbers)}{of} members train together")

    def _keep(self, number: int, outputs: Tensor) -> None:
        self.outputs[number] = outputs
        self.answers[number] = answers_of(outputs, self.targets, self.data.task)

    def _record(
        self, picks: Sequence[int], *, step: float, train_loss: float, training: int
    ) -> dict[str, float]:
        """Write and return the history's row of a round after which these members are picked."""
        outputs = self.combined(picks)
        row: dict[str, float] = {
            "epoch": len(self.history) + 1,
            "step": step,
            "train_loss": train_loss,
            "validation_loss": self.objective.compute(outputs, self.targets, smooth=False).item(),
            self.metric: self.score(outputs),
            "members": training,
            "seconds": round(time.monotonic() - self.begun, 3),
        }
        self.history.append(row)
        if self.events:
            scalars = {name: v for name, v in row.items() if name not in ("epoch", "step")}
            self.events.scalars(scalars, int(step))
        return row

    def pick(self) -> list[int]:
        """Return the member numbers that are best together now, in the order of the picks."""
        numbers = sorted(self.outputs)
        return [numbers[position] for position in self.select(numbers).picks]

    def select(self, numbers: Sequence[int]) -> Selection:
        """Select from the members `numbers`; picks are positions in them."""
        answers = torch.stack([self.answers[number] for number in numbers])
        if self.members.selection == "greedy":
            return select_greedily(answers, self.criterion)
        return select_all(answers, self.criterion, range(len(numbers)))

    def combined(self, picks: Sequence[int]) -> Tensor:
        """Return the outputs of the ensemble of these member numbers, some of them repeated."""
        counts = Counter(picks)
        outputs = torch.stack([self.outputs[number] for number in counts], 1)
        weights = torch.tensor(list(counts.values()), dtype=outputs.dtype) / len(picks)
        return mean_of_members(outputs, self.data.task.form, weights)

    def score(self, outputs: Tensor) -> float:
        """Return the deciding metric of an ensemble's outputs (rows, outputs)."""
        scores = score_outputs(
            self.judge, outputs, self.data.validation,
            metric=self.metric, only=(self.metric,), resamples=0,
        )  # fmt: skip
        return scores[self.metric].value
