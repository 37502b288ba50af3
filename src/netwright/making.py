"""Making, the product's first flow: a source becomes a run folder. read, design, fit, evaluate,
baselines, report."""

import json
import platform
import time
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, fields, replace
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING, Any

import torch

from netwright import __version__
from netwright.data.data import Data
from netwright.data.folds import check_folds
from netwright.data.read import ReadOptions, read
from netwright.diagnose.finding import findings_json
from netwright.model.loading import load
from netwright.plan.design import design
from netwright.plan.members import with_count
from netwright.plan.plan import Plan
from netwright.plan.space import Space
from netwright.run_folder import open_folder, removed_if_empty, replace_text, write_json, write_yaml
from netwright.train.fit import Progress, check_averages, fit
from netwright.train.run import FailedTraining, Run

if TYPE_CHECKING:
    from netwright.report.report import Report

__all__ = ["DEFAULT_SECONDS", "Job", "Made", "make", "splits_of", "write_run"]

DEFAULT_SECONDS = 600.0  # "by default at most 10 minutes"
TRAINING_SHARE = 0.85  # of a time bound; the rest is for baselines, test scores and the report


@dataclass(frozen=True, kw_only=True)
class Job:
    """What `netwright train` was asked to do; None means: decide.

    init_from: a model or run folder that is trained on: its net, its encoding and its weights.
    begun: time.monotonic() of when the command began, where that was before `make` is called.
    """

    source: str
    options: ReadOptions = field(default_factory=ReadOptions)
    out: str | None = None
    plan: str | None = None
    init_from: str | None = None
    changes: Mapping[str, Any] = field(default_factory=dict)
    seconds: float | None = None
    epochs: int | None = None
    members: int | None = None
    device: str = "auto"
    num_threads: int | None = None
    metric: str | None = None
    resume: bool = False
    begun: float | None = None

    @classmethod
    def of(cls, arguments: Mapping[str, Any]) -> "Job":
        """Return the job that gave a run folder these `arguments`."""
        reading = {f.name for f in fields(ReadOptions)}
        return cls(
            **{k: v for k, v in arguments.items() if k not in reading},
            options=ReadOptions(**{k: v for k, v in arguments.items() if k in reading}),
        )

    def read(self) -> Data:
        """Read the source as Data."""
        options = replace(self.options, encoding_of=self.init_from)
        return read(self.source, **vars(options))

    def designed(self, data: Data) -> Plan:
        """Return the plan that is followed, or the designer's."""
        if self.plan:
            return Plan.load(self.plan)
        if self.init_from is None:
            return design(data)
        freeze = str(self.changes.get("recipe.freeze", "none"))
        spec = load(self.init_from).spec
        return design(data, spec=spec, init_from=self.init_from, freeze=freeze)

    def arguments(self) -> dict[str, Any]:
        """Return what must be the same for `resume` to go on."""
        values = asdict(self)
        values["changes"] = dict(self.changes)
        values |= {
            k: str(v) if isinstance(v, Path) else v for k, v in values.pop("options").items()
        }
        values.pop("encoding_of")  # it follows from init_from
        for name in ("resume", "out", "begun"):
            values.pop(name)
        return values


@dataclass(frozen=True)
class Made:
    """A finished job: its folder, metrics.json's object and the report. run is None for a run that
    was finished before."""

    folder: Path
    metrics: dict[str, Any]
    report: "Report | None" = None
    run: Run | None = None


def make(job: Job, *, progress: Progress | None = None) -> Made:
    """Do the whole job and write the run folder (CONTRACT: "A run folder")."""
    folder = open_folder(job.source, job.out, job.arguments(), resume=job.resume)
    with removed_if_empty(folder):
        return _make(job, folder, progress)


