"""Tuning, a flow of the product: a source becomes a folder with the best plan of a search. read,
design, tune, report."""

import csv
import io
import json
import platform
import shlex
import time
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from importlib.metadata import version
from pathlib import Path
from typing import Any

from netwright import __version__
from netwright.data.data import Data
from netwright.data.options import READING
from netwright.data.read import ReadOptions, read
from netwright.plan.default_space import default_space
from netwright.plan.design import design
from netwright.plan.plan import Plan
from netwright.plan.space import Space
from netwright.report.tune_progress import SearchProgress
from netwright.run_folder import open_folder, removed_if_empty, replace_text, write_json, write_yaml
from netwright.tune.study import Study, Trial
from netwright.tune.tune import tune

__all__ = ["TuneJob", "Tuned", "training_command", "tune_source"]

SEARCH_SHARE = 0.92  # of the time that is left; the rest, and some seconds, draw the report
REPORT_SECONDS = 3.0


@dataclass(frozen=True, kw_only=True)
class TuneJob:
    """What `netwright tune` was asked to do; None means: decide. begun: time.monotonic() of when
    the command began."""

    source: str
    options: ReadOptions = field(default_factory=ReadOptions)
    space: str | None = None
    out: str | None = None
    plan: str | None = None
    changes: Mapping[str, Any] = field(default_factory=dict)
    epochs: int | None = None
    method: str = "bayes"
    sampler: str = "tpe"
    trials: int | None = None
    seconds: float | None = None
    storage: str | None = None
    name: str = "netwright"
    workers: int = 1
    backend: str = "processes"
    pack: int | None = None
    warm_start: Sequence[str] = ()
    device: str = "auto"
    num_threads: int | None = None
    metric: str | None = None
    resume: bool = False
    begun: float | None = None

    def arguments(self) -> dict[str, Any]:
        """Return what must be the same for `resume` to go on: what is tuned, on what, by what.
        More trials, time or workers are another matter."""
        options = {k: str(v) if isinstance(v, Path) else v for k, v in asdict(self.options).items()}
        names = ("source", "plan", "epochs", "metric", "method", "storage", "name")
        return (
            {name: getattr(self, name) for name in names}
            | {"changes": dict(self.changes)}
            | options
        )


@dataclass(frozen=True)
class Tuned:
    """A finished job: its folder and study.json's object. study is None where it was finished
    before."""

    folder: Path
    summary: dict[str, Any]
    study: Study | None = None


def tune_source(job: TuneJob, *, progress: SearchProgress | None = None) -> Tuned:
    """Do the whole job and write the folder. Raises TrainingError, with the folder written, where
    no trial has a score."""
    folder = open_folder(job.source, job.out, job.arguments(), resume=job.resume)
    with removed_if_empty(folder):
        return _tune(job, folder, progress)


def _tune(job: TuneJob, folder: Path, progress: SearchProgress | None) -> Tuned:
    begun = time.monotonic() if job.begun is None else job.begun
    done = _finished(job, folder)
    if done is not None:
        return Tuned(folder, done)
    data = read(job.source, **vars(job.options))
    for entry in data.ledger:
        if progress and entry.action in ("guessed", "dropped", "warned", "imputed", "split"):
            progress.message(str(entry))
    plan = (_load_plan(job.plan) if job.plan else design(data)).with_(job.changes)
    if job.epochs is not None:
        plan = plan.with_({"recipe.epochs": job.epochs})
    if plan.members is not None:
        plan = plan.with_({"members": None}, why="a trial is one net")
    space = Space.load(job.space) if job.space else default_space(plan)
    left = None if job.seconds is None else job.seconds - (time.monotonic() - begun)
    study = tune(
        plan,
        data,
        space=space,
        trials=job.trials,
        method=job.method,  # type: ignore[arg-type] # checked there
        sampler=job.sampler,  # type: ignore[arg-type] # checked there
        backend=job.backend,  # type: ignore[arg-type] # checked there
        seconds=None if left is None else max(left * SEARCH_SHARE - REPORT_SECONDS, left * 0.3),
        seed=job.options.seed,
        metric=job.metric,
        device=job.device,
        num_threads=job.num_threads,
        storage=job.storage or folder / "study.journal",
        name=job.name,
        workers=job.workers,
        pack=job.pack,
        warm_start=[_load_plan(path) for path in job.warm_start],
        progress=_Recorder(job, folder, plan, space, data, progress),
    )
    _write(folder, study)
    # Imported now: plots are slow to import.
    from netwright.report.study_page import study_to_html
    from netwright.tune.importance import importance

    page = study_to_html(
        study, title=data.source.name, importance=importance(study), versions=_versions(),
        command=training_command(job, folder),
    )  # fmt: skip
    replace_text(folder / "report.html", page)
    if not study.interrupted and not study.leaderboard(1):
        _ = study.best_plan  # raises, with the reason
    return Tuned(folder, study.to_dict(), study)


