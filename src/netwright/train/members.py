"""fit_members: a plan's members trained as a pack, and the ensemble of those that are best
together.

After every round (an epoch of each member in training) the members' kept outputs on the validation
split are selected from (selection.py), and the ensemble is judged as one net's epoch is. It is made
in the end of each member's kept weights, by a last selection on what exactly those weights answer:
unlike TabPack (arXiv:2607.05380), which may take a member as it was in any earlier epoch.

Member i of a run with seed s has the seed 1000 s + i for its weights and dropout; all members take
the same batches, drawn with s, which is what lets them share a step.
"""

import time
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

from netwright import catalogue
from netwright.data.data import Data
from netwright.device import choose_device, seeded, threads
from netwright.diagnose.finding import Finding
from netwright.evaluate.calibration import fit_temperature
from netwright.evaluate.judge import score_outputs, targets_of
from netwright.evaluate.scores import primary_metric
from netwright.model.model import Model, mean_of_members
from netwright.plan.plan import Plan
from netwright.plan.space import Space
from netwright.train.building import build_objective
from netwright.train.fit import Progress, Training
from netwright.train.pack import MemberEpoch, fit_pack
from netwright.train.run import Run
from netwright.train.selection import (
    LEAST_GAIN,
    Selection,
    answers_of,
    criterion_of,
    select_all,
    select_greedily,
)
from netwright.watch.tensorboard import EventWriter

__all__ = ["SEEDS_A_RUN", "fit_members"]

SEEDS_A_RUN = 1000  # so far apart are the seeds of the first members of two runs


def fit_members(
    plan: Plan,
    data: Data,
    *,
    out: str | Path | None = None,
    seed: int = 0,
    device: str = "auto",
    num_threads: int | None = None,
    seconds: float | None = None,
    metric: str | None = None,
    progress: Progress | None = None,
) -> Run:
    """Train the members of a plan that has some and return the Run of their ensemble.

    out: run folder for events and trace. seconds: bound on training. run.history has a row a round;
    run.notes["members"] says of each member what it drew, how it scored alone, its weight in the
    ensemble (0: left out) and why it stopped; run.notes["selection"] how the ensemble scored as it
    grew. The trace is the heaviest member's. Raises UsageError where the space does not fit the
    plan.
    """
    begun, members = time.monotonic(), plan.members
    assert members is not None
    if members.space:
        Space(members.space).check(plan)
    plan = _with_rate(plan, data, seed, device, num_threads, seconds)
    plans = [plan.member(number) for number in range(members.count)]
    growing = _Growing(plan, data, metric, progress, Path(out) if out is not None else None)
    left = None if seconds is None else max(seconds - (time.monotonic() - begun), 0.1)
    try:
        # The one place where a pack's folder and its resumption are to be handed on.
        runs = fit_pack(
            plans,
            data,
            seeds=[seed * SEEDS_A_RUN + number for number in range(len(plans))],
            order_seed=seed,
            device=device,
            num_threads=num_threads,
            seconds=left,
            metric=metric,
            after_epoch=growing.after_epoch,
            after_round=growing.after_round,
        )
        for number, run in enumerate(runs):
            growing.take_lone(number, run)
    finally:
        growing.close()
    with threads(num_threads):
        return growing.finish(runs, seed=seed, seconds=time.monotonic() - begun)


def _with_rate(
    plan: Plan, data: Data, seed: int, device: str, num_threads: int | None, seconds: float | None
) -> Plan:
    """Resolve a rate that is "auto" once for all members that do not draw their own."""
    assert plan.members is not None
    if plan.recipe.lr != "auto" or "recipe.lr" in plan.members.space:
        return plan
    alone, place = plan.with_({"members": None}), choose_device(device)
    with seeded(seed), threads(num_threads):
        trial = Training(alone, data, None, seed, place, seconds, None, None)
        trial.prepare(alone=False)
    found = trial.plan.why.get("recipe.lr", "")
    return plan.with_({"recipe.lr": trial.plan.recipe.lr}, why=found)


