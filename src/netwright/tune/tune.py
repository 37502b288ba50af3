"""tune(plan, data, space=...) -> Study: trials batched into packs, judged on validation rows."""

import tempfile
import time
from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, Protocol

from netwright.data.data import Data
from netwright.errors import UsageError, did_you_mean
from netwright.evaluate.scores import higher_is_better, primary_metric
from netwright.plan.plan import Plan
from netwright.plan.space import Space
from netwright.tune.study import Study, Trial, plan_values

if TYPE_CHECKING:
    import optuna

    from netwright.tune.work import Job

__all__ = ["TuneProgress", "tune"]

METHODS = ("bayes", "random", "grid", "hyperband")
SAMPLERS = ("tpe", "gp")
BACKENDS = ("processes", "ray")
TRIALS = 64


class TuneProgress(Protocol):
    """Who is told how a study goes. tune writes and knows no reader.

    start: trials asked for. round: of a batch in training here, trial -> (epochs done, score so
    far), and the epochs of a whole trial. trials: all there are, after a batch.
    """

    def start(self, total: int, metric: str, higher_is_better: bool) -> None: ...
    def round(self, states: Mapping[int, tuple[int, float]], epochs: int) -> None: ...
    def trials(self, trials: Sequence[Trial]) -> None: ...


def tune(
    plan: Plan,
    data: Data,
    *,
    space: Space | Mapping[str, Any],
    trials: int | None = None,
    method: Literal["bayes", "random", "grid", "hyperband"] = "bayes",
    sampler: Literal["tpe", "gp"] = "tpe",
    seconds: float | None = None,
    seed: int = 0,
    metric: str | None = None,
    device: str = "auto",
    num_threads: int | None = None,
    storage: str | Path | None = None,
    name: str = "netwright",
    workers: int = 1,
    backend: Literal["processes", "ray"] = "processes",
    pack: int | None = None,
    warm_start: Sequence[Plan] = (),
    progress: TuneProgress | None = None,
) -> Study:
    """Try values of the space for the plan's fields and return the Study; the test split is never
    read.

    Every trial is one net: a plan's members are left out. The plan's own values are the first
    trial, those of warm_start the next ones. trials: 64 by default; a grid is as fine as they
    allow. seconds: no batch begins later, and the last one is fitted to what is left. seed: of the
    search and of every trial's weights and batches.
    storage: a file or URL that holds the study (see `tune/storage.py`); one that is there is gone
    on with. name: of the study in it. workers: processes that share it (under `if __name__ ==
    "__main__":` in a script), or Ray tasks. pack: trials a batch, chosen by the net's size.
    Raises UsageError for a space that does not fit the plan, and a storage that cannot be reached
    or holds another study.
    """
    _check(method=method, sampler=sampler, backend=backend)
    for what, value in (("trials", trials), ("workers", workers), ("pack", pack)):
        if value is not None and value < 1:
            raise UsageError(f"{what} is {value}; expected at least 1.")
    try:
        import optuna  # noqa: F401 (only here: it is optional)
    except ImportError as error:
        raise UsageError(
            "Tuning needs Optuna, which is not installed. Install it with: pip install "
            "'netwright[tune]'"
        ) from error
    space = space if isinstance(space, Space) else Space.from_dict(space)
    if plan.members is not None:
        plan = plan.with_({"members": None}, why="a trial is one net")
    space.check(plan)
    metric = primary_metric(data.task, metric=metric, class_counts=data.class_counts)
    begun = time.monotonic()
    with ExitStack() as stack:
        where = None if storage is None else str(storage)
        if where is None and (workers > 1 or backend == "ray"):
            folder = stack.enter_context(tempfile.TemporaryDirectory(prefix="netwright-"))
            where = str(Path(folder) / "study.journal")
        # Imported now: Optuna is optional.
        from netwright.tune.search import fitting_grid
        from netwright.tune.storage import fingerprint
        from netwright.tune.work import Job

        grid = fitting_grid(space, trials) if method == "grid" else []
        job = Job(
            plan=plan, data=data, space=space, mark=fingerprint(plan, space, data, metric),
            metric=metric, higher_is_better=higher_is_better(metric), method=method,
            sampler=sampler, trials=len(grid) or trials or TRIALS, storage=where, name=name,
            seed=seed, device=device, num_threads=num_threads, workers=workers, pack=pack,
            deadline=None if seconds is None else time.time() + seconds,
        )  # fmt: skip
        first = grid or [plan_values(one, space) for one in (plan, *warm_start)]
        return _run(job, first, backend, progress, begun)


def _run(
    job: "Job",
    first: Sequence[Mapping[str, Any]],
    backend: str,
    progress: TuneProgress | None,
    begun: float,
) -> Study:
    from netwright.tune.storage import open_storage, open_study, quiet
    from netwright.tune.trials import take_over, trials_of
    from netwright.tune.work import Best, pack_size, work
    from netwright.tune.workers import run_processes, run_ray

    with quiet():
        size = pack_size(job)  # builds the net: what is wrong with the plan is said before
        study, new = open_study(
            open_storage(job.storage), job.name, mark=dict(job.mark),
            higher_is_better=job.higher_is_better,
        )  # fmt: skip
        if new or job.method == "grid":  # a grid that goes on may have become finer
            _enqueue(study, job.space, first, skip=not new)
        take_over(study)
        if progress:
            progress.start(job.trials, job.metric, job.higher_is_better)

        def after() -> None:
            if progress:
                progress.trials(trials_of(study, job.space))

        after()  # what was there before

        def during(states: Mapping[int, tuple[int, float]]) -> None:
            if progress:
                progress.round(states, job.plan.recipe.epochs)

        best, interrupted = Best(), False
        try:
            if backend == "ray":
                run_ray(job, study, size, after)
            elif job.workers > 1:
                run_processes(job, study, size, after)
            else:
                best = work(job, study, size=size, after=after, during=during)
        except KeyboardInterrupt:
            interrupted = True
        found = Study(
            plan=job.plan, space=job.space, metric=job.metric,
            higher_is_better=job.higher_is_better, trials=trials_of(study, job.space),
            method=job.method, seed=job.seed, seconds=time.monotonic() - begun,
            requested=job.trials,
            interrupted=interrupted,
        )  # fmt: skip
    leader = found.leaderboard(1)
    if leader and leader[0].number == best.number:
        found = replace(found, best=best.run)
    return found


def _enqueue(
    study: "optuna.Study", space: Space, first: Sequence[Mapping[str, Any]], *, skip: bool
) -> None:
    from netwright.tune.search import params_of

    for values in first:
        params = params_of(space, values)
        if params:
            study.enqueue_trial(params, skip_if_exists=skip)


def _check(*, method: str, sampler: str, backend: str) -> None:
    for what, name, known in (
        ("method", method, METHODS),
        ("sampler", sampler, SAMPLERS),
        ("backend", backend, BACKENDS),
    ):
        if name not in known:
            raise UsageError(f"There is no {what} {name!r}.{did_you_mean(name, known)}")
