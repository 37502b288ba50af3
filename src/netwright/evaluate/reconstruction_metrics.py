"""score_errors: how well rows are rebuilt, and how well their errors find known anomalies.

mse and mae are means over rows that are not known anomalies; roc_auc and pr_auc rank the rows that
have a label by their squared error (Aggarwal 2017, Outlier Analysis, chapter 3).
"""

from collections.abc import Collection
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from netwright.data.set_aside import ANOMALY, NOT_KNOWN
from netwright.data.task import Task
from netwright.errors import TrainingError
from netwright.evaluate.bootstrap import FEW_ROWS, Array, Measure, interval, replicate
from netwright.evaluate.check_predictions import as_array, check_rows
from netwright.evaluate.ranking import rank, roc_and_pr
from netwright.evaluate.scores import METRICS, Score, Scores, primary_metric

__all__ = ["score_errors"]


def score_errors(
    errors: ArrayLike,
    targets: ArrayLike,
    task: Task,
    *,
    metric: str | None = None,
    only: Collection[str] | None = None,
    resamples: int = 1000,
    seed: int = 0,
) -> Scores:
    """Score the errors of rows. errors: (rows, 2), mean squared and mean absolute. targets: (rows,)
    NORMAL, ANOMALY or NOT_KNOWN. only: the metrics wanted; resamples: 0 leaves out intervals."""
    e = as_array(errors).astype(np.float64)
    flags = as_array(targets).astype(np.int64)
    check_rows(len(e))
    if not np.isfinite(e).all():
        raise TrainingError(
            f"{int((~np.isfinite(e)).any(1).sum()):,} of {len(e):,} rows have an error that is no "
            "finite number. Training has diverged: lower recipe.lr or set recipe.clip."
        )
    primary = primary_metric(task, metric=metric)
    ranking = only is None or bool({"roc_auc", "pr_auc"} & {*only, primary})

    def measure_of(part: NDArray[np.int64] | None) -> Measure:
        return _measure(e, flags, ranking) if part is None else _measure(
            e[part], flags[part], ranking
        )  # fmt: skip

    point, replicates = replicate(measure_of, len(e), resamples=resamples, seed=seed)
    found = {}
    for name in METRICS:  # their order is the order they are shown in
        if np.isfinite(point.get(name, np.nan)) and (not only or name in (*only, primary)):
            ends = interval(replicates[name]) if name in replicates else None
            found[name] = Score(point[name], *(ends or ()))
    notes, curves = _notes(flags, task, ranked="roc_auc" in found), {}
    if primary not in found:
        notes.append(f"mse decides, as {primary} cannot be measured here")
        primary = "mse"
    if resamples and "roc_auc" in found and task.positive:
        known = flags != NOT_KNOWN
        roc, pr = roc_and_pr(e[known, 0], flags[known] == ANOMALY)
        curves = {"roc": {task.positive: roc}, "pr": {task.positive: pr}}
    kept = {name: values for name, values in replicates.items() if name in found}
    return Scores(found, primary, len(e), curves=curves, notes=tuple(notes), replicates=kept)


def _measure(errors: Array, flags: NDArray[np.int64], ranking: bool) -> Measure:
    normal = flags != ANOMALY
    if not normal.any():
        normal = np.ones(len(flags), dtype=bool)
    known = flags != NOT_KNOWN
    both = ranking and len(set(flags[known])) == 2
    areas = rank(errors[known, 0], flags[known] == ANOMALY) if both else None

    def measure(weights: Array) -> dict[str, Array]:
        with np.errstate(invalid="ignore", divide="ignore"):
            mean = errors[normal].T @ weights[normal] / weights[normal].sum(0)
        found: dict[str, Any] = {"mse": mean[0], "mae": mean[1]}
        if areas is not None:
            found["roc_auc"], found["pr_auc"] = areas(weights[known])
        return found

    return measure


def _notes(flags: NDArray[np.int64], task: Task, *, ranked: bool) -> list[str]:
    notes = []
    anomalies = int((flags == ANOMALY).sum())
    if ranked:
        rest = int((flags == 0).sum())
        notes.append(f"errors rank {anomalies:,} anomalies among {rest:,} normal rows")
    elif task.positive is not None:
        notes.append("roc_auc is left out: it needs rows that are anomalies and rows that are not")
    if len(flags) < FEW_ROWS:
        notes.append(f"only {len(flags)} rows: intervals from fewer than {FEW_ROWS} are rough")
    return notes
