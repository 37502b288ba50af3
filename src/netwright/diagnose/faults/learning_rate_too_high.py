"""Learning rate too high: each step changes the weights by a large part of themselves.

A healthy update is about a thousandth of the weights; beyond a tenth a step is no longer small, the
loss no longer follows its gradient, and it rises or jumps about.

## What it does
Measures how large each update is beside the weights that it changes, and asks whether the loss
leapt, rose or broke.

## Why is this bad?
The gradient says how the loss changes nearby. A step that leaves that neighbourhood lands anywhere:
what was learned or initialised is thrown away, units die, numbers overflow.

## Example
    optimizer = torch.optim.Adam(net.parameters(), lr=0.1)

Use instead:

    optimizer = torch.optim.Adam(net.parameters(), lr=1e-3)

## References
- Goodfellow, Bengio and Courville 2016, "Deep Learning", section 11.4
- Smith 2017, arXiv:1506.01186 (how to find a rate)
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
    remedies=("lower-lr", "warm-up", "clip-gradient", "standardize-inputs"),
    explains=(
        "exploding-gradient",
        "dying-relu",
        "saturated-units",
        "numerical-instability",
        "vanishing-gradient",
        "underfitting",
        "weight-decay-too-strong",
    ),
)
def learning_rate_too_high(trace: Trace) -> Iterator[Evidence]:
    """Updates above a tenth of the weights at the beginning or throughout, and a loss that ends
    above its start, is not finite, or leapt up and learned nothing; or one of the first steps
    larger than the weights themselves, with the loss leaping to five times its start. Where too
    few steps were sampled to see updates: a loss a thousand times its start before it broke.
    """
    steps, ratios = update_ratios(trace)
    values = losses(trace)
    if not len(values):
        return
    usable = np.isfinite(ratios)
    if usable.sum() < 3:
        yield from _grew_until_it_broke(trace)
        return
    # Where the first steps were not all sampled, or warm up, the first samples stand for them.
    early = ratios[usable & ((steps <= _EARLY) | (np.arange(len(steps)) < 4))]
    largest = float(early.max()) if len(early) else 0.0
    throughout = float(np.median(ratios[usable]))
    if max(largest, throughout) <= _LARGE:
        return
    # A plain recurrent net multiplies its gradient at every time step: where its first update was
    # of a usual size and the next ones were not, the gradient grew (exploding-gradient).
    if trace.places("type:RNN") and ratios[0] < 2:
        return
    if not _hurts(trace, wiped=largest > 1):
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
            f"One step changed the weights by {max(largest, throughout):.3g} of their size (about "
            f"0.001 is usual, 0.1 is large), and the loss, which began at {values[0]:.4g}, {end}. "
            "Divide the learning rate by 3 until the loss falls, or warm it up."
        ),
    )


def _hurts(trace: Trace, *, wiped: bool) -> bool:
    """`wiped`: a step larger than the weights themselves undid what they were initialised to."""
    if diverged(trace):
        return True
    known = finite(losses(trace))
    if len(known) < 3:
        return False
    rise = float(known[1:].max() - known[0])
    leapt = rise > max(0.5 * abs(known[0]), 8 * noise_of(known))
    return (leapt and stuck(trace)) or (wiped and rise > 4 * abs(known[0]))


def _grew_until_it_broke(trace: Trace) -> Iterator[Evidence]:
    both = [trace.values("loss"), trace.values("loss.train")]
    known = finite(np.concatenate(both))
    broken = any(len(values) and not np.isfinite(values[-1]) for values in both)
    if not broken or not len(known) or known.max() < 1000 * abs(known[0]):
        return
    yield Evidence(
        numbers={"loss first": float(known[0]), "largest finite loss": float(known.max())},
        confidence=0.6,
        explanation=(
            f"The loss grew from {known[0]:.4g} to {known.max():.4g} and then was not finite any "
            "more: the steps overshoot. Divide the learning rate by 3 until the loss falls, warm "
            "it up, or clip the gradient."
        ),
    )
