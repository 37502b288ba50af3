"""Rows: what a net was given and should answer, as they were kept of training and evaluations."""

import math
import zlib
from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from netwright.watch.kept import Kept
from netwright.watch.skill import Goals, goals
from netwright.watch.snapshot import Snapshot, unseen

_ROWS = 3000
_MOST = 4_000_000  # numbers that the rows hold
_AT_ONCE = 256  # rows that a net is given


@dataclass(frozen=True)
class Rows:
    """inputs: (rows, ...). goal: a class or a number for each."""

    inputs: Tensor
    goal: Goals

    def at(self, which: Tensor) -> "Rows":
        """Return some of them: by their numbers, or a mask."""
        return Rows(self.inputs[which], self.goal.at(which))

    def __len__(self) -> int:
        return len(self.inputs)


def rows_of(pairs: Sequence[tuple[Tensor, Tensor]], loss: str, kept: Kept) -> Rows | None:
    """Join (inputs, targets) of one form whose targets the loss takes one of a row."""
    if not pairs or len({(x.shape[1:], x.dtype, t.shape[1:]) for x, t in pairs}) > 1:
        return None
    most = min(_ROWS, max(1, _MOST // max(1, math.prod(pairs[0][0].shape[1:]))))
    inputs = torch.cat([x for x, _ in pairs])[:most]
    targets = torch.cat([t for _, t in pairs])[:most]
    output = ask(kept.last, inputs[:2])
    if output is None or not len(output) == 2 or output.ndim > 2:
        return None
    goal = goals(loss, targets, output.shape[1] if output.ndim == 2 else 1)
    return None if goal is None else Rows(inputs, goal)


def ask(state: Snapshot, inputs: Tensor) -> Tensor | None:
    """Return what the (only) net of a state answers in eval mode; None for other than a tensor."""
    net = state.again().nets[0].eval()
    with unseen(), torch.no_grad():
        found = [net(part) for part in inputs.split(_AT_ONCE)]
    if not all(isinstance(part, Tensor) and part.ndim for part in found):
        return None
    return torch.cat(found)


def distinct(rows: Rows) -> Rows:
    """Return each row once: of what was seen in every epoch, a repetition tells nothing more."""
    seen: dict[tuple[int, float], int] = {}
    for i, key in enumerate(zip(hashes(rows.inputs), rows.goal.values.tolist(), strict=True)):
        seen.setdefault(key, i)
    return rows.at(torch.tensor(list(seen.values())))


def halves(rows: Rows) -> tuple[Rows, Rows]:
    """Deal different rows out into two halves: a row that comes again stays on one side."""
    sides = torch.tensor([h % 2 == 0 for h in hashes(rows.inputs)])
    return rows.at(sides), rows.at(~sides)


def hashes(inputs: Tensor) -> list[int]:
    """Return a number for each row's content, the same one in each process."""
    flat = inputs.reshape(len(inputs), -1).detach().cpu().contiguous().numpy()
    return [zlib.crc32(row.tobytes()) for row in flat]
