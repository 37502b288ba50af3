"""Metrics of prediction intervals as functions of weighted sums over rows.

interval_coverage: share of the targets inside. interval_width: mean high - low. interval_score:
mean of width + 2 / tail * how far a target is outside, tail being the share that may be (Gneiting
and Raftery 2007, Journal of the American Statistical Association 102): lower is better, and neither
narrow intervals that miss nor wide ones that hold all are good.
"""

import numpy as np

from netwright.evaluate.bootstrap import Array, Measure

__all__ = ["coverage_of_each", "measure_ends"]


def coverage_of_each(low: Array, high: Array, targets: Array) -> list[float]:
    """Return the share of targets inside for each output (column) of which some are known."""
    known = np.isfinite(targets)
    inside = (known & (low <= targets) & (targets <= high)).sum(0)
    count = known.sum(0)
    return [float(a / b) for a, b in zip(inside, count, strict=True) if b]


def measure_ends(low: Array, high: Array, targets: Array, *, level: float) -> Measure:
    """Prepare rows (rows, outputs), all outputs alike; NaN targets are left out."""
    known = np.isfinite(targets)
    targets = np.where(known, targets, 0.0)
    outside = np.maximum(low - targets, 0) + np.maximum(targets - high, 0)
    width = high - low
    columns = [known, outside == 0, width, width + 2 / (1 - level) * outside]
    table = np.stack([np.where(known, column, 0.0).sum(1) for column in columns])

    def measure(weights: Array) -> dict[str, Array]:
        count, inside, width, score = table @ weights
        with np.errstate(invalid="ignore", divide="ignore"):
            return {
                "interval_coverage": inside / count,
                "interval_width": width / count,
                "interval_score": score / count,
            }

    return measure