class _Growing:
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
        row = self._record(
            step=max(epoch.row["step"] for epoch in epochs),
            train_loss=sum(epoch.row["train_loss"] for epoch in epochs) / len(epochs),
            training=len(epochs),
        )
        if self.progress:
            self.progress.epoch(int(max(epoch.row["epoch"] for epoch in epochs)), row)
        # Members of another shape may have trained before: these are judged among themselves, or
        # the first epochs of theirs, which add nothing yet, would be their last.
        own = sorted(self.group & set(self.outputs))
        loss = self._select(own).loss if own else float("inf")
        if loss < self.best_loss - LEAST_GAIN * abs(loss):
            self.best_loss, self.stale = loss, 0
        else:
            self.stale += 1
        patience = self.plan.recipe.patience
        if patience is not None and self.stale >= patience:
            self.stopped = f"the ensemble was no better for {self.stale} rounds"
        return not (patience is not None and self.stale >= patience)

    def take_lone(self, number: int, run: Run) -> None:
        """Take in a member that trained alone, whose epochs nobody was told of."""
        if number in self.outputs:
            return
        self._keep(number, run.model.forward_rows(self.data.validation))
        last = run.history[max(run.kept_epoch, 1) - 1]
        self._record(step=last["step"], train_loss=last["train_loss"], training=1)
        if self.progress:
            alone = f"{run.validation[self.metric].value:.4g} after {run.epochs} epochs"
            self.progress.message(f"member {number} trained alone: {self.metric} {alone}")

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

    def _record(self, *, step: float, train_loss: float, training: int) -> dict[str, float]:
        """Write and return the history's row of a round."""
        numbers = sorted(self.outputs)
        chosen = self._select(numbers)
        outputs = self._combined([numbers[pick] for pick in chosen.picks])
        row: dict[str, float] = {
            "epoch": len(self.history) + 1,
            "step": step,
            "train_loss": train_loss,
            "validation_loss": self.objective.compute(outputs, self.targets, smooth=False).item(),
            self.metric: self._score(outputs),
            "members": training,
            "seconds": round(time.monotonic() - self.begun, 3),
        }
        self.history.append(row)
        if self.events:
            scalars = {name: v for name, v in row.items() if name not in ("epoch", "step")}
            self.events.scalars(scalars, int(step))
        return row

    def _select(self, numbers: Sequence[int]) -> Selection:
        """Select from the members `numbers`; picks are positions in them."""
        answers = torch.stack([self.answers[number] for number in numbers])
        if self.members.selection == "greedy":
            return select_greedily(answers, self.criterion)
        return select_all(answers, self.criterion, range(len(numbers)))

    def _combined(self, picks: Sequence[int]) -> Tensor:
        """Return the outputs of the ensemble of these member numbers, some of them repeated."""
        counts = Counter(picks)
        outputs = torch.stack([self.outputs[number] for number in counts], 1)
        weights = torch.tensor(list(counts.values()), dtype=outputs.dtype) / len(picks)
        return mean_of_members(outputs, self.data.task.form, weights)

    def _score(self, outputs: Tensor) -> float:
        scores = score_outputs(
            self.judge, outputs, self.data.validation,
            metric=self.metric, only=(self.metric,), resamples=0,
        )  # fmt: skip
        return scores[self.metric].value

    # ---------------------------------------------------------------------------- in the end

    def finish(self, runs: Sequence[Run], *, seed: int, seconds: float) -> Run:
        """Return the Run of the ensemble that is best in the end."""
        numbers = sorted(self.outputs)
        chosen = self._select(numbers)
        picks = [numbers[pick] for pick in chosen.picks]
        counts = Counter(picks)
        model = self._model(runs, counts)
        outputs = model.forward_rows(self.data.validation)
        if self.data.task.is_classification:
            model.temperature = fit_temperature(outputs, self.targets, form=self.data.task.form)
        heaviest = runs[counts.most_common(1)[0][0]]
        reasons = {run.stopped for run in runs}
        ended = "out of time" if "out of time" in reasons else "all members are done"
        stopped = self.stopped or ended
        if self.folder:
            heaviest.trace.save(self.folder)
        if self.progress:
            self.progress.stop(stopped)
        kept = ("device", "init", "precision", "threads")
        notes = {name: heaviest.notes[name] for name in kept if name in heaviest.notes}
        grown = [self._score(self._combined(picks[:n])) for n in range(1, len(picks) + 1)]
        notes["selection"] = {
            "method": self.members.selection, "criterion": self.criterion,
            "metric": self.metric, "picks": picks, "scores": grown,
        }  # fmt: skip
        notes["members"] = [
            self._describe(number, run, counts[number] / len(picks))
            for number, run in enumerate(runs)
        ]
        return Run(
            plan=self.plan,
            model=model,
            trace=heaviest.trace,
            history=self.history,
            validation=score_outputs(model, outputs, self.data.validation, metric=self.metric),
            findings=merge_findings([run.findings for run in runs], set(counts)),
            seconds=seconds,
            stopped=stopped,
            seed=seed,
            folder=self.folder,
            notes=notes,
        )

    def _model(self, runs: Sequence[Run], counts: Mapping[int, int]) -> Model:
        members = [runs[number].model for number in sorted(counts)]
        arguments = {
            "nets": [dict(member.spec) for member in members],
            "weights": [counts[number] for number in sorted(counts)],
        }
        net = catalogue.build("netwright.nets", "ensemble", arguments, what="net")
        for place, member in zip(net.nets, members, strict=True):
            place.load_state_dict(member.net.state_dict())
        net.to(next(members[0].net.parameters()).device).eval()
        spec = {"name": "ensemble", **arguments}
        return Model(net=net, spec=spec, encoding=self.data.encoding, task=self.data.task)

    def _describe(self, number: int, run: Run, weight: float) -> dict[str, Any]:
        return {
            "number": number,
            "changes": {field: _field(run.plan, field) for field in self.members.space},
            "net": run.plan.net["name"],
            "seed": run.seed,
            "score": run.validation[self.metric].value,
            "epochs": run.epochs,
            "kept_epoch": run.kept_epoch,
            "weight": round(weight, 4),
            "stopped": run.stopped,
            "pack": run.notes.get("pack", ""),
        }


def _field(plan: Plan, path: str) -> Any:
    part, _, name = path.partition(".")
    return plan.to_dict()[part].get(name)


def merge_findings(findings: Sequence[Sequence[Finding]], chosen: set[int]) -> list[Finding]:
    """Return each fault once, with how many members show it. What only members show that are not
    chosen does the ensemble no harm, and is a note."""
    shown: dict[str, dict[int, Finding]] = {}
    for number, own in enumerate(findings):
        for finding in own:
            shown.setdefault(finding.fault, {}).setdefault(number, finding)
    merged = []
    for by_member in shown.values():
        in_use = {number: f for number, f in by_member.items() if number in chosen}
        surest = max((in_use or by_member).values(), key=lambda f: f.confidence)
        count = f"{len(by_member)} of {len(findings)} members"
        where = count if in_use else f"{count}, none of them in the ensemble"
        merged.append(
            replace(
                surest,
                severity=surest.severity if in_use else "info",
                explanation=f"In {where}: {surest.explanation}",
            )
        )
    rank = {"error": 0, "warning": 1, "info": 2}
    return sorted(merged, key=lambda f: (rank[f.severity], -f.confidence))
