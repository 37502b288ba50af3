"""Underfitting: the net cannot even fit what it is trained on.

From a trace alone, want of capacity cannot be told from targets that nothing predicts; so an alarm
needs a baseline that does better on rows that it has not seen ("loss.baseline", "skill.baseline").

## What it does
Compares the level at which the training loss came to rest with a baseline's loss on rows that the
baseline has not seen.

## Why is this bad?
A net that does not fit its training rows fits no others: it is too small, held back too strongly,
or given too little to tell rows apart.

## Example
    net = nn.Sequential(nn.Linear(50, 2), nn.ReLU(), nn.Linear(2, 10))  # all through two units

Use instead:

    net = nn.Sequential(nn.Linear(50, 128), nn.ReLU(), nn.Linear(128, 10))

## References
- Goodfellow, Bengio and Courville 2016, "Deep Learning", section 5.2
"""

from collections.abc import Iterator

import numpy as np

from netwright.diagnose.fault import Evidence, fault
from netwright.diagnose.symptoms import (
    beaten_by_baseline,
    diverged,
    end_of,
    finite,
    is_probed,
    losses,
    noise_of,
    trivial_loss,
)  # fmt: skip
from netwright.watch.trace import Trace

__all__ = ["underfitting"]


@fault(
    "underfitting",
    severity="warning",
    remedies=(
        "more-width",
        "more-depth",
        "better-features",
        "less-regularization",
        "less-weight-decay",
    ),
)
def underfitting(trace: Trace) -> Iterator[Evidence]:
    """The training loss has come to rest far above what a baseline reaches on validation rows; or
    of the net's own training rows it tells clearly less than a simple model, fitted to some of
    them, tells of the others: a note where only a head learns, on layers that rest on purpose.
    Without a baseline: a note where the loss rests within a tenth of the trivial loss.
    """
    if beaten_by_baseline(trace):
        yield _by_a_simple_model(trace)
        return
    values = finite(losses(trace))
    trivial = trivial_loss(trace)
    baseline = finite(trace.values("loss.baseline"))
    if len(values) < 10 or (trivial is None and not len(baseline)):
        return
    quarters = [float(part.mean()) for part in np.array_split(values, 4)]
    noise = noise_of(values) / np.sqrt(len(values) / 4)
    if quarters[2] - quarters[3] > max(2 * noise, 0.02 * abs(quarters[2])):
        return  # still falling
    end = end_of(values)
    if len(baseline):
        reference = float(baseline[-1])
        # A tenth of the way from nothing learned to the baseline, or of the baseline itself.
        margin = 0.1 * abs(trivial - reference if trivial is not None else reference)
        if end <= reference + max(margin, 3 * noise):
            return
        yield Evidence(
            numbers={"training loss": end, "baseline's validation loss": reference},
            confidence=0.8,
            explanation=(
                f"The training loss came to rest at {end:.4g}, while a simple baseline reaches "
                f"{reference:.4g} on rows that it has not seen: the net cannot express what the "
                "data hold. Widen or deepen it, regularise it less, or give it better features."
            ),
        )
    elif trivial is not None and end > trivial - 0.1 * abs(trivial) and not diverged(trace):
        yield Evidence(
            severity="info",
            numbers={"training loss": end, "trivial loss": trivial},
            confidence=0.5,
            explanation=(
                f"The training loss came to rest at {end:.4g}, hardly below the {trivial:.4g} of a "
                "constant prediction: the net is too small, or the inputs say little about the "
                "target. A baseline (gradient-boosted trees, say) tells which."
            ),
        )


def _by_a_simple_model(trace: Trace) -> Evidence:
    own, other = trace.last("skill.train") or 0.0, trace.last("skill.baseline") or 0.0
    return Evidence(
        severity="info" if is_probed(trace) else None,
        numbers={"skill on training rows": own, "a simple model's on rows it has not seen": other},
        confidence=0.75,
        explanation=(
            f"Of what can be told about the targets (0: one answer for all, 1: all right), the net "
            f"tells {own:.2f} of its own training rows, while ridge regression on random features, "
            f"fitted to half of them, tells {other:.2f} of the other half: the net cannot express "
            "what the data hold, or was kept from it. Widen or deepen it, regularise it less (less "
            "dropout or decay), and train it until the loss rests."
        ),
    )
