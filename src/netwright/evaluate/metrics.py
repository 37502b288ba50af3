"""score_classes, score_values, score_tokens: predictions of a whole set beside its targets become
Scores.

Every metric is computed over all rows at once (never as a mean of batch means), with a 95 %
bootstrap interval.
"""

from collections.abc import Collection, Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from netwright.data.grades import called_classes
from netwright.data.task import Task
from netwright.errors import DataError, TrainingError
from netwright.evaluate.bootstrap import FEW_ROWS, MAX_ROWS, Array, Measure, interval, replicate
from netwright.evaluate.check_predictions import (
    as_array,
    check_classes,
    check_finite,
    check_rows,
)
from netwright.evaluate.class_metrics import measure_labels, measure_one_label
from netwright.evaluate.curves import draw_class_curves, draw_value_curves, tabulate_classes
from netwright.evaluate.interval_metrics import coverage_of_each, measure_ends
from netwright.evaluate.scores import (
    METRICS,
    Metric,
    Score,
    Scores,
    higher_is_better,
    primary_metric,
)
from netwright.evaluate.value_metrics import measure_values, seasonal_naive_error

__all__ = [
    "METRICS",
    "Metric",
    "Score",
    "Scores",
    "check_rows",
    "collect_scores",
    "higher_is_better",
    "primary_metric",
    "row_notes",
    "score_classes",
    "score_tokens",
    "score_values",
    "seasonal_naive_error",
]

_AREAS = ("roc_auc", "pr_auc")


