"""Metrics of classes as functions of weighted sums over rows: counts per class, losses, bins of
confidence.

One label a row: binary, multiclass, ordinal. Several: multilabel. Definitions are scikit-learn's;
expected calibration error is Guo et al. 2017 (arXiv:1706.04599) with 15 bins of equal width, on the
confidence in the predicted class (multilabel: on each label's probability). The predicted class is
the most probable one, of grades the median: all that is counted here is counted of that one.
"""

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from netwright.data.grades import called_classes
from netwright.evaluate.bootstrap import Array, Measure
from netwright.evaluate.ranking import Areas, rank

if TYPE_CHECKING:
    from scipy import sparse

__all__ = ["BINS", "measure_labels", "measure_one_label"]

Ints = NDArray[np.int64]
BINS = 15


def measure_one_label(
    probabilities: Array,
    targets: Ints,
    *,
    eps: float,
    positive: int | None,
    ordinal: bool,
    ranking: bool,
) -> Measure:
    """Prepare rows (rows, classes), (rows,). eps: how near 0 a probability may come in the log
    loss.

    positive: the class that precision, recall, F1 and the areas are about; None for macro averages.
    """
    rows, classes = probabilities.shape
    predicted = called_classes(probabilities, ordinal=ordinal)
    hit = predicted == targets
    true = probabilities[np.arange(rows), targets]
    loss = -np.log(np.clip(true, eps, 1 - eps))
    # sum_k (p_k - y_k)^2 = sum_k p_k^2 - 2 p_true + 1; halved for two classes, as scikit-learn
    # scales it
    brier = ((probabilities**2).sum(1) - 2 * true + 1) / (2 if positive is not None else 1)
    confidence = probabilities[np.arange(rows), predicted]
    sums = _Sums(rows)
    sums.add_by("true", targets, classes)
    sums.add_by("called", predicted, classes)
    sums.add_by("hits", targets, classes, hit.astype(float))
    sums.add_by("gap", _bin(confidence), BINS, confidence - hit)
    sums.add("loss", loss)
    sums.add("brier", brier)
    if ordinal:
        sums.add("steps", np.abs(targets - predicted).astype(float))
        sums.add("near", (np.abs(targets - predicted) <= 1).astype(float))
        sums.add("squares", ((targets - predicted) ** 2).astype(float))
    matrix = sums.matrix()
    ranked = range(classes) if positive is None else (positive,)
    areas = [rank(probabilities[:, k], targets == k) for k in ranked] if ranking else []

    def measure(weights: Array) -> dict[str, Array]:
        total = weights.sum(0)
        s = sums.split(matrix @ weights)
        true, called, hits = s["true"], s["called"], s["hits"]
        found = _averages(true, called, hits, present=(true > 0) | (called > 0))
        found["accuracy"] = hits.sum(0) / total
        found["balanced_accuracy"] = _mean(_ratio(hits, true), true > 0)
        if positive is not None:
            found["precision_macro"], found["recall_macro"] = found["precision"], found["recall"]
            found["f1_macro"] = found["f1"]
            found["precision"] = _ratio(hits[positive], called[positive])
            found["recall"] = _ratio(hits[positive], true[positive])
            found["f1"] = _ratio(2 * hits[positive], true[positive] + called[positive])
        found["log_loss"] = s["loss"][0] / total
        found["brier"] = s["brier"][0] / total
        found["ece"] = np.abs(s["gap"]).sum(0) / total
        if ordinal:
            found["mae"] = s["steps"][0] / total
            found["accuracy_within_one"] = s["near"][0] / total
            found["kappa_quadratic"] = _quadratic_kappa(s["squares"][0], true, called)
        return found | _macro_areas(areas, weights)

    return measure


def measure_labels(probabilities: Array, targets: Array, *, eps: float, ranking: bool) -> Measure:
    """Prepare rows of several labels: probabilities and 0/1 targets, both (rows, labels)."""
    rows, labels = probabilities.shape
    truth = targets > 0.5
    called = probabilities > 0.5
    p = np.clip(probabilities, eps, 1 - eps)
    sums = _Sums(rows)
    for name, cells in (("true", truth), ("called", called), ("hits", truth & called)):
        where, label = np.nonzero(cells)
        sums.add_by(name, label, labels, np.ones(len(where)), where)
    every = np.repeat(np.arange(rows), labels)
    sums.add_by("gap", _bin(probabilities).ravel(), BINS, (probabilities - truth).ravel(), every)
    sums.add("exact", (truth == called).all(1).astype(float))
    sums.add("loss", -np.where(truth, np.log(p), np.log(1 - p)).mean(1))
    sums.add("brier", ((probabilities - truth) ** 2).mean(1))
    matrix = sums.matrix()
    areas = [rank(probabilities[:, k], truth[:, k]) for k in range(labels)] if ranking else []

    def measure(weights: Array) -> dict[str, Array]:
        total = weights.sum(0)
        s = sums.split(matrix @ weights)
        true, called, hits = s["true"], s["called"], s["hits"]
        found = _averages(true, called, hits, present=np.ones_like(true, dtype=bool))
        found["accuracy"] = s["exact"][0] / total
        rejected = _ratio(total - true - called + hits, total - true)
        both = (true > 0) & (true < total)
        found["balanced_accuracy"] = _mean((_ratio(hits, true) + rejected) / 2, both)
        found["log_loss"] = s["loss"][0] / total
        found["brier"] = s["brier"][0] / total
        found["ece"] = np.abs(s["gap"]).sum(0) / (total * labels)
        return found | _macro_areas(areas, weights)

    return measure


