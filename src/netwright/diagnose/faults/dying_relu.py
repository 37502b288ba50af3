"""Dying ReLU: units that are off for every input get no gradient and never come back.

Being off for most inputs is what a ReLU is for (a sparsity of 70 to 80 % is normal); only units
that are off for all of them are dead.

## What it does
Counts, layer by layer, the ReLU units that are on for less than 1 % of 256 rows or more, and looks
at how that share grew.

## Why is this bad?
A unit that is off for every row has gradient 0 in all its weights: it is lost for good, and with
enough of them so is the net. A large negative bias or one step that was too long does it.

## Example
    optimizer = torch.optim.SGD(net.parameters(), lr=3.0)  # the first steps push units below 0

Use instead:

    optimizer = torch.optim.SGD(net.parameters(), lr=0.1)
    activation = nn.LeakyReLU(0.01)  # or GELU: no unit is without a gradient

## References
- Lu, Shin, Su and Karniadakis 2019, arXiv:1903.06733
- Maas, Hannun and Ng 2013, "Rectifier Nonlinearities Improve Neural Network Acoustic Models"
"""

from collections.abc import Iterator

import numpy as np

from netwright.diagnose.fault import Evidence, fault
from netwright.diagnose.symptoms import losses, stuck
from netwright.watch.trace import Trace

__all__ = ["dying_relu"]


@fault(
    "dying-relu",
    severity="error",
    remedies=("lower-lr", "reinitialize", "leaky-relu", "add-normalization"),
)
def dying_relu(trace: Trace) -> Iterator[Evidence]:
    """The units of a layer that are active on under 1 % of rows have grown to more than half, or
    are nearly all, and the net learns nothing. Over 80 % in a net that learns are a note.
    """
    learns_nothing = stuck(trace)
    for place in trace.places("dead"):
        shares, steps = trace.values("dead", place), trace.steps("dead", place)
        if len(shares) < 2:
            continue
        last = float(np.median(shares[-3:]))
        grown = last > shares[0] + 0.2
        # A deep net at its start may have half its units off for all rows, and recovers.
        harmful = learns_nothing and (last > 0.9 or (last > 0.5 and grown))
        if not harmful and last <= 0.8:
            continue
        onset = int(steps[np.flatnonzero(shares > 0.5)[0]])
        values = losses(trace)
        numbers: dict[str, float | str] = {"dead share": last, "dead share first": float(shares[0])}
        if len(values):
            numbers |= {"loss first": float(values[0]), "loss last": float(values[-1])}
        how = (
            f"grew from {shares[0]:.0%} to {last:.0%}"
            if grown
            else f"has been {last:.0%} all along"
        )
        effect = (
            "They get no gradient and cannot recover, and the loss stays where it began."
            if harmful
            else "They get no gradient and cannot recover; the net learns with the others."
        )
        what = (
            "Lower the learning rate and re-initialise the dead units"
            if grown
            else "Initialise with He and zero bias (a large negative bias switches units off)"
        )
        # Units that were never on have no rate to blame.
        at_first = ("reinitialize", "leaky-relu", "add-normalization", "lower-lr")
        yield Evidence(
            place=place,
            remedies=() if grown else at_first,
            step=onset,
            numbers=numbers,
            severity=None if harmful else "info",
            confidence=0.9 if last > 0.9 else 0.75,
            explanation=(
                f"At {place!r} the share of ReLU units that are off for more than 99 % of rows "
                f"{how}. {effect} {what}, or use Leaky ReLU or GELU."
            ),
        )
