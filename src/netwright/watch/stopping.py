"""What the net would tell of evaluated rows had its training stopped earlier.

Signals: "stopped.gain" (skill on evaluated rows after a part of the run, above that of its end),
"stopped.noise" (the standard error of that difference, row by row), "stopped.step". The step is
chosen on one half of the rows and judged on the other, each way round, so that the best of several
is not taken for better than it is. Of classes also "stopped.loss" (what the stop takes off the mean
loss of the same rows) and "stopped.loss.noise".
"""

import math

import torch
from torch import Tensor
from torch.nn import functional as F

from netwright.watch.kept import Kept
from netwright.watch.rows import Rows, ask
from netwright.watch.skill import Goals, answers, told_by_row
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
        best = max(gains, key=lambda step: float(gains[step][0, here].mean()))
        gained[:, there] = gains[best][:, there]
    trace, steps = kept.trace, kept.steps
    for signal, noise, row in zip(("gain", "loss"), ("noise", "loss.noise"), gained, strict=False):
        if bool(row.isfinite().all()):
            trace.record(f"stopped.{signal}", "", steps, float(row.mean()))
            trace.record(f"stopped.{noise}", "", steps, float(row.std()) / math.sqrt(len(row)))
    trace.record("stopped.step", "", steps, best)


def _told(state: Snapshot, rows: Rows) -> Tensor | None:
    """Return (1 or 2, rows): what each row adds to the skill, and of classes its loss, negative."""
    output = ask(state, rows.inputs)
    answer = None if output is None else answers(rows.goal, output)
    if output is None or answer is None:
        return None
    told = told_by_row(rows.goal, answer)[None]
    if not rows.goal.classes:
        return told
    return torch.cat([told, -_loss(rows.goal, output).double()[None]])


def _loss(goal: Goals, output: Tensor) -> Tensor:
    if goal.loss == "cross_entropy":
        return F.cross_entropy(output, goal.values, reduction="none")
    if goal.loss == "nll_loss":
        return F.nll_loss(output, goal.values, reduction="none")
    one, targets = output.reshape(-1), goal.values.to(output.dtype)
    if goal.loss == "binary_cross_entropy":
        return F.binary_cross_entropy(one.clamp(0, 1), targets, reduction="none")
    return F.binary_cross_entropy_with_logits(one, targets, reduction="none")
