"""Wrong initialisation: weights that no known recipe gives, and a start that suffers from it.

## What it does
Compares the spread of each weight matrix before the first step with what the known recipes give for
its shape, looks for units that start as copies of each other, and asks whether the start suffered.

## Why is this bad?
The spread of activations and gradients is multiplied at every layer: too large and they explode,
too small and they vanish. Equal weights make equal units, for ever.

## Example
    nn.init.normal_(layer.weight, std=1.0)  # 512 inputs: 16 times what He's recipe gives

Use instead:

    nn.init.kaiming_normal_(layer.weight, nonlinearity="relu")
    nn.init.zeros_(layer.bias)

## References
- Glorot and Bengio 2010, "Understanding the Difficulty of Training Deep Feedforward Neural
  Networks", AISTATS
- He, Zhang, Ren and Sun 2015, arXiv:1502.01852
"""

from collections.abc import Iterator
from itertools import pairwise

import numpy as np

from netwright.diagnose.fault import Evidence, fault
from netwright.diagnose.symptoms import (
    beaten_by_baseline,
    diverged,
    finite,
    layer_of,
    losses,
    started_flat,
    stuck,
    trivial_loss,
    weights_in_order,
)
from netwright.watch.trace import Trace

__all__ = ["wrong_initialization"]

_OFF = 3.0  # standard deviations outside the span of the known recipes, as a factor
_TINY = 30.0  # the same; the ends of residual branches, scaled down by depth, are not so small


@fault(
    "wrong-initialization",
    severity="error",
    remedies=("reinitialize",),
    explains=(
        "learning-rate-too-high",
        "exploding-gradient",
        "vanishing-gradient",
        "dying-relu",
        "saturated-units",
        "underfitting",
        "undertrained",
        "learning-rate-too-low",
    ),
)
def wrong_initialization(trace: Trace) -> Iterator[Evidence]:
    """Weights three times larger or smaller than any recipe gives, or all equal, in a hidden layer;
    and a loss that starts far above what the run itself reaches soon, or does not move at all.
    """
    weights = [w for w in weights_in_order(trace) if trace.places("init.off").count(w)]
    weights = [w for w in weights if w not in trace.places("frozen")]
    hidden = weights[:-1]  # a last layer of zeros is a usual and harmless choice
    known = trace.places("init.off")
    off = {w: float(trace.values("init.off", w)[0]) for w in known}
    std = {w: float(trace.values("init.std", w)[0]) for w in known}
    size = {w: float(trace.values("weight.norm", w)[0]) for w in weights}
    equal = [w for w in hidden if std[w] <= 1e-6 * size[w]]
    large = [w for w in weights if off[w] > _OFF and w not in equal and _above(trace, w)]
    large += _own_matrices(trace, weights)
    small = [w for w in hidden if off[w] > _OFF and w not in equal and not _above(trace, w)]
    values = losses(trace)
    if not len(values):
        return
    # Equal units stay copies unless what follows tells them apart. Copies of zeros may separate
    # late, where biases differ.
    copies = [w for w in equal if w in trace.places("init.copies")]
    zeros = [w for w in copies if size[w] == 0]
    held_back = stuck(trace) or started_flat(trace)
    if _shrink(zeros, weights) or any(size[w] > 0 for w in copies):
        yield _equal(copies, values)
    elif large and (diverged(trace) or stuck(trace) or _starts_high(trace)):
        yield _scaled(trace, large, std, off, "larger")
    elif (_shrink(small, weights) or any(off[w] > _TINY for w in small)) and held_back:
        yield _scaled(trace, small, std, off, "smaller")


def _own_matrices(trace: Trace, weights: list[str]) -> list[str]:
    """Return the matrices of the user's own layers that began too large."""
    own = trace.places("own.matrix")
    places = [w for w in own if w not in weights and trace.values("init.off", w)[0] > _OFF]
    return [w for w in places if _above(trace, w)]


def _shrink(few: list[str], weights: list[str]) -> bool:
    """Whether small weights lie where a signal must pass. Those at the ends of residual branches
    are a known good start: they neither begin a net nor come twice in a row."""
    rows = [weights.index(w) for w in few]
    return bool(rows) and (rows[0] == 0 or any(b - a == 1 for a, b in pairwise(rows)))


def _above(trace: Trace, weight: str) -> bool:
    return bool(trace.values("init.high", weight)[0])


def _starts_high(trace: Trace) -> bool:
    """Whether the loss began ten times as high as a constant prediction's, or as where it ended;
    three times, in a run that learned less than a simple model."""
    values = finite(losses(trace))
    trivial = trivial_loss(trace)
    reference = trivial if trivial is not None else float(np.median(values))
    times = 3 if trivial is not None and beaten_by_baseline(trace) else 10
    return bool(len(values)) and values[0] > times * abs(reference)


def _equal(equal: list[str], values: np.ndarray) -> Evidence:
    layers = ", ".join(repr(layer_of(w)) for w in equal[:4])
    return Evidence(
        place=layer_of(equal[0]),
        step=0,
        numbers={
            "layers": len(equal),
            "weight std": 0.0,
            "loss first": float(values[0]),
            "loss last": float(values[-1]),
        },
        confidence=0.95,
        explanation=(
            f"All weights of {layers} were equal before the first step: its units compute "
            "the same, get the same gradient and stay copies of each other. The loss went from "
            f"{values[0]:.4g} to {values[-1]:.4g}. Initialise at random (He for ReLU, Xavier for "
            "tanh and sigmoid)."
        ),
    )


def _scaled(
    trace: Trace, weights: list[str], std: dict[str, float], off: dict[str, float], way: str
) -> Evidence:
    worst = max(weights, key=lambda w: off[w])
    values = losses(trace)
    spread = trace.values("activation.std", layer_of(worst))
    numbers: dict[str, float | str] = {
        "weight std": std[worst],
        "times outside": off[worst],
        "layers": len(weights),
        "loss first": float(values[0]),
        "loss last": float(values[-1]),
    }
    if len(spread):
        numbers["activation std"] = float(spread[0])
    return Evidence(
        place=layer_of(worst),
        step=0,
        numbers=numbers,
        confidence=0.9,
        explanation=(
            f"Before the first step the weights of {layer_of(worst)!r} had a standard deviation of "
            f"{std[worst]:.3g}, {off[worst]:.3g} times {way} than any known recipe gives "
            f"({len(weights)} layers in all), and the loss went from {values[0]:.4g} to "
            f"{values[-1]:.4g}. Signals and gradients {'grow' if way == 'larger' else 'shrink'} by "
            "such a factor at every layer. Initialise with He (ReLU) or Xavier (tanh, sigmoid)."
        ),
    )
