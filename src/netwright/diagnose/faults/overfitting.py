"""Overfitting: the validation loss passed its minimum while the training loss went on falling.

## What it does
Compares the validation loss at the end with its minimum, beyond the noise of its epochs, while the
training loss fell. Where there is no such curve, trains anew and stops earlier, and compares what
is told of evaluated rows.

## Why is this bad?
The net learns its training rows by heart, and with them what is chance in them: on new rows it is
worse than it was epochs before.

## Example
    for epoch in range(200):
        train(net)
    torch.save(net.state_dict(), "net.pt")  # the last weights, not the best

Use instead:

    for epoch in range(200):
        train(net)
        if validate(net) < best:
            best, kept, since = validate(net), copy.deepcopy(net.state_dict()), 0
        elif (since := since + 1) == 10:
            break
    net.load_state_dict(kept)

## References
- Prechelt 1998, "Early Stopping - But When?"
- Srivastava et al. 2014, "Dropout: A Simple Way to Prevent Neural Networks from Overfitting"
"""

from collections.abc import Iterator

import numpy as np

from netwright.diagnose.fault import Evidence, fault
from netwright.diagnose.hardly_learned import or_hardly_learned
from netwright.diagnose.symptoms import (
    noise_of,
    skill_gained,
    skill_of,
    untrained_level,
)
from netwright.watch.trace import Trace

__all__ = ["overfitting"]

_EPOCHS = 6
# A rise that gives back under a tenth of what validation had won costs nobody anything.
_RISE = 0.1
_GAP = 0.15  # of skill, between training rows and evaluated ones
_GAIN = 0.05  # of skill
_ERRORS = 3.5  # standard errors: eight stops are tried, in runs of every kind
_LARGE_GAIN, _FEWER_ERRORS = 0.15, 2.5  # what few evaluated rows show of a large one
_LARGE_GAP = 0.3


@fault(
    "overfitting",
    severity="warning",
    remedies=(
        "early-stopping",
        "dropout",
        "weight-decay",
        "augmentation",
        "label-smoothing",
        "smaller-net",
        "more-data",
    ),
)
def overfitting(trace: Trace) -> Iterator[Evidence]:
    """The validation loss ends above its minimum by more than two standard errors of its epochs and
    by a tenth of what it had won, while the training loss fell. A note where the best weights came
    back ("weights.restored") or where the metric that counts did not suffer. Without such a curve:
    the net tells clearly more of its training rows than of evaluated ones, and told more of these
    when the same training was stopped in its first half, beyond 3.5 standard errors over the rows
    (2.5 where gap and gain are large); or a simple model, fitted to the training rows that the net
    knows by heart, tells clearly more of the evaluated ones. Of a run judged on test rows, also
    where the best weights came back: it is no better there than a guess, within chance, while its
    training loss fell below half of the validation loss.
    """
    yield from or_hardly_learned(
        [*_by_the_curve(trace)],
        trace,
        "by heart",
        advice="It knows its training rows by heart, and nothing of that holds for others: use "
        "dropout, weight decay, augmentation, a smaller net or more data.",
    )


