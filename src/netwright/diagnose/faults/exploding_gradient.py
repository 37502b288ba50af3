"""Exploding gradient: gradient norms far beyond the run's own usual size, and the loss suffers.

Pascanu, Mikolov and Bengio 2013, arXiv:1211.5063: products of many Jacobians grow as fast as others
vanish; a single such step undoes many good ones.
"""

from collections.abc import Iterator

import numpy as np

from netwright.diagnose.fault import Evidence, fault
from netwright.diagnose.symptoms import diverged, losses
from netwright.watch.trace import Trace

__all__ = ["exploding_gradient"]

# Batch noise alone moves a gradient norm by a factor of 2 to 5; a factor of 20, several times, is
# another thing.
_SPIKE = 20.0
_SPIKES = 3


@fault(
    "exploding-gradient",
    severity="error",
    remedies=("clip-gradient", "lower-lr", "reinitialize", "add-normalization"),
    explains=("numerical-instability",),
)
def exploding_gradient(trace: Trace) -> Iterator[Evidence]:
    """Gradient norms repeatedly 20 times the median of those before them, or growing without end
    until they are not finite, while the loss gets worse than it was.
    """
    norms, steps = trace.values("grad.norm"), trace.steps("grad.norm")
    if len(norms) < 4 or not _hurts(trace):
        return
    usual = np.asarray(
        [
            np.median(_finite(norms[:i])) if len(_finite(norms[:i])) else np.nan
            for i in range(len(norms))
        ]
    )
    with np.errstate(invalid="ignore"):
        spikes = np.flatnonzero((np.arange(len(norms)) >= 2) & ~(norms <= _SPIKE * usual))
    blown = not np.isfinite(norms[-1])
    if len(spikes) < (1 if blown else _SPIKES):
        return
    growth = _finite(norms)
    if blown and (len(growth) < 2 or growth.max() < _SPIKE * growth[0]):
        return  # not finite out of the blue: a number went wrong, nothing grew
    first = int(spikes[0])
    largest = float(growth.max())
    median = float(np.median(growth[: max(first, 1)]))
    values = losses(trace)
    end = "is not finite any more" if not np.isfinite(values[-1]) else f"ends at {values[-1]:.4g}"
    yield Evidence(
        step=int(steps[first]),
        numbers={
            "largest gradient norm": largest,
            "median before": median,
            "spikes": len(spikes),
            "loss first": float(values[0]),
            "loss last": float(values[-1]),
        },
        confidence=0.85,
        explanation=(
            f"The gradient norm was about {median:.3g} and rose to {largest:.3g} "
            f"(from step {int(steps[first])}, {len(spikes)} samples beyond {_SPIKE:.0f} times the "
            f"usual), and the loss, which began at {values[0]:.4g}, {end}. Such steps throw away "
            "what was learned. Clip the gradient norm, lower the learning rate, or initialise for "
            "the activation."
        ),
    )


def _hurts(trace: Trace) -> bool:
    values = losses(trace)
    if not len(values):
        return False
    if diverged(trace):
        return True
    # Worse than it once was: the end lies above the best fifth by more than half of what was won.
    finite = _finite(values)
    fifth = max(len(finite) // 5, 1)
    levels = [
        float(np.median(part)) for part in np.array_split(finite, max(len(finite) // fifth, 1))
    ]
    return levels[-1] - min(levels) > 0.5 * abs(float(finite[0]) - min(levels))


def _finite(values: np.ndarray) -> np.ndarray:
    return values[np.isfinite(values)]
