"""Does a net that tells hardly anything learn by going on?

Signals: "going.on.from" (mean loss of the last state over kept batches that were held out),
"going.on.same" and "going.on.faster" (the same after as many steps as the run had, at most _STEPS,
on the other kept batches, at its own rate and at ten times that). Only where the skill is not known
(maps, sequences) or small, and the loss ended hardly below that of the best constant answer.
"""

import math

from netwright.watch.kept import Kept
from netwright.watch.trial import measure, trial

_STEPS = 150
_NOTHING = 0.92  # of the trivial loss
_LITTLE = 0.1  # of skill


def continuing(kept: Kept) -> None:
    """Let a run that ended where it began go on."""
    trace = kept.trace
    end, nothing = trace.last("kept.loss"), trace.last("loss.trivial")
    if (trace.last("skill.train") or 0.0) > _LITTLE or trace.places("loss.coupled"):
        return
    if end is None or nothing is None or nothing <= 0 or end < _NOTHING * nothing:
        return
    training, held_out = kept.tapes[::2], kept.tapes[1::2]
    if not held_out:
        return
    found = measure(kept.last, held_out)
    trace.record("going.on.from", "", kept.steps, math.fsum(found) / len(found))
    for name, factor in (("same", 1.0), ("faster", 10.0)):
        state, losses = trial(
            kept.last, training, kept.recipe, steps=min(_STEPS, kept.steps), lr_factor=factor,
            seconds=max(0.2, kept.left / 4),
        )  # fmt: skip
        if losses and math.isfinite(losses[-1]):
            found = measure(state, held_out)
            trace.record(f"going.on.{name}", "", len(losses), math.fsum(found) / len(found))
