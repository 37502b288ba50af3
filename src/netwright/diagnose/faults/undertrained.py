"""Undertrained: training stopped while the validation loss was still falling.

## What it does
Compares the fall of the validation loss in the last third of the epochs with that of the third
before. Where there is no such curve, lets the run go on for half its length (a run of
less than 120 steps for up to 60) and looks at the evaluated rows.

## Why is this bad?
What is reported is not what the net can do, and every comparison with it says who was stopped
first.

## Example
    for epoch in range(5):  # the validation loss: 1.02, 0.91, 0.81, 0.72, 0.64
        train(net)

Use instead:

    for epoch in range(100):
        train(net)
        if no_better_for(10, validate(net)):
            break

## References
- Prechelt 1998, "Early Stopping - But When?"
- Hoffer, Hubara and Soudry 2017, "Train Longer, Generalize Better", arXiv:1705.08741
"""

from collections.abc import Iterator

import numpy as np

from netwright.diagnose.fault import Evidence, fault
from netwright.diagnose.finding import Severity
from netwright.diagnose.hardly_learned import or_hardly_learned
from netwright.diagnose.symptoms import (
    beaten_by_baseline,
    finite,
    losses,
    noise_of,
    skill_gained,
    skill_of,
    untrained_level,
)
from netwright.watch.trace import Trace

__all__ = ["undertrained"]

_EPOCHS = 4
_SOLVED = 0.98


@fault(
    "undertrained",
    severity="warning",
    remedies=("more-epochs", "raise-lr"),
    explains=("underfitting",),
)
def undertrained(trace: Trace) -> Iterator[Evidence]:
    """The validation loss fell in the last third of the epochs as it did in the third before (0.6
    of it: an exponential that has come to a tenth of its height falls by 0.2 of it), by a twentieth
    of its value, beyond its noise. A note where it slows down but still slopes, where 0.98 of the
    answers are right already, or where a simple model beats the net and going on does not help
    (underfitting). Without such a curve: the training loss still falls, and going on from
    the end tells clearly more of the evaluated rows, or at ten times the rate comes half of the way
    to a simple model that is clearly better; or that model is, and the loss fell in the last third
    of the run as it did in the third before. Where hardly anything is told: a loss that ended
    hardly below a constant answer's, and that going on brings down by a tenth of that, or by a
    third of what the whole run had won. Of a run judged on test rows, however short: it is no
    better there than a guess, within chance, and its validation loss was lowest at the end.
    """
    yield from or_hardly_learned(
        [*_learns_by_going_on(trace), *_by_the_curve(trace)],
        trace,
        "cut short",
        advice="Training ended before it had learned anything: train for more epochs (or longer), "
        "or raise the learning rate.",
    )


