"""What becomes of the loss function's value on its way to backward: its sign, and its size.

Signals: "loss.sign" (-1: backward is called on something that falls where the loss function's own
value rises; 1), "loss.own" (the loss function's own mean value on the kept batches, at the first
and at the last state; of a loss written by hand how far it is from its best: hand_written.py),
"loss.doubled" (loss of a batch that holds every row twice over that of the batch), "trial.summed"
and "trial.averaged" (loss a row after a short training as it was, and with the loss divided by the
rows).
"""

import math
from dataclasses import replace
from typing import Any

import torch
from torch import Tensor

from netwright.watch.hand_written import Meeting, meetings
from netwright.watch.kept import Kept, main_loss, target_of
from netwright.watch.snapshot import Snapshot, unseen
from netwright.watch.tape import Entry, Slot, Tape
from netwright.watch.trial import loss_of, measure, trial

# Bounded below by 0, where targets are data.
_SUPERVISED = (
    "cross_entropy", "nll_loss", "binary_cross_entropy", "binary_cross_entropy_with_logits",
    "mse_loss", "l1_loss", "smooth_l1_loss", "huber_loss",
)  # fmt: skip
_STEPS, _BATCHES = 60, 12


def reduction(kept: Kept) -> None:
    """Record the sign of the loss, and whether it is a sum that a mean would beat."""
    if kept.trace.places("loss.coupled") or not _is_held(kept):
        return
    tapes = kept.tapes[:: max(1, len(kept.tapes) // _BATCHES)][:_BATCHES]
    _sign(kept, tapes)
    _size(kept, tapes)


def _is_held(kept: Kept) -> bool:
    """Whether the optimizer steps the nets' own parameters, not an input or a perturbation."""
    held = {i for _, ids in kept.recipe.groups for i in ids}
    return all(i in kept.first.originals for i in held)


def _sign(kept: Kept, tapes: list[Tape]) -> None:
    met = [_met(kept.first, tape) for tape in tapes]
    if not all(met):
        return
    targets = [one.targets.reshape(-1) for of in met for one in of if one.targets is not None]
    if targets and len(torch.cat(targets).unique()) < 2:
        return  # "real" and "fake" are no data
    flipped = all(bool(values.get("maximize")) for values, _ in kept.recipe.groups)
    signs = [
        _slope(kept.first, tape, of) * (-1 if flipped else 1)
        for tape, of in zip(tapes, met, strict=True)
    ]
    if all(sign < 0 for sign in signs) or all(sign > 0 for sign in signs):
        kept.trace.record("loss.sign", "", 0, signs[0])
        for state, step in ((kept.first, 0), (kept.last, kept.steps)):
            own = [_own(state, tape, of) for tape, of in zip(tapes, met, strict=True)]
            kept.trace.record("loss.own", "", step, math.fsum(own) / len(own))


def _met(state: Snapshot, tape: Tape) -> list[Meeting]:
    """The tape's only loss function, if it is a supervised one; else where outputs meet targets in
    a loss written by hand."""
    main, target = main_loss(tape), target_of(tape)
    if main is not None and target is not None:
        alone = len(tape.losses()) == 1 and main.name in _SUPERVISED
        return [Meeting(main, target, rises=False)] if alone else []
    with unseen(), torch.no_grad():
        return meetings(tape, tape.run(state.swap))


def _slope(state: Snapshot, tape: Tape, met: list[Meeting]) -> int:
    """Return 1 where what backward is called on falls as the values come nearer to their best, -1
    where it rises, 0 where it does both. Values of a loss by hand must all weigh alike to be -1:
    a factor for each row is a return, or an advantage, and may have any sign."""
    found: dict[int, Tensor] = {}

    def change(entry: Entry, call: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        if not any(entry is one.entry for one in met):
            return NotImplemented
        found[entry.results[0]] = call(*args, **kwargs).detach().requires_grad_()
        return found[entry.results[0]]

    with unseen():
        loss = loss_of(state.again(), tape, change)
        values = [found[one.entry.results[0]] for one in met]
        slopes = torch.autograd.grad(loss, values, allow_unused=True)
    known = [
        (-slope if one.rises else slope).reshape(-1)
        for one, slope in zip(met, slopes, strict=True)
        if slope is not None
    ]
    if not known or not any(slope.any() for slope in known):
        return 0
    if all(bool((slope >= 0).all()) for slope in known):
        return 1
    alike = met[0].entry.kind == "loss" or all(
        bool((slope - slope[0]).abs().max() <= 1e-4 * slope[0].abs()) for slope in known
    )
    return -1 if alike and all(bool((slope <= 0).all()) for slope in known) else 0


def _own(state: Snapshot, tape: Tape, met: list[Meeting]) -> float:
    with unseen(), torch.no_grad():
        slots = tape.run(state.swap)
    return math.fsum(one.cost(slots[one.entry.results[0]]) for one in met)


def _size(kept: Kept, tapes: list[Tape]) -> None:
    rows = [_rows(tape) for tape in tapes]
    if min(rows) < 2 or main_loss(tapes[0]) is None:
        return
    state = kept.first.again()
    for net in state.nets:
        net.eval()  # no dropout between the two
    single, double = measure(state, tapes[:2]), measure(state, [_doubled(t) for t in tapes[:2]])
    ratio = sum(double) / sum(single) if sum(single) else 0.0
    if not math.isfinite(ratio):
        return
    kept.trace.record("loss.doubled", "", 0, ratio)
    if abs(ratio - 2) > 0.05:
        return
    averaged = [_over(tape, n) for tape, n in zip(tapes, rows, strict=True)]
    start = measure(kept.first, averaged)
    kept.trace.record("trial.per.row", "", 0, math.fsum(start) / len(start))
    for name, used in (("summed", tapes), ("averaged", averaged)):
        seconds = max(0.2, kept.left / 3)
        end, losses = trial(kept.first, used, kept.recipe, steps=_STEPS, seconds=seconds)
        found = measure(end, averaged)
        kept.trace.record(f"trial.{name}", "", len(losses), math.fsum(found) / len(found))


def _rows(tape: Tape) -> int:
    for entry in tape.nets():
        for value in entry.args:
            if isinstance(value, Tensor) and value.ndim:
                return len(value)
    return 0


def _doubled(tape: Tape) -> Tape:
    """A tape in which every row stands twice."""
    rows = _rows(tape)

    def twice(value: Any) -> Any:
        is_batch = isinstance(value, Tensor) and value.ndim and len(value) == rows
        return torch.cat([value, value]) if is_batch and not value.requires_grad else value

    entries = [
        replace(
            entry,
            args=tuple(map(twice, entry.args)),
            kwargs={name: twice(value) for name, value in entry.kwargs.items()},
        )
        for entry in tape.entries
    ]
    return replace(tape, entries=entries)


def _over(tape: Tape, rows: int) -> Tape:
    """A tape whose loss is divided by the rows."""
    assert tape.loss is not None
    number = 1 + max(slot for entry in tape.entries for slot in entry.results)
    last = Entry("function", "div", torch.div, (Slot(tape.loss), rows), {}, (number,), ((),))
    return replace(tape, entries=[*tape.entries, last], loss=number)
