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
from netwright.data.folds import Folds
from netwright.evaluate.judge import IN_TOKENS, loss_of, score_outputs, targets_of
from netwright.evaluate.scores import primary_metric
from netwright.model.combining import mean_of_members
from netwright.model.model import Model
from netwright.plan.plan import Plan
from netwright.train.building import build_objective, learned_quantiles
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
    """The ensemble while its members train: told of their epochs, it selects and judges.

    folds: where each member is a net a fold. The nets of member i are then i * folds to
    (i + 1) * folds - 1; else net i is member i.
    """

    def __init__(
        self,
        plan: Plan,
        data: Data,
        metric: str | None,
        progress: Progress | None,
        folder: Path | None,
        folds: Folds | None = None,
    ) -> None:
        assert plan.members is not None
        self.plan, self.data, self.progress, self.folder = plan, data, progress, folder
        self.members = plan.members
        self.metric = primary_metric(data.task, metric=metric, class_counts=data.class_counts)
        self.folds, self.nets_a_member = folds, len(folds) if folds else 1
        self.validation = folds.validation if folds else data.validation
        self.targets = targets_of(self.validation)
        self.objective = build_objective(plan, data)
        # Judging needs the task and its units, and no net: the members' outputs are known.
        self.judge = Model(
            nn.Identity(),
            {},
            data.encoding,
            data.task,
            quantiles=learned_quantiles(self.objective),
        )
        by = "mae" if self.judge.quantiles else self.metric  # medians make the absolute error least
        self.criterion = criterion_of(data.task, by)
        self.parts: dict[int, Tensor] = {}  # outputs of each net's kept weights, on its own rows
        self.outputs: dict[int, Tensor] = {}  # of each member, put together of its nets'
        self.answers: dict[int, Tensor] = {}
        self.outdated: set[int] = set()  # members whose outputs are to be put together anew
        self.epochs: list[MemberEpoch] = []  # of the round that goes on
        self.history: list[dict[str, float]] = []
        self.group: set[int] = set()  # the nets that train now
        self.best_loss, self.stale = float("inf"), 0
        self.stopped = ""
        self.begun = time.monotonic()
        self.events = EventWriter(folder) if folder else None
        if progress:
            progress.start(plan.recipe.epochs, self.metric)

    # ---------------------------------------------------------------------------- while it trains

    def after_epoch(self, epoch: MemberEpoch) -> bool:
        """Note a net's epoch; nets are never dropped one by one."""
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
        self._put_together()
        if not self.outputs:
            return True
        everybody = sorted(self.outputs)
        chosen = self.select(everybody)
        row = self._record(
            [everybody[position] for position in chosen.picks],
            step=max(epoch.row["step"] for epoch in epochs),
            train_loss=sum(epoch.row["train_loss"] for epoch in epochs) / len(epochs),
            training=len({self.member_of(number) for number in numbers}),
        )
        if self.progress:
            self.progress.epoch(int(max(epoch.row["epoch"] for epoch in epochs)), row)
        # Members of another shape may have trained before: these are judged among themselves, or
        # the first epochs of theirs, which add nothing yet, would be their last.
        own = sorted({self.member_of(number) for number in self.group} & set(self.outputs))
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
        self._put_together()
        nothing = torch.empty(0)  # what was kept of these epochs has just been noted
        self.epochs = [MemberEpoch(n, row, nothing, kept=False) for n, row in state["epochs"]]

    def close(self) -> None:
        if self.events:
            self.events.close()

    def _begin(self, numbers: set[int]) -> None:
        self.group, self.best_loss, self.stale = numbers, float("inf"), 0
        if self.progress:
            whole = self.members.count * self.nets_a_member
            of = "" if len(numbers) == whole else f" of {whole}"
            what = "nets" if self.folds else "members"
            each = f", one a fold of {self.nets_a_member} for each member" if self.folds else ""
            self.progress.message(f"{len(numbers)}{of} {what} train together{each}")

    def member_of(self, number: int) -> int:
        """Return the member that a net is of."""
        return number // self.nets_a_member

    def nets_of(self, member: int) -> range:
        """Return the numbers of a member's nets."""
        return range(member * self.nets_a_member, (member + 1) * self.nets_a_member)

    def _keep(self, number: int, outputs: Tensor) -> None:
        self.parts[number] = outputs
        self.outdated.add(self.member_of(number))

    def _put_together(self) -> None:
        """Put the outputs of members together whose nets all have some."""
        for member in sorted(self.outdated):
            parts = [self.parts.get(number) for number in self.nets_of(member)]
            there = [part for part in parts if part is not None]
            if len(there) < len(parts):
                continue
            self.outputs[member] = self._in_order(there)
            said = self.judge.middle(self.outputs[member])  # of quantiles the median is selected by
            self.answers[member] = answers_of(said, self.targets, self.data.task)
            self.outdated.remove(member)

    def _in_order(self, parts: Sequence[Tensor]) -> Tensor:
        """Return the outputs of a member's nets in the order of the validation rows."""
        if self.folds is None:
            return parts[0]
        whole = parts[0].new_empty((len(self.targets), *parts[0].shape[1:]))
        for positions, part in zip(self.folds.positions, parts, strict=True):
            whole[positions] = part
        return whole

    def _record(
        self, picks: Sequence[int], *, step: float, train_loss: float, training: int
    ) -> dict[str, float]:
        """Write and return the history's row of a round after which these members are picked."""
        outputs = self.combined(picks)
        loss = loss_of(self.objective, outputs, self.targets, self.data.task)
        assert loss is not None  # members answer rows
        row: dict[str, float] = {
            "epoch": len(self.history) + 1,
            "step": step,
            "train_loss": train_loss,
            "validation_loss": loss,
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
        if self.data.task.form in IN_TOKENS:  # nats of what is true: of the mean probability
            return -((-outputs).exp() * weights.view(-1, 1)).sum(1).log()
        return mean_of_members(outputs, self.data.task.form, weights)

    def score(self, outputs: Tensor) -> float:
        """Return the deciding metric of an ensemble's outputs (rows, outputs)."""
        scores = score_outputs(
            self.judge, outputs, self.validation,
            metric=self.metric, only=(self.metric,), resamples=0,
        )  # fmt: skip
        return scores[self.metric].value
