"""fit_members: a plan's members trained as a pack, and the ensemble of those that are best
together.

After every round (an epoch of each member in training) the members' kept outputs on the validation
split are selected from (selection.py), and the ensemble is judged as one net's epoch is. It is made
in the end of each member's kept weights, by a last selection on what exactly those weights answer.

TabPack (arXiv:2607.05380) may take a member as it was in any epoch. Tried on three tables (bank
churn, white wine, California) that was no better on validation or test rows, and it needs a copy of
the weights for each member and epoch that is ever chosen.

Member i of a run with seed s has the seed 1000 s + i for its weights and dropout; all members take
the same batches, drawn with s, which is what lets them share a step.

With folds (dealt with s) a member is K nets: net i K + k trains on all but fold k, with the seed
1000 s + i K + k, in an order of its own, and stops by fold k. All that is said above of a member's
validation rows is then said of the training and validation rows together, each of them answered by
the net that did not train on it; in the ensemble the member's nets answer together.
"""

import time
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from statistics import fmean
from typing import Any

from netwright.data.data import Data, Rows
from netwright.data.folds import Folds, deal_folds
from netwright.data.task import Form
from netwright.device import choose_device, seeded, threads
from netwright.diagnose.diagnose import diagnose
from netwright.diagnose.finding import Finding
from netwright.errors import TrainingError, UsageError
from netwright.evaluate.judge import outputs_of, score_outputs
from netwright.model.ensemble import ensemble
from netwright.plan.plan import Plan
from netwright.plan.space import Space
from netwright.train.finishing import calibrate_
from netwright.train.growing import Growing
from netwright.train.pack import fit_pack
from netwright.train.run import FailedTraining, Run
from netwright.train.training import Progress, Training
from netwright.watch.trace import Trace

__all__ = ["SEEDS_A_RUN", "check_members", "fit_members"]

# Forms whose kept outputs tell no probability of the truth, or are no answers to rows.
ALONE = ("segmentation", "detection", "similarity", "control", "embedding", "speech-recognition")
SEEDS_A_RUN = 1000  # so far apart are the seeds of the first members of two runs


def check_members(form: Form) -> None:
    """Refuse an ensemble of nets whose answers have no mean, or are not chosen from."""
    if form == "translation":
        raise UsageError(
            "An ensemble writes no translations, for its nets would have to agree on every "
            "piece. Train one net: leave --members out."
        )
    if form in ALONE:
        raise UsageError(
            f"The plan has members, but nets for {form} are not chosen from yet. Leave "
            "--members out, or take snapshots of one net with --set recipe.snapshots=3."
        )


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
    resume: bool = False,
    progress: Progress | None = None,
) -> Run:
    """Train the members of a plan that has some and return the Run of their ensemble.

    out: run folder for events and trace. seconds: bound on training. run.history has a row a round;
    run.notes["members"] says of each member what it drew, how it scored alone, its weight in the
    ensemble (0: left out) and why it stopped; run.notes["folds"], where there are some, which rows
    were in which; run.notes["selection"] how the ensemble scored as it
    grew. The trace is of a member that
    was watched. Raises UsageError where the space does not fit the
    plan.
    """
    begun, members = time.monotonic(), plan.members
    assert members is not None
    check_members(data.task.form)
    if members.space:
        Space(members.space).check(plan)
    plan = _with_rate(plan, data, seed, device, num_threads, seconds)
    folds = deal_folds(data, members.folds, seed=seed) if members.folds else None
    folder = Path(out) if out is not None else None
    growing = Growing(plan, data, metric, progress, folder, folds)
    each = growing.nets_a_member
    plans = [plan.member(number) for number in range(members.count) for _ in range(each)]
    left = None if seconds is None else max(seconds - (time.monotonic() - begun), 0.1)
    try:
        runs = fit_pack(
            plans,
            data if folds is None else [*folds.data] * members.count,
            seeds=[seed * SEEDS_A_RUN + number for number in range(len(plans))],
            order_seed=seed if folds is None else None,
            out=out,
            device=device,
            num_threads=num_threads,
            seconds=left,
            metric=growing.metric,
            after_epoch=growing.after_epoch,
            after_round=growing.after_round,
            keeper=growing,
            resume=resume,
        )
    finally:
        growing.close()
    with threads(num_threads):
        return _ensemble_run(growing, runs, seed=seed, seconds=time.monotonic() - begun)


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
    # Not with_: what is set by it is set for every kind of member, and kinds have their own rates.
    recipe = replace(plan.recipe, lr=trial.plan.recipe.lr)
    return replace(plan, recipe=recipe, why={**plan.why, "recipe.lr": found})


