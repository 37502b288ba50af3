"""Flipped loss sign: training makes the loss function's value larger.

## What it does
Asks on the kept batches whether what `backward` is called on rises or falls with the value of the
loss function (of a loss written by hand, with the distance, the log-likelihood or the cosine in
which outputs meet targets), and whether that value got worse in the run. Losses against "real" and
"fake", policy gradients and losses of several parts are left alone.

## Why is this bad?
A supervised loss is bounded below, by 0, but not above: with a minus sign the net learns to be as
wrong as it can, without end, while what is printed falls and looks like success.

## Example
    loss = -F.cross_entropy(net(x), y)

Use instead:

    loss = F.cross_entropy(net(x), y)

## References
- Humbatova et al. 2020, arXiv:1910.11015 ("wrong loss function calculation")
- PyTorch, torch.optim: `maximize`
"""

import math
from collections.abc import Iterator

from netwright.diagnose.fault import Evidence, fault
from netwright.diagnose.symptoms import below_chance
from netwright.watch.trace import Trace

__all__ = ["flipped_loss_sign"]


@fault(
    "flipped-loss-sign",
    severity="error",
    remedies=("negate-loss",),
    explains=(
        "learning-rate-too-high", "exploding-gradient", "numerical-instability", "underfitting",
        "overfitting", "dying-relu", "saturated-units", "undertrained", "learning-rate-too-low",
        "unscaled-inputs", "weight-decay-too-strong", "vanishing-gradient", "class-imbalance",
        "output-loss-mismatch", "wrong-initialization", "unshuffled-data",
    ),
)  # fmt: skip
def flipped_loss_sign(trace: Trace) -> Iterator[Evidence]:
    """What backward is called on falls where a supervised loss rises, and by the end that loss is a
    tenth above its start, or not finite. Of a loss written by hand: evaluations pick the right
    class far less often than any answer that ignores the inputs would.
    """
    yield from _worse_than_chance(trace)
    own = trace.values("loss.own")
    if trace.last("loss.sign") != -1 or len(own) < 2:
        return
    began, ended = float(own[0]), float(own[-1])
    if began < 0 or (math.isfinite(ended) and ended < 1.1 * began):
        return  # negative from the start: what it was given has the other sign as well
    name = trace.text("loss.name") or "the distance to the targets"
    yield Evidence(
        event="loss",
        step=0,
        numbers={"loss at the start": began, "loss at the end": ended},
        confidence=0.97,
        explanation=(
            f"Training makes {name} larger: {began:.3g} at the start, {ended:.3g} at the end, "
            "because backward is called on its negative (or the optimizer maximises). What is "
            "printed falls below 0 while the net gets worse. Take the minus sign away."
        ),
    )


def _worse_than_chance(trace: Trace) -> Iterator[Evidence]:
    if trace.text("loss.name") or not below_chance(trace):
        return
    right, least = trace.last("answered.right"), trace.last("answered.least")
    assert right is not None and least is not None
    yield Evidence(
        event="backward",
        numbers={"right answers": right, "share of the rarest class": least},
        confidence=0.85,
        explanation=(
            f"The net picks the right class of {right:.1%} of the evaluated rows, where naming the "
            f"rarest class each time would be right of {least:.1%}: it has learned to avoid the "
            "right answers, as a loss of the wrong sign asks. Let what should grow (a similarity "
            "to the right class, a log-probability) enter the loss with a minus sign."
        ),
    )
