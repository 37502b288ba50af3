"""Numerical instability: a number that is not finite, and the first place where it appeared.

## What it does
Finds the first step at which a loss, an activation, a gradient or a weight is not finite, and of
that step the first layer in the order of the forward pass.

## Why is this bad?
One NaN in a loss makes every gradient NaN, and after the next step every weight: all that was
learned is lost, and the run goes on for nothing.

## Example
    loss = -(targets * torch.log(torch.softmax(logits, 1))).sum(1).mean()  # log(0) is -inf

Use instead:

    loss = F.cross_entropy(logits, targets)  # log-sum-exp inside: finite for any logits

## References
- Goodfellow, Bengio and Courville 2016, "Deep Learning", section 4.1
- Micikevicius et al. 2018, arXiv:1710.03740 (half precision)
"""

from collections.abc import Iterator

import numpy as np

from netwright.diagnose.fault import Evidence, fault
from netwright.diagnose.symptoms import layer_of, losses
from netwright.watch.trace import Trace

__all__ = ["numerical_instability"]


@fault(
    "numerical-instability",
    severity="error",
    remedies=("stable-operation", "epsilon", "lower-lr", "full-precision"),
)
def numerical_instability(trace: Trace) -> Iterator[Evidence]:
    """The first step at which a loss, an activation, a gradient or a weight is not finite, and of
    that step the first layer in the order of the forward pass.
    """
    first: dict[str, int] = {}
    for signal in ("loss", "loss.train", "loss.validation"):
        bad = np.flatnonzero(~np.isfinite(trace.values(signal)))
        if len(bad):
            first[signal] = int(trace.steps(signal)[bad[0]])
    if len(trace.values("non-finite")):
        first["non-finite"] = int(trace.steps("non-finite")[0])
    where, seen = _first_layer(trace)
    if seen is not None:
        first["layer"] = seen
    if not first:
        return
    step = min(first.values())
    located = where if seen is not None and seen <= step + 100 else ""
    values = losses(trace)
    before = values[np.isfinite(values)]
    numbers: dict[str, float | str] = {"step": step}
    if len(before):
        numbers["last finite loss"] = float(before[-1])
    at = f", first seen at {located!r}" if located else ""
    yield Evidence(
        place=located,
        step=step,
        numbers=numbers,
        confidence=0.9,
        explanation=(
            f"Numbers stopped being finite at step {step}{at}"
            + (f"; the last finite loss was {before[-1]:.4g}" if len(before) else "")
            + ". Everything after it is lost. Look there for a logarithm or square root at 0, a "
            "division by 0 or an exponential of a large number (use the stable form or add an "
            "epsilon), for inputs that are not finite, or lower the learning rate."
        ),
    )


def _first_layer(trace: Trace) -> tuple[str, int | None]:
    order = {place: trace.values("order", place)[0] for place in trace.places("order")}
    found: list[tuple[int, float, str]] = []
    for signal, after in (("activation.rms", 0.0), ("grad.norm", 1e6)):
        for place in trace.places(signal):
            bad = np.flatnonzero(~np.isfinite(trace.values(signal, place)))
            if len(bad) and place:
                rank = order.get(place, 0.0) + after  # forward comes before backward
                found.append((int(trace.steps(signal, place)[bad[0]]), rank, place))
    if not found:
        return "", None
    step, _, place = min(found)
    for name in trace.places("weight.norm"):
        at = trace.values("weight.norm", name)[trace.steps("weight.norm", name) == step]
        if not np.isfinite(at).all():
            return "", step  # the weights were lost between samples: every layer is not finite now
    return layer_of(place) if place not in order else place, step
