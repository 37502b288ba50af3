"""Underfitting: the net cannot even fit what it is trained on.

From a trace alone, want of capacity cannot be told from targets that nothing predicts; so an alarm
needs a baseline that does better on rows that it has not seen ("loss.baseline", "skill.baseline").

## What it does
Compares the level at which the training loss came to rest with a baseline's loss on rows that the
baseline has not seen; looks for a layer of fewer units than the classes need, and trains for a
while without the dropout.

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
from dataclasses import replace

import numpy as np

from netwright.diagnose.fault import Evidence, fault
from netwright.diagnose.hardly_learned import or_hardly_learned
from netwright.diagnose.symptoms import (
    beaten_by_baseline,
    diverged,
    end_of,
    finite,
    is_probed,
    losses,
    noise_of,
    skill_gained,
    skill_of,
    trivial_loss,
)  # fmt: skip
from netwright.watch.trace import Trace

__all__ = ["underfitting"]


REMEDIES = (
    "more-width",
    "more-depth",
    "better-features",
    "less-regularization",
    "less-weight-decay",
)


@fault(
    "underfitting",
    severity="warning",
    remedies=REMEDIES,
    explains=("undertrained", "dying-relu"),
)
def underfitting(trace: Trace) -> Iterator[Evidence]:
    """The training loss has come to rest far above what a baseline reaches on validation rows; or
    of the net's own training rows it tells clearly less than a simple model, fitted to some of
    them, tells of the others: a note where only a head learns, on layers that rest on purpose.
    Surer where that model is clearly better and a short training without dropout tells clearly more
    than the whole run (an error where that is more than twice as much); or where all goes through a
    layer of fewer units than the classes less one, and that model is better or common classes are
    never answered. Without a baseline: a note where the loss rests within a tenth of the trivial
    loss. Of a run judged on test rows: it is no better there than a guess, within chance, and its
    validation loss had stopped falling.
    """
    yield from or_hardly_learned(
        [*_by_the_losses(trace)],
        trace,
        "at rest",
        remedies=("range-test", *REMEDIES),
        advice="Its loss stopped falling before it had learned anything: try other learning rates, "
        "a wider or deeper net, and less dropout or decay.",
    )


def _by_the_losses(trace: Trace) -> Iterator[Evidence]:
    known = _held_back(trace) or _too_narrow(trace)
    if known is not None:
        yield replace(known, severity="info") if is_probed(trace) else known
        return
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


def _held_back(trace: Trace) -> Evidence | None:
    """Return the evidence against the dropout."""
    own = "train" if skill_of(trace, "evaluated") is None else "evaluated"
    without, with_it = skill_of(trace, "undropped"), skill_of(trace, own)
    if without is None or with_it is None or not beaten_by_baseline(trace):
        return None
    if not all(
        skill_gained(trace, "undropped", name, least=0.1, errors=3) for name in (own, "dropped")
    ):
        return None
    return Evidence(
        severity="error" if with_it[0] < 0.5 * without[0] else None,
        numbers={
            "skill of the whole run": with_it[0],
            "of a short training without dropout": without[0],
            "of a short training as it is": (skill_of(trace, "dropped") or (0.0,))[0],
        },
        confidence=0.92,
        remedies=("less-regularization", "more-width"),
        explanation=(
            f"Dropout keeps the net from learning: of what can be told about the targets (0: one "
            f"answer for all, 1: all right), the run tells {with_it[0]:.2f}; a short training from "
            f"the same start without dropout tells {without[0]:.2f}. Drop fewer units, 0.1 to 0.5, "
            "or widen the layer that they are dropped from."
        ),
    )


def _too_narrow(trace: Trace) -> Evidence | None:
    """Return the evidence against a layer of too few units."""
    widths = {place: trace.last("bottleneck", place) or 0.0 for place in trace.places("bottleneck")}
    train = skill_of(trace, "train")
    silent = _never_answered(trace)
    if not widths or train is None:
        return None
    if not beaten_by_baseline(trace) and not (silent and train[0] < 0.5):
        return None
    place = min(widths, key=lambda name: widths[name])
    width = f"{widths[place]:.0f} unit{'s' if widths[place] > 1 else ''}"
    return Evidence(
        place=place,
        numbers={
            "units": widths[place],
            "skill on training rows": train[0],
            "classes never answered": float(len(silent)),
        },
        confidence=0.92,
        remedies=("more-width",),
        explanation=(
            f"All that the net knows of a row goes through {width} ({place}), too few to tell its "
            f"classes apart: it tells {train[0]:.2f} of what can be told of its own training rows "
            "(0: one answer for all, 1: all right). Widen that layer."
        ),
    )


def _never_answered(trace: Trace) -> list[str]:
    """Return the classes that are hardly ever found though they are common."""
    counts = {name: trace.last("class.count", name) for name in trace.places("class.count")}
    known = {name: count for name, count in counts.items() if count}
    return [
        label
        for label, count in known.items()
        if count > 0.5 * sum(known.values()) / len(known)
        and (trace.last("recall", label) or 0.0) < 0.05
        and label in trace.places("recall")
    ]


def _by_a_simple_model(trace: Trace) -> Evidence:
    own, other = trace.last("skill.train") or 0.0, trace.last("skill.baseline") or 0.0
    return Evidence(
        severity="info" if is_probed(trace) else None,
        numbers={"skill on training rows": own, "a simple model's on rows it has not seen": other},
        confidence=0.6,  # that it is kept from it says little of the cause
        explanation=(
            f"Of what can be told about the targets (0: one answer for all, 1: all right), the net "
            f"tells {own:.2f} of its own training rows, while ridge regression on random features, "
            f"fitted to half of them, tells {other:.2f} of the other half: the net cannot express "
            "what the data hold, or was kept from it. Widen or deepen it, regularise it less (less "
            "dropout or decay), and train it until the loss rests."
        ),
    )
