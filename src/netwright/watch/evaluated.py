"""Evaluated: what the user's evaluations computed, run again on the nets as they ended.

Probes that judge an evaluation share this: its inputs, the net's output, the targets that the
user's lines met it with, and every other result of those lines.
"""

from collections.abc import Mapping
from dataclasses import dataclass

import torch
from torch import Tensor

from netwright.watch.kept import Kept, main_loss
from netwright.watch.snapshot import unseen
from netwright.watch.tape import Entry, Slot, Tape

_MEETS = ("eq", "ne", "sub", "rsub", "mul", "rmul", "mse_loss", "l1_loss")


@dataclass(frozen=True)
class Evaluated:
    """One batch. inputs and output have a row a sample; targets: None where only numpy saw them."""

    tape: Tape
    inputs: Tensor
    output: Tensor
    targets: Tensor | None
    slots: Mapping[int, Tensor]

    def maker(self, slot: object) -> Entry | None:
        """Return the entry whose result stands in an argument."""
        if not isinstance(slot, Slot):
            return None
        return next((e for e in self.tape.entries if slot.number in e.results), None)

    def path(self, entry: Entry) -> list[Entry]:
        """Return the calls that led from the net to an entry's first slot, the latest first; the
        net's own is left out."""
        found: list[Entry] = []
        while True:
            slot = next((a for a in entry.args if isinstance(a, Slot)), None)
            before = self.maker(slot)
            if before is None or before.kind == "net":
                return found
            found.append(before)
            entry = before


def plain(entry: Entry) -> str:
    """Return a function's name without underscores: "__gt__" is "gt"."""
    return entry.name.strip("_")


def evaluated(kept: Kept) -> list[Evaluated]:
    """Run the evaluations again, in eval mode, on the last state."""
    copied = kept.last.again()
    for net in copied.nets:
        net.eval()
    found = []
    for tape in kept.evaluations:
        nets = tape.nets()
        if len(nets) != 1 or not nets[0].args or not isinstance(nets[0].args[0], Tensor):
            continue
        with unseen(), torch.no_grad():
            slots = tape.run(copied.swap)
        inputs, output = nets[0].args[0], slots[nets[0].results[0]]
        if inputs.ndim and output.ndim and len(inputs) == len(output):
            found.append(Evaluated(tape, inputs, output, _targets(tape, len(output)), slots))
    return found


def trained(kept: Kept) -> list[tuple[Tensor, Tensor]]:
    """Return (inputs, targets) of the training steps that were kept, where each has one net."""
    found = []
    for tape in kept.tapes:
        nets, main = tape.nets(), main_loss(tape)
        if len(nets) != 1 or main is None or not nets[0].args:
            continue
        inputs, targets = nets[0].args[0], [*main.args, *main.kwargs.values()][1]
        if isinstance(inputs, Tensor) and isinstance(targets, Tensor) and targets.ndim:
            if inputs.ndim and len(inputs) == len(targets):
                found.append((inputs, targets))
    return found


def label_masks(tape: Tape) -> list[tuple[Tensor, float]]:
    """Return (the mask of a class's rows, its number) wherever an evaluation asks how many of a
    class are found: (guess[y == k] == k).mean()."""
    picked = {
        entry.results[0]: entry.args[1]
        for entry in tape.entries
        if plain(entry) == "getitem" and len(entry.args) == 2 and _is_mask(entry.args[1])
    }
    found = []
    for entry in tape.entries:
        if plain(entry) == "eq" and len(entry.args) == 2 and isinstance(entry.args[0], Slot):
            mask, label = picked.get(entry.args[0].number), entry.args[1]
            single = not isinstance(label, Tensor) or label.numel() == 1
            if mask is not None and single and not isinstance(label, Slot):
                found.append((mask, float(label)))
    return found


def _is_mask(value: object) -> bool:
    return isinstance(value, Tensor) and value.dtype == torch.bool and value.ndim == 1


def _masked(tape: Tape, rows: int) -> Tensor | None:
    """The targets that masks of classes add up to, where each row is in one."""
    masks = [(mask, label) for mask, label in label_masks(tape) if len(mask) == rows]
    if not masks or not bool((torch.stack([m for m, _ in masks]).sum(0) == 1).all()):
        return None
    targets = torch.zeros(rows, dtype=torch.long, device=masks[0][0].device)
    for mask, label in masks:
        targets[mask] = int(label)
    return targets


def _targets(tape: Tape, rows: int) -> Tensor | None:
    """The constant with a row a sample that a loss function has, or that a prediction meets, or
    what masks of its classes add up to."""
    losses = [entry for entry in tape.entries if entry.kind == "loss"]
    met = [e for e in tape.entries if e.kind == "function" and plain(e) in _MEETS]
    for entry in losses + met:
        for value in [*entry.args, *entry.kwargs.values()]:
            if isinstance(value, Tensor) and value.ndim and len(value) == rows:
                return value
    return _masked(tape, rows)
