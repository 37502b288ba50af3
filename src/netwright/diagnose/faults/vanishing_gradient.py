"""Vanishing gradient: the early layers get next to no gradient, and the net learns nothing.

Each layer multiplies the gradient by its weights and by the derivative of its activation (at most
0.25 for a sigmoid), so depth shrinks it.

## What it does
Compares the gradient of the first weight matrix with that of the last, where the loss stays at
where it began.

## Why is this bad?
Layers without a gradient keep their random weights, and what they pass on is noise that the layers
after them cannot undo.

## Example
    layers = [nn.Sequential(nn.Linear(64, 64), nn.Sigmoid()) for _ in range(8)]

Use instead:

    layers = [nn.Sequential(nn.Linear(64, 64), nn.BatchNorm1d(64), nn.ReLU()) for _ in range(8)]

## References
- Hochreiter 1991, "Untersuchungen zu dynamischen neuronalen Netzen"
- Bengio, Simard and Frasconi 1994, "Learning Long-Term Dependencies with Gradient Descent is
  Difficult"
"""

from collections.abc import Iterator
from itertools import pairwise

import numpy as np

from netwright.diagnose.fault import Evidence, fault
from netwright.diagnose.symptoms import (
    beaten_by_baseline,
    layer_of,
    losses,
    stuck,
    weights_in_order,
)
from netwright.watch.trace import Trace

__all__ = ["vanishing_gradient"]

# Of healthy nets of up to 20 layers, with and without normalisation, none came under 1e-2.
_RATIO = 1e-3


@fault(
    "vanishing-gradient",
    severity="error",
    remedies=("reinitialize", "relu-activation", "add-normalization", "add-skip-connections"),
    explains=("learning-rate-too-low", "undertrained", "underfitting"),
)
def vanishing_gradient(trace: Trace) -> Iterator[Evidence]:
    """The first layer's gradient is under a thousandth of the last one's while the loss stays where
    it began, and no layer of dead units or frozen weights explains it; or under a hundredth, where
    it halves at least from each layer to the one before and a simple model learns what the net does
    not.
    """
    weights = [w for w in weights_in_order(trace) if w in trace.places("grad.norm")]
    if len(weights) < 3 or not stuck(trace):
        return
    if any(np.median(trace.values("dead", place)) > 0.9 for place in trace.places("dead")):
        return  # a silent layer blocks the gradient: that is dying-relu
    first, last = weights[0], weights[-1]
    early, late = trace.values("grad.norm", first), trace.values("grad.norm", last)
    length = min(len(early), len(late))
    early, late = early[-length:], late[-length:]
    usable = (late > 0) & (early > 0) & np.isfinite(early) & np.isfinite(late)
    if usable.sum() < 3 or usable.mean() < 0.5:
        return  # exactly zero is a cut graph, not a shrinking gradient
    ratio = float(np.median(early[usable] / late[usable]))
    if ratio > _RATIO and not (ratio <= 10 * _RATIO and _shrinks_by_layer(trace, weights)):
        return
    values = losses(trace)
    yield Evidence(
        place=layer_of(first),
        step=int(trace.steps("grad.norm", first)[0]),
        numbers={
            "gradient first layer": float(np.median(early[usable])),
            "gradient last layer": float(np.median(late[usable])),
            "ratio": ratio,
            "loss first": float(values[0]),
            "loss last": float(values[-1]),
        },
        confidence=0.9,
        explanation=(
            f"The gradient shrinks from {np.median(late[usable]):.2g} at {layer_of(last)!r} to "
            f"{np.median(early[usable]):.2g} at {layer_of(first)!r} (ratio {ratio:.1g}), and the "
            f"loss went only from {values[0]:.4g} to {values[-1]:.4g}: the early layers are not "
            "being trained. Use ReLU or GELU instead of sigmoid or tanh, initialise for the "
            "activation, put a normalisation between the layers, or add skip connections."
        ),
    )


def _shrinks_by_layer(trace: Trace, weights: list[str]) -> bool:
    norms = [float(np.median(trace.values("grad.norm", name))) for name in weights]
    return beaten_by_baseline(trace) and all(a < 0.5 * b for a, b in pairwise(norms))
