"""Learning rate too low: the loss falls steadily, and far too slowly."""

from collections.abc import Iterator

import numpy as np

from netwright.diagnose.fault import Evidence, fault
from netwright.diagnose.symptoms import finite, losses, noise_of, update_ratios
from netwright.watch.trace import Trace

__all__ = ["learning_rate_too_low"]

_SMALL = 1e-4


@fault(
    "learning-rate-too-low",
    severity="warning",
    remedies=("range-test", "raise-lr"),
    explains=("undertrained", "underfitting"),
)
def learning_rate_too_low(trace: Trace) -> Iterator[Evidence]:
    """Updates under a ten-thousandth of the weights at every sample, while the loss still falls as
    fast in the second half as in the first and has lost under a quarter of its value: a run that
    has converged, or a net that is only being fine-tuned, does not fall like a straight line.
    """
    _, ratios = update_ratios(trace)
    ratios = finite(ratios)
    values = finite(losses(trace))
    if len(ratios) < 5 or len(values) < 10:
        return
    # The largest tenth is looked at, since warm-up and annealing are small on purpose.
    usual = float(np.quantile(ratios, 0.9))
    if not 0 < usual < _SMALL:
        return
    thirds = [float(part.mean()) for part in np.array_split(values, 3)]
    first_fall, second_fall = thirds[0] - thirds[1], thirds[1] - thirds[2]
    noise = noise_of(values) * np.sqrt(6 / len(values))  # of a difference of two thirds' means
    if second_fall < 0.5 * first_fall or first_fall + second_fall < 2 * noise:
        return
    if thirds[0] - thirds[2] <= 0 or thirds[0] - thirds[2] > 0.25 * abs(thirds[0]):
        return
    yield Evidence(
        numbers={
            "update/weight": usual,
            "loss first third": thirds[0],
            "loss last third": thirds[2],
        },
        confidence=0.75,
        explanation=(
            f"A step changes the weights by {usual:.1g} of their size (about 1e-3 is usual), and "
            f"the loss falls steadily but only from {thirds[0]:.4g} to {thirds[2]:.4g} over the "
            "run. Raise the learning rate by a factor of 10, or find it with a range test."
        ),
    )