class _Sums:
    """Named columns of per-row amounts, laid into one sparse matrix (sums, rows) that a weighting
    multiplies.
    """

    def __init__(self, rows: int) -> None:
        self.rows = rows
        self.names: list[tuple[str, int, int]] = []
        self.parts: list[tuple[Array, Ints, Ints]] = []
        self.height = 0

    def add(self, name: str, amounts: Array) -> None:
        """Add one sum over all rows."""
        self.add_by(name, np.zeros(self.rows, dtype=np.int64), 1, amounts)

    def add_by(
        self,
        name: str,
        group: Ints,
        groups: int,
        amounts: Array | None = None,
        where: Ints | None = None,
    ) -> None:
        """Add `groups` sums; each amount (1 by default) goes to its group. where: the rows, if not
        one each.
        """
        rows = np.arange(self.rows) if where is None else where
        self.parts.append(
            (np.ones(len(rows)) if amounts is None else amounts, group + self.height, rows)
        )
        self.names.append((name, self.height, self.height + groups))
        self.height += groups

    def matrix(self) -> "sparse.csr_array":
        from scipy import sparse  # slow to import, and first needed after an epoch

        amounts, groups, rows = (np.concatenate(x) for x in zip(*self.parts, strict=True))
        return sparse.csr_array((amounts, (groups, rows)), shape=(self.height, self.rows))

    def split(self, sums: Array) -> dict[str, Array]:
        return {name: sums[start:end] for name, start, end in self.names}


def _averages(
    true: Array, called: Array, hits: Array, *, present: NDArray[np.bool_]
) -> dict[str, Array]:
    """Precision, recall and F1, macro over the `present` classes and weighted by the true ones."""
    each = {
        "precision": _ratio(hits, called),
        "recall": _ratio(hits, true),
        "f1": _ratio(2 * hits, true + called),
    }
    found = {name: _mean(values, present) for name, values in each.items()}
    support = true.sum(0)
    for name, values in each.items():
        found[f"{name}_weighted"] = _ratio((values * true).sum(0), support)
    return found


def _macro_areas(areas: Sequence[Areas], weights: Array) -> dict[str, Array]:
    if not areas:
        return {}
    roc, pr = (np.stack(x) for x in zip(*(area(weights) for area in areas), strict=True))
    return {"roc_auc": _mean(roc, np.isfinite(roc)), "pr_auc": _mean(pr, np.isfinite(pr))}


def _quadratic_kappa(squares: Array, true: Array, called: Array) -> Array:
    """1 - observed / expected squared distance of grades; the expectation is of independent
    margins.
    """
    grades = np.arange(len(true))[:, None]
    total = true.sum(0)
    mean_true, mean_called = (grades * true).sum(0) / total, (grades * called).sum(0) / total
    square_true, square_called = (
        (grades**2 * true).sum(0) / total,
        (grades**2 * called).sum(0) / total,
    )
    expected = total * (square_true + square_called - 2 * mean_true * mean_called)
    with np.errstate(invalid="ignore", divide="ignore"):
        kappa: Array = 1 - squares / expected
    return kappa


def _bin(confidence: Array) -> Ints:
    """Bins are (k / 15, (k + 1) / 15], the first closed below."""
    return np.clip(np.ceil(confidence * BINS).astype(np.int64) - 1, 0, BINS - 1)


def _ratio(top: Array, bottom: Array) -> Array:
    """Divide; 0 where there is nothing to divide by, as scikit-learn's zero_division has it."""
    return np.divide(
        top, bottom, out=np.zeros(np.broadcast_shapes(top.shape, bottom.shape)), where=bottom > 0
    )


def _mean(values: Array, where: NDArray[np.bool_]) -> Array:
    """Mean over the first axis of the chosen entries; NaN where there are none."""
    count = where.sum(0)
    total = np.where(where, values, 0.0).sum(0)
    return np.where(count > 0, total / np.maximum(count, 1), np.nan)
