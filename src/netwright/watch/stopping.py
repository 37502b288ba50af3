"""What the net would tell of evaluated rows had its training stopped earlier.

Signals: "stopped.gain" (skill on evaluated rows after a part of the run, above that of its end),
"stopped.noise" (the standard error of that difference, row by row), "stopped.step". The step is
chosen on one half of the rows and judged on the other, each way round, so that the best of several
is not taken for better than it is.
"""

import math

import torch
from torch import Tensor

from netwright.watch.kept import Kept
from netwright.watch.rows import Rows, ask
from netwright.watch.skill import answers, told_by_row
from netwright.watch.snapshot import Snapshot
from netwright.watch.trial import trial

_STOPS = (5, 10, 20, 40, 60, 80, 120, 160)  # steps


def stop_early(kept: Kept, judged: Rows) -> None:
    """Train anew from the first state; record what a stop within the first half of the run gains on
    (different) evaluated rows."""
    last = _told(kept.last, judged)
    stops = [stop for stop in _STOPS if stop <= kept.steps // 2]
    if last is None or not stops:
        return
    gains: dict[int, Tensor] = {}

    def look(step: int, state: Snapshot) -> None:
        told = _told(state, judged) if step in stops else None
        if told is not None:
            gains[step] = told - last

    seconds = max(0.2, kept.left / 4)
    trial(kept.first, kept.tapes, kept.recipe, steps=stops[-1], after=look, seconds=seconds)
    if not gains:
        return
    odd = torch.arange(len(judged)) % 2 == 1
    gained, best = torch.zeros_like(last), 0
    for here, there in ((odd, ~odd), (~odd, odd)):
        best = max(gains, key=lambda step: float(gains[step][here].mean()))
        gained[there] = gains[best][there]
    trace, steps = kept.trace, kept.steps
    trace.record("stopped.gain", "", steps, float(gained.mean()))
    trace.record("stopped.noise", "", steps, float(gained.std()) / math.sqrt(len(gained)))
    trace.record("stopped.step", "", steps, best)


def _told(state: Snapshot, rows: Rows) -> Tensor | None:
    """Return (rows,): what each row adds to the skill."""
    output = ask(state, rows.inputs)
    answer = None if output is None else answers(rows.goal, output)
    return None if answer is None else told_by_row(rows.goal, answer)