def score_classes(
    probabilities: ArrayLike,
    targets: ArrayLike,
    task: Task,
    *,
    metric: str | None = None,
    only: Collection[str] | None = None,
    resamples: int = 1000,
    seed: int = 0,
) -> Scores:
    """Score probabilities (rows, classes) against class ids (rows,), or 0/1 labels (rows, classes)
    for multilabel.

    A binary task also takes (rows,): the probability of the positive class. only: the metrics
    wanted (all by default). resamples: 0 leaves out intervals, tables and curves: the quick form
    for validation between epochs.
    """
    p = as_array(probabilities)
    eps = float(np.finfo(p.dtype).eps)
    p = p.astype(np.float64)
    multilabel, ordinal = task.form == "multilabel", task.form == "ordinal"
    positive = _positive_class(task)
    if p.ndim == 1 and positive is not None:
        p = np.stack([1 - p, p] if positive == 1 else [p, 1 - p], axis=1)
    t = as_array(targets)
    check_classes(p, t, task)
    t = t.astype(np.float64) if multilabel else t.astype(np.int64)
    counts = t.sum(0) if multilabel else np.bincount(t, minlength=p.shape[1])
    primary = primary_metric(task, metric=metric, class_counts=[int(n) for n in counts])
    ranking = only is None or any(name in _AREAS for name in (*only, primary))

    def measure_of(part: NDArray[np.int64] | None) -> Measure:
        pp, tt = (p, t) if part is None else (p[part], t[part])
        if multilabel:
            return measure_labels(pp, tt, eps=eps, ranking=ranking)
        return measure_one_label(
            pp, tt, eps=eps, positive=positive, ordinal=ordinal, ranking=ranking
        )

    # Ranking costs rows x classes a resample; beyond ten classes a smaller part of the rows is
    # resampled.
    limit = max(2_000, MAX_ROWS * 10 // max(10, p.shape[1]))
    point, replicates = replicate(measure_of, len(p), resamples=resamples, seed=seed, limit=limit)
    if "ece" in replicates:
        # A sum of absolute gaps grows with noise, and a resample is noisier than the rows: take
        # that shift out.
        shift = replicates["ece"].mean() - point["ece"]
        replicates["ece"] = np.maximum(replicates["ece"] - shift, 0.0)
    notes = [] if resamples == 0 else _class_notes(point, counts, len(p), task)
    if resamples == 0:
        return collect_scores(point, replicates, primary, metric, len(p), notes, only=only)
    confusion = None
    if not multilabel:
        called = called_classes(p, ordinal=ordinal)
        cells = np.bincount(t * p.shape[1] + called, minlength=p.shape[1] ** 2)
        confusion = cells.reshape(p.shape[1], -1).tolist()
    names = _class_names(task, p.shape[1])
    table = tabulate_classes(p, t, names, multilabel=multilabel, ordinal=ordinal)
    curves = draw_class_curves(
        p, t, table, positive=positive, multilabel=multilabel, ordinal=ordinal
    )
    return collect_scores(
        point, replicates, primary, metric, len(p), notes,
        only=only, per_class=table, confusion=confusion, curves=curves,
    )  # fmt: skip


def score_values(
    predictions: ArrayLike,
    targets: ArrayLike,
    task: Task,
    *,
    metric: str | None = None,
    only: Collection[str] | None = None,
    mase_scale: float | ArrayLike | None = None,
    block: int = 1,
    ends: tuple[ArrayLike, ArrayLike] | None = None,
    level: float = 0.0,
    resamples: int = 1000,
    seed: int = 0,
) -> Scores:
    """Score predictions (rows, outputs), or (rows,), against targets of the same shape, in the
    target's own unit.

    mase_scale: forecasting, `seasonal_naive_error` of the training part, one for all outputs or one
    each. block: forecasting, how many neighbouring rows share target steps; intervals resample runs
    of that length. ends: of prediction intervals, low and high, each as the predictions; level: the
    share of targets that these are to hold.
    """
    p, t = as_array(predictions).astype(np.float64), as_array(targets).astype(np.float64)
    p, t = (x[:, None] if x.ndim == 1 else x.reshape(len(x), -1) for x in (p, t))
    low, high = (p, p) if ends is None else (as_array(e).astype(np.float64) for e in ends)
    if p.shape != t.shape:
        raise ValueError(
            f"Predictions have shape {p.shape} and targets {t.shape}. "
            "Give one prediction for each target."
        )
    check_rows(len(p))
    pooled = task.form == "forecasting"
    missing = int(np.isnan(t).sum()) if pooled else 0
    check_finite(p, np.where(np.isnan(t), 0.0, t) if pooled and missing < t.size else t)
    scale = None
    if mase_scale is not None:
        scale = np.broadcast_to(as_array(mase_scale).astype(np.float64), p.shape[1:])
        if not (scale > 0).all():
            scale = None
    primary = primary_metric(task, metric=metric)
    notes = []
    if missing:
        notes.append(f"{missing:,} of {t.size:,} forecast steps have no target and are left out")
    if pooled and scale is None:
        notes.append(
            "mase is left out: the seasonal naive forecast makes no error in the training part"
            if mase_scale is not None
            else "mase is left out: no training series was given to scale it by"
        )
    rows, outputs = p.shape
    steps_only = pooled and rows == 1 and outputs > 1
    if steps_only:
        # One origin: nothing to resample but its steps. Pooled metrics are the same numbers either
        # way.
        notes.append(f"one origin only: the intervals resample its {outputs} steps")
        p, t, low, high = p.T, t.T, low.T, high.T
        scale = None if scale is None else np.broadcast_to(scale.mean(), (1,))
        block = round(
            outputs ** (1 / 3)
        )  # neighbouring steps err together (Politis and White 2004)

    def measure_of(part: NDArray[np.int64] | None) -> Measure:
        rows = slice(None) if part is None else part
        values = measure_values(p[rows], t[rows], pooled=pooled, mase_scale=scale)
        if ends is None:
            return values
        inside = measure_ends(low[rows], high[rows], t[rows], level=level)
        return lambda weights: values(weights) | inside(weights)

    point, replicates = replicate(
        measure_of, len(p), resamples=resamples, seed=seed, block=max(1, min(block, len(p)))
    )
    zeros = int((t == 0).sum())
    if zeros:
        notes.append(f"mape is left out: {zeros:,} targets are 0")
    if not np.isfinite(point["r2"]):
        notes.append("r2 is left out: the targets do not vary")
    if resamples == 0:
        return collect_scores(point, replicates, primary, metric, rows, notes, only=only)
    notes += row_notes(len(p))
    if steps_only:
        p, t, low, high = p.T, t.T, low.T, high.T
    names = task.target_names or (task.target,)
    table, curves = draw_value_curves(p, t, names, pooled=pooled, seed=seed)
    if ends is not None and table:
        shares = coverage_of_each(low, high, t)
        table = [row | {"interval_coverage": one} for row, one in zip(table, shares, strict=True)]
    return collect_scores(
        point, replicates, primary, metric, rows, notes,
        only=only, per_class=table, curves=curves,
    )  # fmt: skip


def score_tokens(
    nats: ArrayLike,
    task: Task,
    *,
    mask: ArrayLike | None = None,
    metric: str | None = None,
    resamples: int = 1000,
    seed: int = 0,
) -> Scores:
    """Score a language model from the nats of each token, (rows, time) or (time,): mean nats and
    perplexity.

    mask: which tokens count (padding does not). Neighbouring tokens hang together, so rows are
    resampled; a single stream of tokens is cut into rows of 128.
    """
    n = as_array(nats).astype(np.float64)
    keep = np.ones(n.shape, dtype=bool) if mask is None else as_array(mask).astype(bool)
    if n.ndim == 1:
        pad = -len(n) % 128
        n = np.pad(n, (0, pad)).reshape(-1, 128)
        keep = np.pad(keep, (0, pad)).reshape(-1, 128)
    if keep.shape != n.shape:
        raise ValueError(
            f"The mask has shape {keep.shape}, the tokens {n.shape}. Give one flag a token."
        )
    check_rows(int(keep.sum()))
    if not np.isfinite(n[keep]).all():
        raise TrainingError(
            f"{int((~np.isfinite(n[keep])).sum()):,} of {int(keep.sum()):,} tokens have a loss "
            "that is no finite number. "
            "Training has diverged: lower recipe.lr or set recipe.clip."
        )
    total, count = np.where(keep, n, 0.0).sum(1), keep.sum(1).astype(np.float64)

    def measure_of(part: NDArray[np.int64] | None) -> Measure:
        sums = np.stack([total, count] if part is None else [total[part], count[part]])

        def measure(weights: Array) -> dict[str, Array]:
            nats_sum, tokens = sums @ weights
            mean = nats_sum / np.maximum(tokens, 1)
            return {"nats": mean, "perplexity": np.exp(mean)}

        return measure

    point, replicates = replicate(measure_of, len(n), resamples=resamples, seed=seed)
    notes = [f"{int(count.sum()):,} tokens", *(row_notes(len(n)) if resamples else [])]
    primary = primary_metric(task, metric=metric)
    return collect_scores(point, replicates, primary, metric, len(n), notes)


def collect_scores(
    point: Mapping[str, float],
    replicates: Mapping[str, Array],
    primary: str,
    asked: str | None,
    rows: int,
    notes: Sequence[str],
    *,
    only: Collection[str] | None = None,
    per_class: Sequence[Mapping[str, Any]] = (),
    confusion: Sequence[Sequence[int]] | None = None,
    curves: Mapping[str, Any] | None = None,
) -> Scores:
    """Make Scores of what was measured; another metric decides where `primary` has no value.

    asked: the metric that the user named, which is then an error.
    """
    found = {}
    for name in METRICS:  # their order is the order they are shown in
        if not np.isfinite(point.get(name, np.nan)) or (only and name not in (*only, primary)):
            continue
        ends = interval(replicates[name]) if name in replicates else None
        found[name] = Score(point[name], *(ends or ()))
    notes = list(notes)
    if primary not in found:
        reason = "; ".join(notes) or "these rows do not allow it"
        if asked is not None:
            raise DataError(
                f"The metric {asked!r} cannot be measured on these {rows:,} rows: {reason}. "
                f"Choose one of {', '.join(found)}."
            )
        instead = next(name for name in ("mae", "accuracy", "nats") if name in found)
        notes.append(f"{instead} decides, as {primary} cannot be measured here")
        primary = instead
    kept = {name: values for name, values in replicates.items() if name in found}
    return Scores(
        found, primary, rows, per_class, confusion, curves or {}, tuple(notes), kept
    )  # fmt: skip


def _class_notes(
    point: Mapping[str, float], counts: NDArray[Any], rows: int, task: Task
) -> list[str]:
    notes = row_notes(rows)
    names = _class_names(task, len(counts))
    absent = [name for name, count in zip(names, counts, strict=True) if count == 0]
    if absent:
        listed = ", ".join(repr(name) for name in absent[:5]) + (" ..." if len(absent) > 5 else "")
        have = "has" if len(absent) == 1 else "have"
        notes.append(f"{len(absent)} of {len(names)} classes {have} no row here: {listed}")
    if "roc_auc" in point and not np.isfinite(point["roc_auc"]):
        notes.append("roc_auc and pr_auc are left out: they need rows of two classes")
    if point["accuracy"] in (0.0, 1.0):
        # The rule of three (Hanley and Lippman-Hand 1983): resamples of rows that are all right are
        # all right too.
        right = point["accuracy"] == 1.0
        limit = 3 / rows
        bound = f"above {max(0.0, 1 - limit):.3f}" if right else f"below {min(1.0, limit):.3f}"
        notes.append(
            f"all {rows:,} rows are {'right' if right else 'wrong'}: "
            "resamples cannot show the uncertainty; "
            f"with 95 % confidence the true accuracy is {bound}"
        )
    return notes


def row_notes(rows: int) -> list[str]:
    """Say what a reader of the intervals must know of so few rows."""
    if rows >= FEW_ROWS:
        return []
    return [f"only {rows} rows: intervals from fewer than {FEW_ROWS} are rough, mostly too narrow"]


def _positive_class(task: Task) -> int | None:
    if task.form != "binary":
        return None
    if task.positive is None:
        return 1
    return task.classes.index(task.positive)


def _class_names(task: Task, count: int) -> tuple[str, ...]:
    return task.classes or tuple(str(k) for k in range(count))
