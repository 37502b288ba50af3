"""What a report draws beside the numbers: a table of classes, ROC, precision-recall and
reliability, errors by step.
"""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from netwright.data.grades import called_classes
from netwright.evaluate.bootstrap import Array
from netwright.evaluate.class_metrics import BINS
from netwright.evaluate.ranking import rank, roc_and_pr

__all__ = ["draw_class_curves", "draw_value_curves", "reliability", "tabulate_classes"]

POINTS = 200  # more cannot be seen in a drawing
MAX_CURVES = 10  # nor can more curves be told apart: the worst ranked classes are drawn


def tabulate_classes(
    p: Array, t: NDArray[Any], names: Sequence[str], *, multilabel: bool, ordinal: bool
) -> list[dict[str, Any]]:
    """Return a dict a class: precision, recall, f1, roc_auc and pr_auc (None where not defined),
    support, called.
    """
    predicted = called_classes(p, ordinal=ordinal)
    table = []
    for k, name in enumerate(names):
        truth = t[:, k] > 0.5 if multilabel else t == k
        called = p[:, k] > 0.5 if multilabel else predicted == k
        hits, support, calls = int((truth & called).sum()), int(truth.sum()), int(called.sum())
        roc, pr = (float(area[0]) for area in rank(p[:, k], truth)(np.ones((len(p), 1))))
        table.append(
            {
                "class": name,
                "precision": hits / calls if calls else 0.0,
                "recall": hits / support if support else 0.0,
                "f1": 2 * hits / (support + calls) if support + calls else 0.0,
                "roc_auc": roc if np.isfinite(roc) else None,
                "pr_auc": pr if np.isfinite(pr) else None,
                "support": support,
                "called": calls,
            }
        )
    return table


def draw_class_curves(
    p: Array,
    t: NDArray[Any],
    table: Sequence[Mapping[str, Any]],
    *,
    positive: int | None,
    multilabel: bool,
    ordinal: bool,
) -> dict[str, Any]:
    """Return {"roc": {class: {"fpr", "tpr"}}, "pr": {class: {"recall", "precision"}},
    "reliability": [...]}.
    """
    drawn = [k for k, row in enumerate(table) if row["roc_auc"] is not None]
    if positive is not None:
        drawn = [k for k in drawn if k == positive]
    drawn = sorted(sorted(drawn, key=lambda k: table[k]["roc_auc"])[:MAX_CURVES])
    roc, pr = {}, {}
    for k in drawn:
        truth = t[:, k] > 0.5 if multilabel else t == k
        roc[table[k]["class"]], pr[table[k]["class"]] = roc_and_pr(p[:, k], truth, points=POINTS)
    if multilabel:
        points = reliability(p.ravel(), t.ravel() > 0.5)
    else:
        called = called_classes(p, ordinal=ordinal)
        points = reliability(p[np.arange(len(p)), called], called == t)
    return {"roc": roc, "pr": pr, "reliability": points}


def reliability(
    confidence: Array, right: NDArray[np.bool_], *, bins: int = BINS
) -> list[dict[str, float]]:
    """Return for each bin of confidence that holds rows: their mean confidence, share right
    ("accuracy") and share.
    """
    edge = np.clip(np.ceil(confidence * bins).astype(np.int64) - 1, 0, bins - 1)
    count = np.bincount(edge, minlength=bins)
    mean = np.bincount(edge, confidence, bins) / np.maximum(count, 1)
    share = np.bincount(edge, right.astype(np.float64), bins) / np.maximum(count, 1)
    return [
        {
            "confidence": float(mean[k]),
            "accuracy": float(share[k]),
            "share": float(count[k] / len(edge)),
        }
        for k in range(bins)
        if count[k]
    ]


def draw_value_curves(
    p: Array, t: Array, names: Sequence[str], *, pooled: bool, seed: int
) -> tuple[list[dict[str, Any]], dict[str, Any]]:
    """Return a table of outputs or forecast steps, and "scatter": up to 200 pairs of target and
    prediction.
    """
    error, known = p - t, np.isfinite(t)
    table: list[dict[str, Any]] = []
    if p.shape[1] > 1:
        for k in np.flatnonzero(known.any(0)).tolist():
            name = {"step": k + 1} if pooled else {"output": names[k] if k < len(names) else str(k)}
            sizes = {
                "mae": float(np.abs(error[known[:, k], k]).mean()),
                "rmse": float(np.sqrt((error[known[:, k], k] ** 2).mean())),
            }
            table.append(name | sizes)
    flat_t, flat_p = t[known], p[known]
    if len(flat_t) > POINTS:
        keep = np.sort(np.random.default_rng(seed).choice(len(flat_t), POINTS, replace=False))
        flat_t, flat_p = flat_t[keep], flat_p[keep]
    scatter = {
        "target": [float(v) for v in flat_t],
        "prediction": [float(v) for v in flat_p],
    }
    return table, {"scatter": scatter}
