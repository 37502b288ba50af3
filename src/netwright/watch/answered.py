"""What evaluations compare themselves, whatever loss was trained by and however rows were fed.

Where the user's lines compare picked classes with targets (`net(x).argmax(1) == y`), the answers of
the last state tell a skill. Signals: "skill.answered" with its ".noise", "answered.right" (share),
"answered.rows", "answered.batches", "answered.least" (share of the rarest class among the targets).
"""

import torch
from torch import Tensor

from netwright.watch.evaluated import plain
from netwright.watch.kept import Kept
from netwright.watch.skill import Goals, skill
from netwright.watch.snapshot import unseen
from netwright.watch.tape import Entry, Slot, Tape
from netwright.watch.told import FEWEST, write

_PICKS = ("argmax", "max", "gt", "ge", "round", "topk")


def answered(kept: Kept) -> None:
    """Record how the last evaluations' answers compare with their targets."""
    found: dict[int, tuple[Tensor, Tensor]] = {}
    copied = kept.last.again()
    for net in copied.nets:
        net.eval()
    for tape in kept.evaluations:
        met = [(entry, picked) for entry in tape.entries if (picked := _picked(tape, entry))]
        if met:
            with unseen(), torch.no_grad():
                slots = tape.run(copied.swap)
            for entry, slot in met:
                answer, targets = slots[slot.number], _constant(entry)
                if targets is not None and answer.shape == targets.shape and len(targets):
                    rows = targets.detach().reshape(-1).long().cpu()
                    found[hash(rows.numpy().tobytes())] = (answer.reshape(-1).long().cpu(), rows)
    if not found:
        return
    answers, targets = (torch.cat(list(part)) for part in zip(*found.values(), strict=True))
    shares = targets.unique(return_counts=True)[1].double() / len(targets)
    if len(targets) < FEWEST or len(shares) < 2:
        return
    if write(kept, "answered", skill(Goals("", targets, len(shares)), answers)) is None:
        return
    trace, step = kept.trace, kept.steps
    trace.record("answered.right", "", step, float((answers == targets).double().mean()))
    trace.record("answered.rows", "", step, len(targets))
    trace.record("answered.batches", "", step, len(found))
    trace.record("answered.least", "", step, float(shares.min()))


def _picked(tape: Tape, entry: Entry) -> Slot | None:
    """Return the slot of the classes that an equality compares with a constant of whole numbers."""
    if entry.kind != "function" or plain(entry) not in ("eq", "ne") or len(entry.args) != 2:
        return None
    slot = next((arg for arg in entry.args if isinstance(arg, Slot)), None)
    targets = _constant(entry)
    if slot is None or targets is None or not bool((targets == targets.round()).all()):
        return None
    makers = {number: one for one in tape.entries for number in one.results}
    at: Slot | None = slot
    while at is not None:
        maker = makers.get(at.number)
        if maker is None or maker.kind != "function":
            return None
        if plain(maker) in _PICKS:
            return slot
        at = next((arg for arg in maker.args if isinstance(arg, Slot)), None)
    return None


def _constant(entry: Entry) -> Tensor | None:
    """Return the targets, a number a row."""
    found = [a for a in entry.args if isinstance(a, Tensor) and a.ndim and not a.is_complex()]
    return found[0] if found and found[0].numel() == len(found[0]) else None
