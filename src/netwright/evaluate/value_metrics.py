"""Metrics of numbers as functions of weighted sums over rows. Definitions are scikit-learn's.

Several targets are averaged with equal weight, each in its own unit; the steps of a forecast are
pooled, being one quantity. sMAPE is the mean of 2 |e| / (|y| + |p|), 0 where both are 0. MASE
(Hyndman and Koehler 2006, International Journal of Forecasting 22) divides the absolute error by
that of the seasonal naive forecast inside the training part.
"""

import numpy as np
from numpy.typing import NDArray

from netwright.evaluate.bootstrap import Array, Measure

__all__ = ["measure_values", "seasonal_naive_error"]


def measure_values(
    predictions: Array, targets: Array, *, pooled: bool, mase_scale: Array | None = None
) -> Measure:
    """Prepare rows (rows, outputs). pooled: outputs are one quantity, NaN targets are left out.

    mase_scale: (outputs,).
    """
    known = np.isfinite(targets)
    error = np.where(known, predictions - targets, 0.0)
    size = np.abs(error)
    targets = np.where(known, targets, 0.0)
    centre = targets.sum() / max(known.sum(), 1) if pooled else targets.mean(0)
    centred = np.where(known, targets - centre, 0.0)
    with np.errstate(invalid="ignore", divide="ignore"):
        # infinite where a target is 0: mape is then not defined
        share = np.where(known, size / np.abs(targets), 0.0)
        both = np.abs(targets) + np.abs(predictions)
        symmetric = np.where(known & (both > 0), 2 * size / both, 0.0)
    columns = [known.astype(np.float64), size, error**2, centred, centred**2, share, symmetric]
    if mase_scale is not None:
        columns.append(size / mase_scale)
    if pooled:
        columns = [column.sum(1, keepdims=True) for column in columns]
    outputs = columns[0].shape[1]
    table = np.concatenate(columns, axis=1).T  # (sums, rows)
    # 0 x infinity is not a number: rows that no resample drew must not spoil mape
    infinite = np.isinf(table)
    has_infinite = infinite.any(1)
    table = np.where(infinite, 0.0, table)

    typical = (targets**2).sum() if pooled else (targets**2).sum(0)[:, None]

    def least(squares: Array) -> Array:
        """Below it a variance is rounding: of the targets' sums, and of the targets themselves."""
        found: Array = np.maximum(1e-12 * squares, 1e-24 * typical / max(len(targets), 1))
        return found

    def measure(weights: Array) -> dict[str, Array]:
        sums = table @ weights
        sums[has_infinite] += np.where(infinite[has_infinite] @ weights > 0, np.inf, 0.0)
        count, *parts = sums.reshape(len(columns), outputs, -1)
        with np.errstate(invalid="ignore", divide="ignore"):
            parts = [part / count for part in parts]
        spread = parts[3] - parts[2] ** 2
        found = {
            "mae": parts[0].mean(0),
            "rmse": np.sqrt(parts[1]).mean(0),
            "r2": _explained(parts[1], np.where(spread > least(parts[3]), spread, 0.0)),
            "mape": parts[4].mean(0),
            "smape": parts[5].mean(0),
        }
        if mase_scale is not None:
            found["mase"] = parts[6].mean(0)
        return found

    return measure


def seasonal_naive_error(series: NDArray[np.floating], season: int = 1) -> Array:
    """Return the mean |y_t - y_(t - season)| of each column of a training series (time,) or (time,
    targets).
    """
    columns = np.asarray(series, dtype=np.float64).reshape(len(series), -1)
    if len(columns) <= season:
        raise ValueError(
            f"A season of {season} steps needs a longer training series than {len(columns)} steps. "
            "Give a shorter season; 1 compares with the last value."
        )
    steps = np.abs(columns[season:] - columns[:-season])
    error: Array = np.nanmean(steps, axis=0)
    return error


def _explained(squared: Array, spread: Array) -> Array:
    """1 - squared error / variance, averaged over outputs; NaN where a target does not vary."""
    with np.errstate(invalid="ignore", divide="ignore"):
        r2 = np.where(spread > 0, 1 - squared / spread, np.nan)
    mean: Array = r2.mean(0)
    return mean
