"""Greedy search: at each step the likeliest token."""

from collections.abc import Sequence
from typing import Any

import torch
from torch import Tensor

from netwright.decoding.step import Step, pick_rows

__all__ = ["greedy"]


def greedy(
    step: Step,
    first: Tensor,
    *,
    state: Any = None,
    end: int,
    most: int | Tensor,
    never: Sequence[int] = (),
) -> Tensor:
    """Return int64 (batch, steps): the tokens written after `first` (batch, time), each row up to
    and with `end`, then 0. most: steps of a row, one number or one for each (batch,). never: tokens
    that are not written.

    Rows that have ended take no further steps, so a batch costs what its rows cost.
    """
    rows = len(first)
    limits = torch.as_tensor(most, device=first.device).expand(rows)
    longest = int(limits.max()) if rows else 0
    written = torch.zeros(rows, longest, dtype=torch.int64, device=first.device)
    going = torch.arange(rows, device=first.device)
    tokens, length = first, 0
    while length < longest and len(going):
        logits, state = step(tokens, state)
        scores = logits[:, -1].clone()
        scores[:, list(never)] = -torch.inf
        best = scores.argmax(1)
        written[going, length] = best
        length += 1
        stay = ((best != end) & (length < limits[going])).nonzero()[:, 0]
        if len(stay) < len(going):
            going, best, state = going[stay], best[stay], pick_rows(state, stay)
        tokens = best[:, None]
    return written[:, :length]