def _ensemble_run(
    growing: Growing, every: Sequence[Run | None], *, seed: int, seconds: float
) -> Run:
    """Return the Run of the ensemble that is best in the end."""
    data, metric = growing.data, growing.metric
    runs = {number: run for number, run in enumerate(every) if run is not None}
    if not runs:
        trace = Trace()
        trace.record("non-finite", "", 0, 1.0)
        raise FailedTraining(
            "No member of the pack gave finite numbers in any epoch, so there is nothing to keep. "
            "Lower recipe.lr (or its range in members.space), or set recipe.clip.",
            plan=growing.plan, trace=trace, findings=diagnose(trace), seed=seed,
        )  # fmt: skip
    if not growing.outputs:
        raise TrainingError(
            "No member has finite numbers on every fold, so none can be judged. Lower recipe.lr "
            "(or its range in members.space), set recipe.clip, or leave members.folds out."
        )
    picks = growing.pick()
    counts = Counter(picks)
    nets = {net: counts[member] for member in sorted(counts) for net in growing.nets_of(member)}
    model = ensemble([runs[net].model for net in nets], list(nets.values()))
    # On folds the ensemble itself has trained on every row; its nets' answers for rows that each of
    # them has not seen are what says how good it is.
    folded = growing.folds is not None
    outputs = growing.combined(picks) if folded else outputs_of(model, data.validation)
    calibrate_(model, outputs, growing.validation)
    heaviest = runs[growing.nets_of(counts.most_common(1)[0][0])[0]]
    # One member of each stack is watched layer by layer.
    watched = max(runs.values(), key=lambda run: len(run.trace.signals()))
    if growing.folder:
        watched.trace.save(growing.folder)
    ended = {run.stopped for run in runs.values()}
    done = "out of time" if "out of time" in ended else "all members are done"
    stopped = growing.stopped or done
    if growing.progress:
        growing.progress.stop(stopped)
    kept = ("device", "init", "precision", "threads")
    notes = {name: heaviest.notes[name] for name in kept if name in heaviest.notes}
    grown = [growing.score(growing.combined(picks[:n])) for n in range(1, len(picks) + 1)]
    notes["selection"] = {
        "method": growing.members.selection, "criterion": growing.criterion,
        "metric": metric, "picks": picks, "scores": grown,
    }  # fmt: skip
    notes["members"] = [
        _describe(number, runs, growing, counts[number] / len(picks))
        for number in range(growing.members.count)
    ]
    if growing.folds is not None:
        notes["folds"] = _describe_folds(growing.folds)
    return Run(
        plan=growing.plan,
        model=model,
        trace=watched.trace,
        history=growing.history,
        validation=score_outputs(model, outputs, growing.validation, metric=metric),
        findings=merge_findings({n: run.findings for n, run in runs.items()}, set(nets)),
        interrupted=any(run.interrupted for run in runs.values()),
        seconds=seconds,
        stopped=stopped,
        seed=seed,
        folder=growing.folder,
        notes=notes,
    )


def _describe(
    number: int, runs: Mapping[int, Run], growing: Growing, weight: float
) -> dict[str, Any]:
    """Say what a member drew, how it scored alone and why it stopped; on folds also of each net."""
    plan = growing.plan.member(number)
    said: dict[str, Any] = {
        "number": number,
        "changes": {field: _field(plan, field) for field in growing.members.sample(number)},
        "net": plan.net["name"],
    }
    own = [runs[net] for net in growing.nets_of(number) if net in runs]
    if not own or (growing.folds is not None and number not in growing.outputs):
        return said | {
            "seed": None, "score": None, "epochs": 0, "kept_epoch": 0, "weight": 0.0,
            "stopped": "its numbers were never finite", "pack": "",
        }  # fmt: skip
    first, metric = own[0], growing.metric
    said |= {
        "seed": first.seed,
        "score": first.validation[metric].value,
        "epochs": first.epochs,
        "kept_epoch": first.kept_epoch,
        "weight": round(weight, 4),
        "stopped": first.stopped,
        "pack": first.notes.get("pack", ""),
    }
    if growing.folds is None:
        return said
    return said | {
        "score": growing.score(growing.outputs[number]),
        "epochs": max(run.epochs for run in own),
        "kept_epoch": round(fmean(run.kept_epoch for run in own)),
        "folds": [
            {
                "fold": fold,
                "seed": run.seed,
                "score": run.validation[metric].value,
                "epochs": run.epochs,
                "kept_epoch": run.kept_epoch,
                "stopped": run.stopped,
            }
            for fold, run in enumerate(own)
        ],
    }


def _describe_folds(folds: Folds) -> dict[str, Any]:
    """Say which rows of the source stopped, and judged, the nets of each fold."""
    rows = [data.validation.rows for data in folds.data if isinstance(data.validation, Rows)]
    return {
        "count": len(folds),
        "validated": len(folds.validation),
        "rows": [[] if own is None else own.tolist() for own in rows],
    }


def _field(plan: Plan, path: str) -> Any:
    part, _, name = path.partition(".")
    return plan.to_dict()[part].get(name)


def merge_findings(findings: Mapping[int, Sequence[Finding]], chosen: set[int]) -> list[Finding]:
    """Return each fault once, with how many members show it. What only members show that are not
    chosen does the ensemble no harm, and is a note."""
    shown: dict[str, dict[int, Finding]] = {}
    for number, own in findings.items():
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
