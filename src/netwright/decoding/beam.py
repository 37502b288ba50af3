"""Beam search: the `width` likeliest beginnings are kept at each step, not only the first.

A finished row scores log p / ((5 + length) / 6) ** alpha, for the sum of log probabilities alone
prefers short ones (Wu et al. 2016, arXiv:1609.08144).
"""

from collections.abc import Sequence
from typing import Any

import torch
from torch import Tensor

from netwright.decoding.step import Step, pick_rows

__all__ = ["beam_search"]


def beam_search(
    step: Step,
    first: Tensor,
    *,
    state: Any = None,
    end: int,
    most: int | Tensor,
    width: int,
    alpha: float = 0.6,
    never: Sequence[int] = (),
) -> tuple[Tensor, Tensor]:
    """Return (int64 (batch, steps), scores (batch,)): the best row found after `first` (batch,
    time), up to and with `end`, then 0, and its score. width 1 with alpha 0 is the greedy search.

    most: steps of a row, one number or one for each (batch,); a row that has not ended by then is
    scored as it is.
    """
    if width < 1:
        raise ValueError(f"A beam of width {width} keeps nothing; expected at least 1.")
    rows, device = len(first), first.device
    limits = torch.as_tensor(most, device=device).expand(rows)
    longest = int(limits.max()) if rows else 0
    each = torch.arange(rows, device=device)
    beams = each.repeat_interleave(width)
    first, state = first[beams], pick_rows(state, beams)
    written = torch.zeros(rows, width, longest, dtype=torch.int64, device=device)
    # All beams of a row begin alike: only the first counts until they differ.
    total = torch.full((rows, width), -torch.inf, device=device)
    total[:, 0] = 0.0
    best = torch.zeros(rows, longest, dtype=torch.int64, device=device)
    best_score = torch.full((rows,), -torch.inf, device=device)
    tokens, length = first, 0
    for length in range(1, longest + 1):
        logits, state = step(tokens, state)
        scores = logits[:, -1].float().log_softmax(1)
        scores[:, list(never)] = -torch.inf
        vocab = scores.shape[1]
        sums = (total[:, :, None] + scores.view(rows, width, vocab)).flatten(1)
        # Twice as many as are kept: at most `width` of them end.
        top, at = sums.topk(min(2 * width, sums.shape[1]), 1)
        parent, token = at // vocab, at % vocab
        ended = token == end
        penalty = ((5 + length) / 6) ** alpha
        final = torch.where(ended, top / penalty, -torch.inf)
        score, which = final.max(1)
        better = score > best_score
        prefix = written[each, parent[each, which]]
        prefix[:, length - 1] = end
        best = torch.where(better[:, None], prefix, best)
        best_score = torch.where(better, score, best_score)
        total, kept = torch.where(ended, -torch.inf, top).topk(width, 1)
        parent, token = parent.gather(1, kept), token.gather(1, kept)
        written = written[each[:, None], parent]
        written[:, :, length - 1] = token
        over = limits == length
        cut = over & (best_score == -torch.inf)
        best = torch.where(cut[:, None], written[:, 0], best)
        best_score = torch.where(cut, total[:, 0] / penalty, best_score)
        total = total.masked_fill(over[:, None], -torch.inf)
        # What goes on can at best keep its sum, at the largest penalty's divisor.
        hope = total[:, 0] / (((5 + limits) / 6) ** alpha)
        if bool((best_score >= hope).all()):
            break
        state = pick_rows(state, (each[:, None] * width + parent).flatten())
        tokens = token.view(-1, 1)
    return best[:, :length], best_score
