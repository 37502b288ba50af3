"""Overfitting: the validation loss passed its minimum while the training loss went on falling.

## What it does
Compares the validation loss at the end with its minimum, beyond the noise of its epochs, while the
training loss fell.

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
from netwright.diagnose.symptoms import noise_of, untrained_level
from netwright.watch.trace import Trace

__all__ = ["overfitting"]

_EPOCHS = 6
# A rise that gives back under a tenth of what validation had won costs nobody anything.
_RISE = 0.1


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
    back ("weights.restored") or where the metric that counts did not suffer.
    """
    validation, steps = trace.values("loss.validation"), trace.steps("loss.validation")
    training = trace.values("loss.train")
    if len(training) != len(validation):
        training = trace.values("loss")
    if len(validation) < _EPOCHS or len(training) < _EPOCHS:
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
