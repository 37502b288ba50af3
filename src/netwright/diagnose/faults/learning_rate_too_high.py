"""Learning rate too high: each step changes the weights by a large part of themselves.

A healthy update is about a thousandth of the weights; beyond a tenth a step is no longer small, the
loss no longer follows its gradient, and it rises or jumps about.
"""

from collections.abc import Iterator

import numpy as np

from netwright.diagnose.fault import Evidence, fault
from netwright.diagnose.symptoms import diverged, finite, losses, noise_of, stuck, update_ratios
from netwright.watch.trace import Trace

__all__ = ["learning_rate_too_high"]

_LARGE = 0.1
_EARLY = 8  # steps: a run that begins well and leaps later met a steep place (exploding-gradient)


@fault(
    "learning-rate-too-high",
    severity="error",
    remedies=("lower-lr", "warm-up", "clip-gradient"),
    explains=(
        "exploding-gradient",
        "dying-relu",
        "saturated-units",
        "numerical-instability",
        "vanishing-gradient",
        "underfitting",
    ),
)
def learning_rate_too_high(trace: Trace) -> Iterator[Evidence]:
    """Updates above a tenth of the weights at the beginning or throughout, and a loss that ends
    above its start, is not finite, or leapt up and learned nothing; or one of the first steps
    larger than the weights themselves, with the loss leaping to five times its start.
    """
    steps, ratios = update_ratios(trace)
    values = losses(trace)
    if not len(ratios) or not len(values):
        return
    usable = np.isfinite(ratios)
    # Where the first steps were not all sampled, or warm up, the first samples stand for them.
    early = ratios[usable & ((steps <= _EARLY) | (np.arange(len(steps)) < 4))]
    largest = float(early.max()) if len(early) else 0.0
    throughout = float(np.median(ratios[usable])) if usable.any() else 0.0
    if max(largest, throughout) <= _LARGE:
        return
    # A plain recurrent net multiplies its gradient at every time step: where its first update was
    # of a usual size and the next ones were not, the gradient grew (exploding-gradient).
    if trace.places("type:RNN") and ratios[0] < 2:
        return
    known = finite(values)
    beyond_noise = max(0.5 * abs(known[0]), 8 * noise_of(known)) if len(known) > 2 else np.inf
    leapt = len(known) > 2 and known[1:].max() > known[0] + beyond_noise
    # A step larger than the weights themselves wipes out what they were initialised to.
    wiped = largest > 1 and len(known) > 2 and known[1:].max() > 5 * abs(known[0])
    if not (diverged(trace) or (leapt and stuck(trace)) or wiped):
        return
    end = "is not finite any more" if not np.isfinite(values[-1]) else f"ended at {values[-1]:.4g}"
    yield Evidence(
        step=int(steps[usable][np.argmax(ratios[usable])]),
        numbers={
            "update/weight early": largest,
            "update/weight median": throughout,
            "loss first": float(values[0]),
            "loss last": float(values[-1]),
        },
        confidence=0.9 if diverged(trace) or stuck(trace) else 0.75,
        explanation=(
            f"One step changed the weights by {max(largest, throughout):.0%} of their size (about "
            f"0.1 % is usual, 10 % is large), and the loss, which began at {values[0]:.4g}, {end}. "
            "Divide the learning rate by 3 until the loss falls, or warm it up."
        ),
    )