def _by_the_curve(trace: Trace) -> Iterator[Evidence]:
    validation, steps = trace.values("loss.validation"), trace.steps("loss.validation")
    if len(validation) < _EPOCHS or not np.isfinite(validation).all():
        yield from _goes_on(trace)
        return
    third = max(1, len(validation) // 3)
    earlier, before, after = (float(validation[-1 - k * third]) for k in (2, 1, 0))
    late = before - after
    # Noise around the straight line: of a few epochs the differences are the fall itself.
    noise = noise_of(validation - np.linspace(validation[0], validation[-1], len(validation)))
    if late <= 2 * noise or after > validation.min() + noise:
        return
    pace = late / (earlier - before) if earlier > before else np.inf
    # What is left to win must matter beside what has been won.
    share = late / max(untrained_level(trace, validation) - after, late)
    severity: Severity | None
    right = trace.last("right.validation")
    solved = right is not None and right >= _SOLVED  # surer answers alone are left to win
    cannot = beaten_by_baseline(trace) and not _gains(trace)
    if pace >= 0.6 and not (solved or cannot) and late >= 0.05 * abs(before) and share >= 0.1:
        severity = None
    elif pace >= 0.3 and late >= 0.02 * abs(before) and share >= 0.05:
        severity = "info"
    else:
        return
    yield Evidence(
        step=int(steps[-1]),
        severity=severity,
        numbers={
            "validation loss two thirds before the end": earlier,
            "validation loss a third before the end": before,
            "validation loss last": after,
            "fall of the last third over the one before": float(min(pace, 99.0)),
            "epochs": len(validation),
        },
        confidence=0.9 if severity is None else 0.6,
        explanation=(
            f"Over the last {third} of {len(validation)} epochs the validation loss still fell "
            f"from {before:.4g} to {after:.4g}, {min(pace, 99.0):.0%} of what it fell by over the "
            f"{third} before: the net had not finished learning. Train for more epochs (or "
            "longer), or raise the learning rate."
        ),
    )


def _gains(trace: Trace) -> bool:
    """Whether going on from the run's end told clearly more of the evaluated rows."""
    if skill_gained(trace, "continued", "evaluated", least=0.08, errors=3):
        return True
    own, simple = skill_of(trace, "evaluated"), skill_of(trace, "baseline")
    if own is None or simple is None or not beaten_by_baseline(trace):
        return False
    half = 0.5 * (simple[0] - own[0])
    return any(
        skill_gained(trace, name, "evaluated", least=half, errors=2)
        for name in ("continued", "faster")
    )


def _learns_by_going_on(trace: Trace) -> Iterator[Evidence]:
    end, trivial = trace.last("going.on.from"), trace.last("loss.trivial")
    tried = [trace.last(f"going.on.{name}") for name in ("same", "faster")]
    known = [loss for loss in tried if loss is not None]
    if end is None or trivial is None or not known:
        return
    more, won = end - min(known), max(trivial - end, 0.0)
    if more < 0.1 * trivial and not (won > 0 and more >= max(0.3 * won, 0.03 * trivial)):
        return
    if end > 1.2 * trivial:  # worse than a constant answer: its targets move, or something else
        return
    yield Evidence(
        numbers={
            "constant answer's loss": trivial,
            "loss at the end": end,
            "after as many steps more": tried[0] if tried[0] is not None else float("nan"),
            "at ten times the rate": tried[1] if tried[1] is not None else float("nan"),
        },
        confidence=0.75,
        explanation=(
            f"The loss ended at {end:.4g}, hardly below the {trivial:.4g} of a constant answer. "
            f"Going on from there on some batches brings it to {min(known):.4g} on others: the "
            "net had hardly begun to learn. Train for more epochs, or raise the learning rate."
        ),
    )


def _goes_on(trace: Trace) -> Iterator[Evidence]:
    values = finite(losses(trace))
    if len(values) < 12:
        return
    first, before, after = (float(part.mean()) for part in np.array_split(values, 3))
    if before - after < 2 * noise_of(values) / np.sqrt(len(values) / 3):
        return
    steady = beaten_by_baseline(trace) and before - after >= 0.6 * (first - before)
    if not (_gains(trace) or steady) or skill_of(trace, "continued") is None:
        return
    own = (skill_of(trace, "evaluated") or (0.0,))[0]
    tried = [skill_of(trace, name) for name in ("continued", "faster")]
    more = max(found[0] for found in tried if found is not None)
    steps = trace.last("continued.steps") or len(values) // 2
    yield Evidence(
        numbers={
            "skill on evaluated rows": own,
            "after more steps": more,
            "steps more": steps,
            "training loss in the second third": before,
            "in the last": after,
        },
        confidence=0.75,
        explanation=(
            f"The training loss still fell, from {before:.4g} in the second third of the run to "
            f"{after:.4g} in the last, and {steps:.0f} steps more on some of its batches bring "
            f"what is told of the evaluated rows (0: one answer for all, 1: all right) from "
            f"{own:.2f} to {more:.2f}: the net had not finished learning. Train for more "
            "epochs, or raise the learning rate."
        ),
    )
