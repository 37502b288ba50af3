"""Exploding gradient: gradient norms far beyond the run's own usual size, and the loss suffers.

## What it does
Compares each gradient norm with the median of those before it, and asks whether the loss ends worse
than it was.

## Why is this bad?
Products of many Jacobians grow as fast as others vanish; a single such step undoes many good ones,
and the next ones start from a bad place or from numbers that are not finite.

## Example
    loss.backward()
    optimizer.step()  # a recurrent net over 500 steps

Use instead:

    loss.backward()
    nn.utils.clip_grad_norm_(net.parameters(), 1.0)
    optimizer.step()

## References
- Pascanu, Mikolov and Bengio 2013, arXiv:1211.5063
"""

from collections.abc import Iterator

import numpy as np

from netwright.diagnose.fault import Evidence, fault
from netwright.diagnose.symptoms import diverged, finite, losses, trivial_loss
from netwright.watch.trace import Trace

__all__ = ["exploding_gradient"]

# Batch noise alone moves a gradient norm by a factor of 2 to 5; a factor of 20, several times, is
# another thing, and so is a factor of 100 over the first one.
_SPIKE = 20.0
_SPIKES = 3
_GROWTH = 100.0
_AT_ONCE = 1000.0


@fault(
    "exploding-gradient",
    severity="error",
    remedies=(
        "clip-gradient",
        "lower-lr",
        "standardize-inputs",
        "reinitialize",
        "add-normalization",
        "robust-loss",
    ),
    explains=("numerical-instability",),
)
def exploding_gradient(trace: Trace) -> Iterator[Evidence]:
    """Gradient norms repeatedly 20 times the median of those before them, or grown a hundredfold,
    or not finite after growth; and a loss that ends worse than it was. Or a loss that begins at a
    thousand times that of a constant answer, and is not finite within a few steps.
    """
    yield from _at_once(trace)
    norms, steps = trace.values("grad.norm"), trace.steps("grad.norm")
    known = finite(norms)
    if len(norms) < 4 or len(known) < 2 or not _hurts(trace):
        return
    usual = np.asarray([np.median(known[:i]) for i in range(1, len(known) + 1)])
    spikes = 1 + np.flatnonzero(known[1:] > _SPIKE * usual[:-1])
    grown = known.max() > _GROWTH * known[0] > 0
    blown = not np.isfinite(norms[-1])
    if blown:
        # Not finite out of the blue is another thing: a number went wrong, nothing grew.
        of_loss = finite(losses(trace))
        if not len(spikes) and not (len(of_loss) and of_loss.max() > _SPIKE * abs(of_loss[0])):
            return
    elif len(spikes) < _SPIKES and not grown:
        return
    first = int(spikes[0]) if len(spikes) else len(known) - 1
    largest = float(known.max())
    median = float(np.median(known[:first]))
    values = losses(trace)
    end = "is not finite any more" if not np.isfinite(values[-1]) else f"ends at {values[-1]:.4g}"
    yield Evidence(
        step=int(steps[np.isfinite(norms)][first]),
        numbers={
            "largest gradient norm": largest,
            "median before": median,
            "spikes": len(spikes),
            "loss first": float(values[0]),
            "loss last": float(values[-1]),
        },
        confidence=0.85,
        explanation=(
            f"The gradient norm was about {median:.3g} and rose to {largest:.3g} ({len(spikes)} "
            f"samples beyond {_SPIKE:.0f} times the usual), and the loss, which began at "
            f"{values[0]:.4g}, {end}. Such steps throw away what was learned. Clip the gradient "
            "norm, lower the learning rate, or initialise for the activation."
        ),
    )


def _at_once(trace: Trace) -> Iterator[Evidence]:
    """Signals that grow from layer to layer, or from step to step of a sequence, before any step
    of the optimizer."""
    values, trivial = losses(trace), trivial_loss(trace)
    if trivial is None or not len(values) or np.isfinite(values[-1]):
        return
    first, known = float(values[0]), finite(trace.values("grad.norm"))
    if not np.isfinite(first) or first < _AT_ONCE * abs(trivial) or len(known) >= 4:
        return
    numbers: dict[str, float | str] = {"loss first": first, "constant answer's loss": trivial}
    if len(known):
        numbers["gradient norm first"] = float(known[0])
    yield Evidence(
        step=0,
        numbers=numbers,
        confidence=0.9,
        explanation=(
            f"The loss began at {first:.3g}, where a constant answer has {trivial:.3g}, and was "
            "not finite a few steps later: what goes through the net grows from layer to layer, or "
            "from step to step of a sequence, and its gradient with it. Initialise for the "
            "activation (a recurrent matrix near the identity or orthogonal, not above), scale "
            "the inputs, and clip the gradient norm."
        ),
    )


def _hurts(trace: Trace) -> bool:
    values = losses(trace)
    if diverged(trace):
        return True
    known = finite(values)
    if len(known) < 10:
        return False
    # The end lies above the best tenth by more than half of what had been won.
    levels = [float(np.median(part)) for part in np.array_split(known, 10)]
    return levels[-1] - min(levels) > 0.5 * abs(float(known[0]) - min(levels))
