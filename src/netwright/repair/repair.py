"""repair(run, data) -> Mended: the findings of a run treated by remedies on its plan, and proved.

The plan is trained again as it was and with each remedy on the same seeds, all as one pack where
their nets can be stacked, for the epochs that the run had time for. Scores are the deciding metric
on the validation rows; the test rows are not read. What is proved is trained once more, with the
run's own seed.
"""

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import torch

from netwright import catalogue
from netwright.data.data import Data
from netwright.device import seeded
from netwright.diagnose.finding import Finding
from netwright.errors import TrainingError, UsageError
from netwright.evaluate.constant import constant_score
from netwright.evaluate.scores import higher_is_better, primary_metric
from netwright.plan.plan import Plan
from netwright.repair.ladder import Candidate, Outcome, Seeds, climb
from netwright.repair.proof import Proof
from netwright.repair.remedy import REMEDIES, changed, find_remedy
from netwright.repair.sign_flip import FEWEST_SEEDS, MOST_SEEDS
from netwright.train.building import balanced_rows, build_net, build_objective
from netwright.train.fit import Progress, fit
from netwright.train.pack import MemberEpoch, fit_pack
from netwright.train.run import FailedTraining, Run
from netwright.watch.trace import Trace

__all__ = ["Case", "Mended", "prove_plan", "repair"]

SECONDS_BETWEEN_LINES = 15.0  # of a long pack
FEWEST_EPOCHS = 2  # of a short run
FEWEST_STEPS = 30  # under these even a sound plan has learned little


@dataclass(frozen=True, kw_only=True)
class Case:
    """What is to be repaired: the plan as it was resolved, and what its run left. epochs: that the
    run had time for, where that was less than the plan's; metric: None is the task's own."""

    plan: Plan
    trace: Trace
    findings: Sequence[Finding]
    seed: int = 0
    epochs: int | None = None
    metric: str | None = None

    @classmethod
    def of(cls, run: Run | FailedTraining) -> "Case":
        """Return the case of a run, or of a training that failed."""
        if isinstance(run, FailedTraining):
            return cls(plan=run.plan, trace=run.trace, findings=run.findings, seed=run.seed)
        return cls(
            plan=run.plan,
            trace=run.trace,
            findings=run.findings,
            seed=run.seed,
            epochs=run.epochs if run.stopped == "out of time" else None,
            metric=run.validation.primary,
        )


@dataclass(frozen=True, kw_only=True)
class Mended:
    """plan: with what was proved, each change with its `why`; the plan as it was where nothing was.
    run: trained by it; where nothing was proved the run as it was, None if that had failed."""

    plan: Plan
    run: Run | None
    proof: Proof

    def __repr__(self) -> str:
        return f"Mended({self.proof})"


def repair(
    run: Run | FailedTraining,
    data: Data,
    *,
    seeds: int = 5,
    out: str | Path | None = None,
    device: str = "auto",
    num_threads: int | None = None,
    progress: Progress | None = None,
) -> Mended:
    """Find what helps against the run's findings, prove it over fresh paired seeds, and train anew.

    run: as `fit` returned it, or the FailedTraining that it raised. data: what it was trained on.
    seeds: of the proof, 5 to 16. out: run folder of the new training. A healthy run (notes alone)
    is returned as it is, and nothing is trained.
    """
    case = Case.of(run)
    plan, proof = prove_plan(
        case, data, seeds=seeds, device=device, num_threads=num_threads, progress=progress
    )
    before = None if isinstance(run, FailedTraining) else run
    if not proof.kept:
        return Mended(plan=case.plan, run=before, proof=proof)
    anew = fit(
        plan, data, out=out, seed=case.seed, device=device, num_threads=num_threads,
        metric=case.metric, progress=progress,
    )  # fmt: skip
    return Mended(plan=anew.plan, run=anew, proof=proof)


def prove_plan(
    case: Case,
    data: Data,
    *,
    seeds: int = 5,
    device: str = "auto",
    num_threads: int | None = None,
    progress: Progress | None = None,
) -> tuple[Plan, Proof]:
    """Return the plan with what was proved to help, and the proof; nothing else is trained."""
    if not FEWEST_SEEDS <= seeds <= MOST_SEEDS:
        raise UsageError(
            f"{seeds} seeds were asked for; expected {FEWEST_SEEDS} to {MOST_SEEDS}: fewer cannot "
            "prove anything at the 5 % level."
        )
    metric = primary_metric(data.task, metric=case.metric, class_counts=data.class_counts)
    changes = {"recipe.epochs": case.epochs} if case.epochs is not None else {}
    control = case.plan.with_(changes, why="the epochs that there was time for")
    say = progress.message if progress else _quiet
    climbed = climb(
        control,
        case.findings,
        offer=lambda plan, finding: _offers(control, plan, finding, case.trace, data),
        train=_Trainer(control, data, metric, device, num_threads, say),
        seeds=Seeds.fresh(case.seed, seeds),
        metric=metric,
        higher_is_better=higher_is_better(metric),
        say=say,
    )
    proof = climbed.proof
    if not proof.kept:
        return case.plan, proof
    why = f"repaired by {' and '.join(proof.kept)}: {_gain(proof)}"
    return case.plan.with_(proof.changes, why=why), proof


