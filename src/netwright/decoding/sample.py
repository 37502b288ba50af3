"""Sampling: each token is drawn by the net's own probabilities, sharpened and cut as asked.

temperature divides the logits (0: the likeliest token). top_k keeps the k likeliest (Fan, Lewis and
Dauphin 2018, arXiv:1805.04833); top_p the fewest that have p of the probability together (nucleus
sampling, Holtzman et al. 2020, arXiv:1904.09751).
"""

from collections.abc import Iterator, Sequence
from typing import Any

import torch
from torch import Tensor

from netwright.decoding.step import Step

__all__ = ["cut", "sample"]


def sample(
    step: Step,
    first: Tensor,
    *,
    state: Any = None,
    count: int,
    rng: torch.Generator,
    temperature: float = 1.0,
    top_k: int | None = None,
    top_p: float | None = None,
    never: Sequence[int] = (),
) -> Iterator[Tensor]:
    """Yield `count` times the next tokens int64 (batch,) after `first` (batch, time), one by one.

    Draws on the CPU from `rng`, so that a seed gives the same text on every device.
    """
    tokens = first
    for _ in range(count):
        logits, state = step(tokens, state)
        scores = logits[:, -1].float().cpu().clone()
        scores[:, list(never)] = -torch.inf
        if temperature == 0:
            drawn = scores.argmax(1)
        else:
            scores = cut(scores / temperature, top_k=top_k, top_p=top_p)
            drawn = torch.multinomial(scores.softmax(1), 1, generator=rng)[:, 0]
        drawn = drawn.to(first.device)
        yield drawn
        tokens = drawn[:, None]


def cut(logits: Tensor, *, top_k: int | None = None, top_p: float | None = None) -> Tensor:
    """Return logits (batch, vocab) with -inf for what top_k and top_p leave out; the likeliest
    token always stays."""
    if top_k is not None:
        kth = logits.topk(min(max(top_k, 1), logits.shape[1]), 1).values[:, -1:]
        logits = logits.masked_fill(logits < kth, -torch.inf)
    if top_p is not None and top_p < 1:
        ordered, order = logits.sort(1, descending=True)
        shares = ordered.softmax(1)
        # A token stays while those before it have less than p.
        out = shares.cumsum(1) - shares >= top_p
        out[:, 0] = False
        logits = logits.masked_fill(out.scatter(1, order, out), -torch.inf)
    return logits
