"""ROC-AUC and average precision of many weightings of the same rows at once: the scores are sorted
once.

Rows are binned by the distinct scores of the positives; both areas are then sums over those scores.
Ties count half in ROC-AUC, and average precision is the step-wise sum (no interpolation): as
scikit-learn defines both.
"""

from collections.abc import Callable
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from netwright.evaluate.bootstrap import Array

if TYPE_CHECKING:
    from scipy import sparse

__all__ = ["Areas", "rank", "roc_and_pr"]

# Weights (rows, resamples) -> (ROC-AUC, average precision), each (resamples,)
Areas = Callable[[Array], tuple[Array, Array]]


def rank(scores: Array, positive: NDArray[np.bool_]) -> Areas:
    """Sort (rows,) scores once; return what computes both areas for any weighting of the rows.

    Where a resample holds no positive or no negative both are NaN.
    """
    levels, level_of = np.unique(scores[positive], return_inverse=True)
    count = len(levels)
    # Bin 2k lies between levels k - 1 and k, bin 2k + 1 is level k itself.
    low = np.searchsorted(levels, scores[~positive], "left")
    high = np.searchsorted(levels, scores[~positive], "right")
    at_level = _one_hot(np.flatnonzero(positive), level_of, (count, len(scores)))
    in_bin = _one_hot(np.flatnonzero(~positive), low + high, (2 * count + 1, len(scores)))

    def areas(weights: Array) -> tuple[Array, Array]:
        hits = at_level @ weights  # (levels, resamples)
        misses = in_bin @ weights  # (bins, resamples)
        below = np.cumsum(misses, axis=0)
        positives, negatives = hits.sum(0), misses.sum(0)
        with np.errstate(invalid="ignore", divide="ignore"):
            credit = below[0:-1:2] + 0.5 * misses[1::2]
            roc = (hits * credit).sum(0) / (positives * negatives)
            found = np.cumsum(hits[::-1], axis=0)[::-1]
            called = found + negatives - below[0:-1:2]
            precision = np.divide(found, called, out=np.zeros_like(found), where=called > 0)
            pr = (hits * precision).sum(0) / positives
        pr[negatives == 0] = np.nan
        return roc, pr

    return areas


def roc_and_pr(
    scores: Array, positive: NDArray[np.bool_], *, points: int = 200
) -> tuple[dict[str, list[float]], dict[str, list[float]]]:
    """Return {"fpr", "tpr"} and {"recall", "precision"}, each of at most `points` points; both
    classes must occur.
    """
    order = np.argsort(-scores, kind="stable")
    ranked, hit = scores[order], positive[order]
    last = np.append(np.flatnonzero(np.diff(ranked)), len(ranked) - 1)  # the end of each tie
    true = np.cumsum(hit)[last]
    false = last + 1 - true
    tpr = np.append(0.0, true / true[-1])
    fpr = np.append(0.0, false / false[-1])
    keep = _thin(fpr + tpr, points)
    roc = {"fpr": _round(fpr[keep]), "tpr": _round(tpr[keep])}
    recall, precision = true / true[-1], true / (true + false)
    keep = _thin(recall + np.linspace(0, 1, len(recall)), points)
    return roc, {"recall": _round(recall[keep]), "precision": _round(precision[keep])}


def _one_hot(
    columns: NDArray[np.int64], rows: NDArray[np.int64], shape: tuple[int, int]
) -> "sparse.csr_array":
    from scipy import sparse  # slow to import, and first needed after an epoch

    return sparse.csr_array((np.ones(len(rows)), (rows, columns)), shape=shape)


def _thin(path: Array, points: int) -> NDArray[np.int64]:
    """Choose at most `points` places evenly along a rising path, both ends among them."""
    if len(path) <= points:
        return np.arange(len(path))
    return np.unique(np.searchsorted(path, np.linspace(path[0], path[-1], points)))


def _round(values: Array) -> list[float]:
    return [round(float(v), 5) for v in values]
