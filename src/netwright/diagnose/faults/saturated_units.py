"""Saturated units: tanh or sigmoid units pressed to their limits, where the derivative is near 0.

## What it does
Counts, layer by layer, the tanh and sigmoid units whose derivative is under a twentieth of its
largest on over 90 % of rows.

## Why is this bad?
What comes before such a unit gets its gradient through that derivative: next to none. Inputs or
weights that are too large for the activation do it.

## Example
    x = torch.tensor(frame[["income", "age"]].to_numpy())  # 0 to 100,000, into nn.Tanh

Use instead:

    x = (x - x_train.mean(0)) / x_train.std(0)

## References
- Glorot and Bengio 2010, "Understanding the Difficulty of Training Deep Feedforward Neural
  Networks", AISTATS
- LeCun, Bottou, Orr and Müller 1998, "Efficient BackProp"
"""

from collections.abc import Iterator

import numpy as np

from netwright.diagnose.fault import Evidence, fault
from netwright.diagnose.symptoms import stuck
from netwright.watch.trace import Trace

__all__ = ["saturated_units"]


@fault(
    "saturated-units",
    severity="warning",
    remedies=("standardize-inputs", "reinitialize", "relu-activation"),
    explains=("vanishing-gradient", "undertrained", "underfitting", "learning-rate-too-low"),
)
def saturated_units(trace: Trace) -> Iterator[Evidence]:
    """More than half of a hidden layer's units are saturated on over 90 % of rows: from the first
    samples on (before training could have driven them there), or at the end of a run that learned
    nothing. The last layer is exempt: a sure answer of a sigmoid output is saturated.
    """
    order = {place: trace.values("order", place)[0] for place in trace.places("order")}
    last = max(order, key=lambda place: order[place], default="")
    learns_nothing = stuck(trace)
    for place in trace.places("saturated"):
        shares, steps = trace.values("saturated", place), trace.steps("saturated", place)
        if place == last or len(shares) < 3:
            continue
        first, end = float(np.median(shares[:3])), float(np.median(shares[-3:]))
        from_the_start = first > 0.5 and end > 0.5
        if not from_the_start and not (end > 0.5 and learns_nothing):
            continue
        when = (
            "from the first steps on"
            if from_the_start
            else f"at the end (at first {shares[0]:.0%})"
        )
        yield Evidence(
            place=place,
            step=int(steps[np.flatnonzero(shares > 0.5)[0]]),
            numbers={"saturated share first": first, "saturated share last": end},
            severity="error" if learns_nothing else None,
            confidence=0.85 if from_the_start else 0.7,
            explanation=(
                f"At {place!r} {max(first, end):.0%} of the units are saturated on more than 90 % "
                f"of rows, {when}: their derivative is almost 0, so the layers before them hardly "
                "learn. Standardise the inputs, initialise for the activation (Xavier for tanh and "
                "sigmoid), or use ReLU or GELU."
            ),
        )
