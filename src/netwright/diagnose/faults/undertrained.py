"""Undertrained: training stopped while the validation loss was still falling."""

from collections.abc import Iterator

import numpy as np

from netwright.diagnose.fault import Evidence, fault
from netwright.diagnose.symptoms import noise_of
from netwright.watch.trace import Trace

__all__ = ["undertrained"]

_EPOCHS = 4
# Share of the whole fall that its last third holds: a straight line has a third, an exponential
# that has come down to a tenth of its height about a tenth.
_STEEP, _SLOPING = 0.25, 0.1


@fault("undertrained", severity="warning", remedies=("more-epochs",), explains=("underfitting",))
def undertrained(trace: Trace) -> Iterator[Evidence]:
    """The last third of the epochs still holds a quarter of the validation loss's whole fall,
    beyond twice its noise; a note from a tenth on.
    """
    validation, steps = trace.values("loss.validation"), trace.steps("loss.validation")
    if len(validation) < _EPOCHS or not np.isfinite(validation).all():
        return
    third = max(1, len(validation) // 3)
    before, after = float(validation[-third - 1]), float(validation[-1])
    whole = float(validation[0]) - after
    late = before - after
    # Of four epochs the successive differences are the fall itself; noise is then left out.
    noise = noise_of(validation - np.linspace(validation[0], validation[-1], len(validation)))
    if whole <= 0 or late <= 2 * noise or after > validation.min() + noise:
        return
    # A loss that has come down to nearly nothing can fall no further that matters.
    share = late / whole
    if share < _SLOPING or late < 0.02 * abs(before):
        return
    yield Evidence(
        step=int(steps[-1]),
        severity=None if share >= _STEEP else "info",
        numbers={
            "validation loss first": float(validation[0]),
            "validation loss a third before the end": before,
            "validation loss last": after,
            "share of the fall in the last third": share,
            "epochs": len(validation),
        },
        confidence=min(0.95, 0.5 + share),
        explanation=(
            f"Over the last {third} of {len(validation)} epochs the validation loss still fell "
            f"from {before:.4g} to {after:.4g}, {share:.0%} of its whole fall: the net had not "
            "finished learning. Train for more epochs (or longer), or raise the learning rate."
        ),
    )
