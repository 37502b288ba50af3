"""A batch of trials trained as one pack, and what each gave. Scores are of the validation split;
the test split is never read."""

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from netwright import catalogue
from netwright.data.data import Data
from netwright.device import seeded
from netwright.errors import UsageError
from netwright.plan.plan import Plan
from netwright.train.pack import MemberEpoch, fit_pack
from netwright.train.run import Run

__all__ = ["AtRound", "Outcome", "Watch", "train_batch"]


# Told after each round of epochs: trial -> (epochs done, score so far); returns whom to drop.
AtRound = Callable[[Mapping[int, tuple[int, float]]], set[int]]

State = Literal["complete", "pruned", "failed"]


@dataclass(frozen=True)
class Outcome:
    """What a trial gave. score: the metric of the weights it leaves with; None where no finite
    number was found. reason: of the state, in words. curve: the metric, epoch by epoch. seconds:
    its share of the batch's time, by epochs."""

    state: State
    score: float | None
    epochs: int
    seconds: float
    reason: str
    curve: tuple[float, ...] = ()
    run: Run | None = None


class Watch:
    """What the members' epochs gave so far."""

    def __init__(self, metric: str, at_round: AtRound | None) -> None:
        self.metric, self.at_round = metric, at_round
        self.curves: dict[int, list[float]] = {}
        self.scores: dict[int, float] = {}
        self.dropped: set[int] = set()
        self.members: list[int] = []  # the trial of each member of the pack in training

    def after_epoch(self, event: MemberEpoch) -> bool:
        trial = self.members[event.number]
        curve = self.curves.setdefault(trial, [])
        if self.metric in event.row:
            curve.append(event.row[self.metric])
            if event.kept:
                self.scores[trial] = event.row[self.metric]
        return True

    def after_round(self) -> set[int]:
        if self.at_round is not None:
            states = {n: (len(self.curves[n]), score) for n, score in self.scores.items()}
            self.dropped |= self.at_round(states)
        return {member for member, trial in enumerate(self.members) if trial in self.dropped}


def train_batch(
    plans: Sequence[Plan],
    data: Data,
    *,
    seed: int,
    metric: str,
    device: str = "auto",
    num_threads: int | None = None,
    seconds: float | None = None,
    at_round: AtRound | None = None,
) -> list[Outcome]:
    """Train the plans as one pack, all with the same seed and batches, and return what each gave.

    A plan whose net cannot be built, or whose loss is not finite, fails alone.
    """
    begun = time.monotonic()
    watch = Watch(metric, at_round)
    failed = {n: error for n, plan in enumerate(plans) if (error := _unbuildable(plan))}
    runs: dict[int, Run] = {}
    numbers = watch.members = [n for n in range(len(plans)) if n not in failed]
    if numbers:
        found = fit_pack(
            [plans[n] for n in numbers], data, seeds=[seed] * len(numbers), order_seed=seed,
            device=device, num_threads=num_threads, seconds=seconds, metric=metric,
            after_epoch=watch.after_epoch, after_round=watch.after_round,
        )  # fmt: skip
        if any(run.interrupted for run in found if run is not None):
            raise KeyboardInterrupt
        for n, run in zip(numbers, found, strict=True):
            if run is None:
                failed[n] = "the loss is not finite"
            else:
                runs[n] = run
    spent = time.monotonic() - begun
    return _outcomes(len(plans), watch, runs, failed, spent)


def _outcomes(
    count: int, watch: Watch, runs: Mapping[int, Run], failed: Mapping[int, str], spent: float
) -> list[Outcome]:
    for n, run in runs.items():
        watch.curves[n] = [row[watch.metric] for row in run.history if watch.metric in row]
        watch.scores[n] = run.history[run.kept_epoch - 1][watch.metric]
    epochs = [max(len(watch.curves.get(n, ())), 1) for n in range(count)]
    found = []
    for n in range(count):
        seconds, curve = spent * epochs[n] / sum(epochs), tuple(watch.curves.get(n, ()))
        if n in failed:
            found.append(Outcome("failed", None, len(curve), seconds, failed[n]))
            continue
        theirs = runs[n]
        state: State = "complete"
        stopped = theirs.stopped
        if n in watch.dropped and "dropped" in stopped:
            state, stopped = "pruned", "dropped at a rung"
        elif stopped == "out of time":
            state = "pruned"
        found.append(Outcome(state, watch.scores[n], len(curve), seconds, stopped, curve, theirs))
    return found


def _unbuildable(plan: Plan) -> str:
    """Return why the plan's net cannot be built; "" if it can."""
    arguments = {name: value for name, value in plan.net.items() if name != "name"}
    try:
        with seeded(0):  # the caller's random streams stay as they are
            catalogue.build("netwright.nets", plan.net["name"], arguments, what="net")
    except UsageError as error:
        return str(error)
    return ""