def training_command(job: TuneJob, folder: Path) -> str:
    """Return the command that trains the winner, on rows that are read as the search read them."""
    words = ["netwright", "train", job.source, "--plan", str(folder / "plan.yaml")]
    told = {name: getattr(job.options, name) for name in READING} | {"metric": job.metric}
    usual = vars(ReadOptions()) | {"metric": None}
    for name, value in told.items():
        if value != usual[name]:
            flag = f"--{name.replace('_', '-')}"
            words += [flag] if value is True else [flag, str(value)]
    return shlex.join(words)


def _load_plan(path: str) -> Plan:
    """Read a plan file, or the plan.yaml of a run's or a study's folder."""
    return Plan.load(Path(path) / "plan.yaml" if Path(path).is_dir() else path)


def _finished(job: TuneJob, folder: Path) -> dict[str, Any] | None:
    """Return study.json's object where the study has all the trials that are asked for."""
    file = folder / "study.json"
    if not job.resume or not file.is_file():
        return None
    found: dict[str, Any] = json.loads(file.read_text(encoding="utf-8"))
    wanted = max(found["requested"], job.trials or 0)
    return found if len(found["trials"]) >= wanted and not found["interrupted"] else None


class _Recorder:
    """Writes the folder as the study goes, and passes on to who shows it. Nothing is written before
    the study is open."""

    def __init__(
        self,
        job: TuneJob,
        folder: Path,
        plan: Plan,
        space: Space,
        data: Data,
        shown: SearchProgress | None,
    ) -> None:
        self.job, self.folder, self.shown = job, folder, shown
        self.plan, self.space, self.data = plan, space, data
        self.total, self.metric, self.higher_is_better = 0, "", True
        self.written, self.begun = 0, time.monotonic()

    def start(self, total: int, metric: str, higher_is_better: bool) -> None:
        self.total, self.metric, self.higher_is_better = total, metric, higher_is_better
        write_yaml(self.folder / "run.yaml", _facts(self.job, self.data))
        write_json(self.folder / "ledger.json", self.data.ledger.to_list())
        replace_text(self.folder / "space.yaml", self.space.to_yaml())
        if self.shown:
            self.shown.start(total, metric, higher_is_better)

    def round(self, states: Mapping[int, tuple[int, float]], epochs: int) -> None:
        if self.shown:
            self.shown.round(states, epochs)

    def trials(self, trials: Sequence[Trial]) -> None:
        finished = sum(t.state != "running" for t in trials)
        if finished > self.written:
            self.written = finished
            _write(
                self.folder,
                Study(
                    plan=self.plan,
                    space=self.space,
                    metric=self.metric,
                    higher_is_better=self.higher_is_better,
                    trials=tuple(trials),
                    method=self.job.method,
                    seed=self.job.options.seed,
                    seconds=time.monotonic() - self.begun,
                    requested=self.total,
                    interrupted=True,  # until it is not
                ),
            )
        if self.shown:
            self.shown.trials(trials)


def _write(folder: Path, study: Study) -> None:
    write_json(folder / "study.json", study.to_dict())
    replace_text(folder / "leaderboard.csv", _leaderboard(study))
    if study.leaderboard(1):
        replace_text(folder / "plan.yaml", study.best_plan.to_yaml())


def _leaderboard(study: Study) -> str:
    text = io.StringIO()
    table = csv.writer(text, lineterminator="\n")
    table.writerow(["trial", "state", study.metric, "epochs", "seconds", *study.space])
    for trial in study.leaderboard():
        facts = [trial.number, trial.state, trial.score, trial.epochs, trial.seconds]
        table.writerow([*facts, *(trial.changes[name] for name in study.space)])
    return text.getvalue()


def _facts(job: TuneJob, data: Data) -> dict[str, Any]:
    return {
        "arguments": job.arguments(),
        "source": {"paths": list(data.source.paths), "sha256": list(data.source.sha256)},
        "target": data.task.target,
        "task": data.task.name,
        "seed": job.options.seed,
        "device": job.device,
        "workers": job.workers,
        "versions": _versions(),
    }


def _versions() -> dict[str, str]:
    return {
        "netwright": __version__,
        "python": platform.python_version(),
        "torch": version("torch"),
        "optuna": version("optuna"),
    }