def _make(job: Job, folder: Path, progress: Progress | None) -> Made:
    begun = time.monotonic() if job.begun is None else job.begun
    finished = folder / "metrics.json"
    if job.resume and finished.is_file():
        return Made(folder, json.loads(finished.read_text(encoding="utf-8")))
    options = job.options
    data = job.read()
    for entry in data.ledger:
        if progress and entry.action in ("guessed", "dropped", "warned", "imputed", "split"):
            progress.message(str(entry))
    plan = job.designed(data)
    members = {} if job.members is None else with_count(job.members)
    plan = plan.with_({**job.changes, **members})
    if job.epochs is not None:
        plan = plan.with_({"recipe.epochs": job.epochs})
    check_averages(plan, data.task.form)  # before anything is written, as all that follows
    if plan.members is not None:
        if plan.members.space:
            Space(plan.members.space).check(plan)
        for number in range(min(plan.members.count, len(plan.members.kinds))):
            plan.member(number)
    if plan.members is not None and plan.members.folds:
        check_folds(data, plan.members.folds)
        what = f"divided into {plan.members.folds} folds: each net trains without one of them"
        data.ledger.note(
            "split", "train and validation", what, len(data.train) + len(data.validation)
        )
    write_yaml(folder / "run.yaml", _facts(job, data))
    (folder / "plan.yaml").write_text(plan.to_yaml(), encoding="utf-8")
    write_json(folder / "ledger.json", data.ledger.to_list())

    bound = job.seconds or DEFAULT_SECONDS
    left = bound - (time.monotonic() - begun)
    try:
        run = fit(
            plan,
            data,
            out=folder,
            seed=options.seed,
            device=job.device,
            num_threads=job.num_threads,
            seconds=max(left * TRAINING_SHARE - 3.0, left * 0.3),
            metric=job.metric,
            resume=job.resume,
            progress=progress,
        )
    except FailedTraining as failed:  # what is known of it is left to the doctor
        replace_text(folder / "plan.yaml", failed.plan.to_yaml())
        write_json(folder / "findings.json", findings_json(failed.findings))
        if failed.findings:
            failed.args = (f"{failed} To have it treated: netwright repair {folder}",)
        raise
    return write_run(folder, job, data, run, bound=bound, begun=begun)


def write_run(
    folder: Path,
    job: Job,
    data: Data,
    run: Run,
    *,
    bound: float,
    begun: float,
    facts: Mapping[str, Any] | None = None,
    proof: Mapping[str, Any] | None = None,
) -> Made:
    """Judge the run on the test rows and write its folder. bound: seconds for the whole job since
    `begun` (monotonic). facts: more of them for run.yaml. proof: of the repair that led to it."""
    replace_text(folder / "plan.yaml", run.plan.to_yaml())
    # Imported now: plots and baselines are slow to import, and training should start soon.
    from netwright.concluding import conclude

    done = conclude(
        run, data, bound=bound, begun=begun, metric=job.metric, seed=job.options.seed, proof=proof
    )
    run = done.run
    run.trace.save(folder)
    run.model.card = done.card
    run.model.save(folder / "model")
    write_json(folder / "ledger.json", data.ledger.to_list())
    write_json(folder / "findings.json", done.findings)
    _write_history(folder / "history.csv", run.history)
    said = {"notes": run.notes, "stopped": run.stopped, **(facts or {})}
    write_yaml(folder / "run.yaml", _facts(job, data) | said)
    (folder / "report.html").write_text(done.page, encoding="utf-8")
    if not run.interrupted:  # metrics.json marks a run as finished
        write_json(folder / "metrics.json", done.metrics)
    return Made(folder, done.metrics, done.report, run)


def _facts(job: Job, data: Data) -> dict[str, Any]:
    return {
        "arguments": job.arguments(),
        "source": {"paths": list(data.source.paths), "sha256": list(data.source.sha256)},
        "target": data.task.target,
        "task": data.task.name,
        "seed": job.options.seed,
        "device": job.device,
        "threads": job.num_threads or torch.get_num_threads(),
        "versions": {
            "netwright": __version__,
            "python": platform.python_version(),
            "torch": torch.__version__,
            "numpy": version("numpy"),
            "scikit-learn": version("scikit-learn"),
        },
        "splits": splits_of(data),
    }


def splits_of(data: Data) -> dict[str, list[int] | int]:
    """Return the rows of each split; of a large one how many."""
    found: dict[str, list[int] | int] = {}
    for name, split in data.splits().items():
        rows = getattr(split, "rows", None)
        found[name] = rows.tolist() if rows is not None and len(rows) <= 100_000 else len(split)
    return found


def _write_history(path: Path, history: list[dict[str, float]]) -> None:
    names = list(dict.fromkeys(name for row in history for name in row))
    lines = [
        ",".join(names),
        *(",".join(str(row.get(name, "")) for name in names) for row in history),
    ]
    replace_text(path, "\n".join(lines) + "\n")