def _offers(
    control: Plan, plan: Plan, finding: Finding, trace: Trace, data: Data
) -> list[Candidate[Plan]]:
    """Return what the finding's remedies make of the plan. changes: from the control."""
    known = catalogue.names(REMEDIES)
    offers: list[Candidate[Plan]] = []
    for name in finding.remedies:
        if name not in known:  # of a run folder that another version wrote
            continue
        found = find_remedy(name)
        for dose in found(plan, trace):
            new = all(changed(other.subject, dose) for other in offers)
            if new and _can_be_trained(dose, data):
                offers.append(
                    Candidate(
                        remedy=name, subject=dose, changes=changed(control, dose), late=found.late
                    )
                )
    return offers


def _can_be_trained(plan: Plan, data: Data) -> bool:
    """Whether the plan fits the data: some nets take no such norm, some rows cannot be sampled."""
    one = plan.member(0) if plan.members else plan
    try:
        with seeded(0):
            build_net(one, data, 0, torch.device("cpu"))
            build_objective(one, data)
            if one.recipe.sampling == "balanced":
                balanced_rows(data)
    except UsageError:
        return False
    return True


@dataclass(frozen=True)
class _Trainer:
    """Trains plans on seeds: as one pack, or, where a plan has members, one after another."""

    control: Plan
    data: Data
    metric: str
    device: str
    num_threads: int | None
    say: Callable[[str], None]

    def __call__(
        self, subjects: Sequence[Plan], seeds: Sequence[int], share: float
    ) -> list[Outcome]:
        begun = time.monotonic()
        plans = [self._shortened(plan, share) for plan in subjects for _ in seeds]
        every = [seed for _ in subjects for seed in seeds]
        train = self._one_by_one if any(plan.members for plan in plans) else self._packed
        runs = train(plans, every)
        seconds = (time.monotonic() - begun) / len(subjects)
        count = len(seeds)
        return [self._outcome(runs[at : at + count], seconds) for at in range(0, len(runs), count)]

    def _shortened(self, plan: Plan, share: float) -> Plan:
        if share >= 1:
            return plan
        size = plan.recipe.batch_size
        rows = len(self.data.train)
        steps = 1 if size == "full" else -(-rows // (size * plan.recipe.accumulate))
        least = max(FEWEST_EPOCHS, -(-FEWEST_STEPS // steps))
        epochs = min(max(round(share * plan.recipe.epochs), least), plan.recipe.epochs)
        fewer = {"recipe.snapshots": 1} if plan.recipe.snapshots > epochs else {}
        return plan.with_({"recipe.epochs": epochs, **fewer}, why="a short run")

    def _packed(self, plans: Sequence[Plan], seeds: Sequence[int]) -> list[Run | None]:
        runs = fit_pack(
            plans, self.data, seeds=seeds, device=self.device, num_threads=self.num_threads,
            metric=self.metric, after_epoch=_Ticker(plans, self.say),
        )  # fmt: skip
        if any(run.interrupted for run in runs if run is not None):
            raise KeyboardInterrupt
        return runs

    def _one_by_one(self, plans: Sequence[Plan], seeds: Sequence[int]) -> list[Run | None]:
        runs: list[Run | None] = []
        for plan, seed in zip(plans, seeds, strict=True):
            try:
                run = fit(
                    plan, self.data, seed=seed, device=self.device, num_threads=self.num_threads,
                    metric=self.metric,
                )  # fmt: skip
            except TrainingError:  # it never gave finite numbers, and is scored so
                runs.append(None)
                continue
            if run.interrupted:
                raise KeyboardInterrupt
            runs.append(run)
        return runs

    def _outcome(self, runs: Sequence[Run | None], seconds: float) -> Outcome:
        """Score the runs of one plan; one that failed is worth what a constant answer is."""
        done = [run for run in runs if run is not None]
        failed = len(runs) - len(done)
        constant = constant_score(self.data, self.metric) if failed else 0.0
        # One run of a pack is watched layer by layer.
        watched = max(done, key=lambda run: len(run.trace.signals()), default=None)
        return Outcome(
            scores=tuple(r.validation[self.metric].value if r else constant for r in runs),
            failed=failed,
            trainings=sum(run.epochs if run else 1 for run in runs) / self.control.recipe.epochs,
            seconds=seconds,
            findings=watched.findings if watched else (),
        )


class _Ticker:
    """Tells now and then how far a pack has come."""

    def __init__(self, plans: Sequence[Plan], say: Callable[[str], None]) -> None:
        self.total, self.say = sum(plan.recipe.epochs for plan in plans), say
        self.done, self.said_at = 0, time.monotonic()

    def __call__(self, epoch: MemberEpoch) -> bool:
        self.done += 1
        if time.monotonic() - self.said_at > SECONDS_BETWEEN_LINES:
            self.said_at = time.monotonic()
            self.say(f"  {self.done} of at most {self.total} epochs done")
        return True


def _gain(proof: Proof) -> str:
    """Say what was gained, for the plan's reasons."""
    best = proof.best
    assert best is not None and proof.control is not None
    return (
        f"{proof.metric} {proof.control.mean:.4g} to {best.arm.mean:.4g} over "
        f"{len(proof.seeds)} seeds, p = {best.beside_control.p_value:.2g}"
    )


def _quiet(text: str) -> None:
    """Say nothing: the library's way."""