def _by_the_curve(trace: Trace) -> Iterator[Evidence]:
    if len(trace.values("loss.validation")) < _EPOCHS:
        yield from _stopped_too_late(trace) or _simpler_is_better(trace)
        return
    validation, steps = trace.values("loss.validation"), trace.steps("loss.validation")
    training = trace.values("loss.train")
    if len(training) != len(validation):
        training = trace.values("loss")
    if len(training) < _EPOCHS:
        return
    if not (np.isfinite(validation).all() and np.isfinite(training).all()):
        return
    tail = max(2, len(validation) // 5)
    best = int(validation.argmin())
    end = float(validation[-tail:].mean())
    around = validation[max(best - 1, 0) : best + 2]  # one lucky epoch is no minimum
    minimum = float(around.mean())
    error = noise_of(validation) * np.sqrt(1 / tail + 1 / len(around))
    won = untrained_level(trace, validation) - minimum
    if best >= len(validation) - tail or end - minimum <= max(2 * error, _RISE * max(won, 0.0)):
        return
    learned = float(training[0] - training[-tail:].mean())
    if learned < 0.1 * abs(training[0]) or training[-tail:].mean() > training[best]:
        return  # no fall, no learning by heart
    restored = bool(len(trace.values("weights.restored")))
    harmless = restored or _metric_holds(trace, best, tail)
    gap = float(validation[-tail:].mean() - training[-tail:].mean())
    advice = (
        "The best weights were brought back, so the run is not harmed by it; to gain more, "
        if restored
        else "Stop at that epoch and bring its weights back; beyond that, "
    )
    yield Evidence(
        step=int(steps[best]),
        severity="info" if harmless else None,
        numbers={
            "validation loss lowest": float(validation[best]),
            "validation loss last": end,
            "training loss last": float(training[-tail:].mean()),
            "gap": gap,
            "epoch of the minimum": best + 1,
            "epochs": len(validation),
        },
        confidence=0.9,
        explanation=(
            f"The validation loss was lowest at epoch {best + 1} ({validation[best]:.4g}) and rose "
            f"to {end:.4g} by epoch {len(validation)}, while the training loss fell to "
            f"{training[-tail:].mean():.4g}: the net learns its training rows by heart. {advice}"
            "use dropout, weight decay, augmentation, a smaller net or more data."
        ),
    )


def _stopped_too_late(trace: Trace) -> list[Evidence]:
    gain, noise = trace.last("stopped.gain"), trace.last("stopped.noise")
    step, steps = trace.last("stopped.step"), len(trace.values("loss"))
    train, there = skill_of(trace, "train"), skill_of(trace, "evaluated")
    if gain is None or noise is None or step is None or train is None or there is None:
        return []
    if trace.places("weights.restored"):
        return []
    large = train[0] - there[0] > _LARGE_GAP and gain > max(_LARGE_GAIN, _FEWER_ERRORS * noise)
    if not large and gain <= max(_GAIN, _ERRORS * noise):
        return []
    if not skill_gained(trace, "train", "evaluated", least=_GAP, errors=3):
        return []
    evidence = Evidence(
        step=int(step),
        numbers={
            "skill on training rows": train[0],
            "on evaluated rows": there[0],
            "on evaluated rows, had it stopped earlier": there[0] + gain,
            "standard error of the gain": noise,
            "steps until that stop": step,
            "steps": steps,
        },
        confidence=0.8,
        explanation=(
            f"Of what can be told about the targets (0: one answer for all, 1: all right), the net "
            f"tells {train[0]:.2f} of its training rows and {there[0]:.2f} of the evaluated ones. "
            f"The same training, stopped after {step:.0f} of its {steps} steps, told "
            f"{there[0] + gain:.2f} of them (standard error of the gain {noise:.2f}): after that "
            "the net learned its training rows by heart. Watch the validation loss, stop at its "
            "minimum and bring those weights back; use dropout, weight decay, augmentation, a "
            "smaller net or more data."
        ),
    )
    return [evidence]


def _simpler_is_better(trace: Trace) -> list[Evidence]:
    train, there = skill_of(trace, "train"), skill_of(trace, "evaluated")
    simple = skill_of(trace, "across")
    if train is None or there is None or simple is None or train[0] < 0.8:
        return []
    if not (
        skill_gained(trace, "train", "evaluated", least=0.3, errors=4)
        and skill_gained(trace, "across", "evaluated", least=0.2, errors=4)
    ):
        return []
    evidence = Evidence(
        numbers={
            "skill on training rows": train[0],
            "on evaluated rows": there[0],
            "a simple model's on evaluated rows": simple[0],
        },
        confidence=0.7,
        explanation=(
            f"Of what can be told about the targets (0: one answer for all, 1: all right), the net "
            f"tells {train[0]:.2f} of its training rows and {there[0]:.2f} of the evaluated ones; "
            f"ridge regression on random features, fitted to the same training rows, tells "
            f"{simple[0]:.2f} of these: the net learned its rows by heart. Use fewer epochs, "
            "dropout, weight decay, augmentation, a smaller net or more data."
        ),
    )
    return [evidence]


def _metric_holds(trace: Trace, best: int, tail: int) -> bool:
    """Whether the metric stayed at what it was at the loss's minimum (only sure answers got surer).

    Which way the metric is better follows from its course up to that minimum.
    """
    metric = trace.values("metric.validation")
    if len(metric) <= best or best < 1 or not np.isfinite(metric).all():
        return False
    sign = 1.0 if metric[best] >= metric[0] else -1.0
    loss_of_metric = sign * (metric[best] - float(metric[-tail:].mean()))
    return bool(loss_of_metric <= max(2 * noise_of(metric), 0.005 * abs(metric[best])))
