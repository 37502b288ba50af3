"""Attention, a layer: each query gathers from the steps it asks for, by how well they match.

additive:    score = v' tanh(W q + U k)                  (Bahdanau, Cho and Bengio 2015)
dot product: score = q' W k                              (Luong, Pham and Manning 2015, "general")
scaled:      score = q' k / sqrt(d), in several heads    (Vaswani et al. 2017)
weights = softmax(scores) over the steps that may be seen,  answer = sum of weights * values.

arXiv:1409.0473, arXiv:1508.04025, arXiv:1706.03762; rotary positions of Su et al. 2021,
arXiv:2104.09864. Different from Vaswani: PyTorch's fused kernel computes it; `scaled_dot_product`
is the same written out.
"""

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from netwright.nets._layers import positive

__all__ = ["MultiHeadAttention"]

# Keys and values of the steps so far, each (batch, heads, time, head width).
Past = tuple[Tensor, Tensor]


class MultiHeadAttention(nn.Module):
    """(batch, time, width), real bool (batch, time) or None -> (batch, time, width).

    causal: a step sees itself and earlier ones alone. rotary: queries and keys are turned by their
    step, so that a score depends on how far apart two steps are. real: steps that may be seen (no
    padding).
    """

    def __init__(
        self,
        *,
        width: int,
        num_heads: int = 4,
        causal: bool = False,
        rotary: bool = False,
        dropout: float = 0.0,
    ) -> None:
        super().__init__()
        check_heads(width, num_heads, rotary=rotary)
        self.num_heads, self.causal, self.rotary = num_heads, causal, rotary
        self.attend = ScaledDotProduct(causal=causal, dropout=dropout)
        self.qkv = nn.Linear(width, 3 * width)
        self.qkv.feeds = "attention"  # type: ignore[assignment]  # for init: no activation follows
        self.out = nn.Linear(width, width)

    def forward(self, x: Tensor, real: Tensor | None = None) -> Tensor:
        query, key, value = self._split(x, None)
        heads = self.attend(query, key, value, self._mask(x, real))
        return self.out(heads.transpose(1, 2).flatten(2))

    def weights(self, x: Tensor, real: Tensor | None = None) -> Tensor:
        """Return what each step gathers from which, (batch, heads, time, time); rows add up to
        1."""
        query, key, value = self._split(x, None)
        mask = self._mask(x, real)
        if mask is None and self.causal:
            mask = earlier(x.shape[1], x.device)
        return scaled_dot_product(query, key, value, mask)[1]

    def step(self, x: Tensor, past: Past | None, mask: Tensor, at: Tensor) -> tuple[Tensor, Past]:
        """Answer for new steps that see those of `past` too -> (batch, time, width), past.

        mask: bool (batch, 1, new steps, all steps), what each sees. at: int64 (batch, new steps),
        the position of each.
        """
        query, key, value = self._split(x, at)
        if past is not None:
            key, value = torch.cat([past[0], key], 2), torch.cat([past[1], value], 2)
        heads = self.attend(query, key, value, mask)
        return self.out(heads.transpose(1, 2).flatten(2)), (key, value)

    def _split(self, x: Tensor, at: Tensor | None) -> tuple[Tensor, Tensor, Tensor]:
        """Return queries, keys and values, each (batch, heads, time, head width)."""
        batch, time, width = x.shape
        qkv = self.qkv(x).view(batch, time, 3, self.num_heads, width // self.num_heads)
        query, key, value = qkv.permute(2, 0, 3, 1, 4)
        return (rotate(query, at), rotate(key, at), value) if self.rotary else (query, key, value)

    def _mask(self, x: Tensor, real: Tensor | None) -> Tensor | None:
        if real is None:
            return None
        mask = real[:, None, None, :]
        return mask & earlier(x.shape[1], x.device) if self.causal else mask


class CrossAttention(nn.Module):
    """x (batch, time, width), memory (batch, steps, width), real bool (batch, steps) or None
    -> (batch, time, width): the steps of x ask, those of the memory answer."""

    def __init__(self, *, width: int, num_heads: int = 4, dropout: float = 0.0) -> None:
        super().__init__()
        check_heads(width, num_heads, rotary=False)
        self.num_heads = num_heads
        self.attend = ScaledDotProduct(causal=False, dropout=dropout)
        self.query = nn.Linear(width, width)
        self.key_value = nn.Linear(width, 2 * width)
        for layer in (self.query, self.key_value):
            layer.feeds = "attention"  # type: ignore[assignment]  # for init: no activation follows
        self.out = nn.Linear(width, width)

    def forward(self, x: Tensor, memory: Tensor, real: Tensor | None = None) -> Tensor:
        return self.read(x, self.keys(memory), real)

    def keys(self, memory: Tensor) -> Past:
        """Return the memory's keys and values, for several calls of `read`."""
        both = self.key_value(memory).unflatten(2, (2, self.num_heads, -1))
        key, value = both.permute(2, 0, 3, 1, 4)
        return key, value

    def read(self, x: Tensor, keys: Past, real: Tensor | None) -> Tensor:
        query = self.query(x).unflatten(2, (self.num_heads, -1)).transpose(1, 2)
        heads = self.attend(query, *keys, None if real is None else real[:, None, None, :])
        return self.out(heads.transpose(1, 2).flatten(2))


class ScaledDotProduct(nn.Module):
    """query, key, value (batch, heads, time, features), mask bool or None -> the same shape as
    query: softmax(query key' / sqrt(features)) value, by torch's kernels."""

    def __init__(self, *, causal: bool, dropout: float) -> None:
        super().__init__()
        self.causal, self.dropout = causal, dropout

    def forward(self, query: Tensor, key: Tensor, value: Tensor, mask: Tensor | None) -> Tensor:
        return F.scaled_dot_product_attention(
            query,
            key,
            value,
            attn_mask=mask,
            is_causal=self.causal and mask is None,
            dropout_p=self.dropout if self.training else 0.0,
        )


class AdditiveAttention(nn.Module):
    """query (batch, time, query_size), memory (batch, steps, memory_size), real bool (batch,
    steps) or None -> what was gathered (batch, time, memory_size), weights (batch, time, steps)."""

    def __init__(self, *, query_size: int, memory_size: int, width: int = 128) -> None:
        super().__init__()
        positive(query_size=query_size, memory_size=memory_size, width=width)
        self.query = nn.Linear(query_size, width)
        # One bias inside the tanh is enough; one after v would add the same to all scores.
        self.key = nn.Linear(memory_size, width, bias=False)
        self.score = nn.Linear(width, 1, bias=False)

    def forward(
        self, query: Tensor, memory: Tensor, real: Tensor | None = None
    ) -> tuple[Tensor, Tensor]:
        pairs = self.query(query)[:, :, None] + self.key(memory)[:, None]  # (..., steps, width)
        scores = self.score(pairs.tanh()).squeeze(-1)
        weights = masked_softmax(scores, None if real is None else real[:, None])
        return weights @ memory, weights


class DotAttention(nn.Module):
    """As AdditiveAttention, with scores that are dot products: query' W memory."""

    def __init__(self, *, query_size: int, memory_size: int) -> None:
        super().__init__()
        positive(query_size=query_size, memory_size=memory_size)
        self.key = nn.Linear(memory_size, query_size, bias=False)

    def forward(
        self, query: Tensor, memory: Tensor, real: Tensor | None = None
    ) -> tuple[Tensor, Tensor]:
        scores = query @ self.key(memory).transpose(1, 2)  # (batch, time, steps)
        weights = masked_softmax(scores, None if real is None else real[:, None])
        return weights @ memory, weights


def scaled_dot_product(
    query: Tensor, key: Tensor, value: Tensor, mask: Tensor | None = None
) -> tuple[Tensor, Tensor]:
    """softmax(query key' / sqrt(features)) value, written out -> answers, weights.

    query (..., time, features), key and value (..., steps, features), mask bool (..., time, steps).
    """
    scores = query @ key.transpose(-1, -2) / query.shape[-1] ** 0.5
    weights = masked_softmax(scores, mask)
    return weights @ value, weights


def masked_softmax(scores: Tensor, mask: Tensor | None) -> Tensor:
    """Softmax over the last axis where mask is True, 0 elsewhere; all 0 where nothing may be
    seen."""
    if mask is None:
        return scores.softmax(-1)
    # The lowest number, not -inf: a row of nothing but -inf has no softmax.
    return scores.masked_fill(~mask, torch.finfo(scores.dtype).min).softmax(-1) * mask


def earlier(time: int, device: torch.device) -> Tensor:
    """Return bool (time, time): may a step (row) see another (column), which comes no later?"""
    return torch.ones(time, time, dtype=torch.bool, device=device).tril()


def check_heads(width: int, num_heads: int, *, rotary: bool) -> None:
    """Refuse a width that the heads cannot share evenly."""
    positive(width=width, num_heads=num_heads)
    if width % num_heads or (rotary and width // num_heads % 2):
        raise ValueError(
            f"width is {width} for {num_heads} heads; expected a multiple of num_heads"
            f"{' with an even number for each head' if rotary else ''}. "
            f"Give width: {num_heads * 2 * max(1, round(width / num_heads / 2))}."
        )


def rotate(x: Tensor, at: Tensor | None = None, *, longest_turn: float = 10_000.0) -> Tensor:
    """Turn each pair of numbers by an angle that grows with the step.

    (..., time, features) -> the same. at: int64 (batch, time), the step of each row of x (batch,
    heads, time, features) where it is not its place.

    Pair i turns by at / longest_turn^(i / pairs) radians.
    """
    time, features = x.shape[-2:]
    half = features // 2
    speeds = longest_turn ** (-torch.arange(half, device=x.device, dtype=torch.float32) / half)
    steps = torch.arange(time, device=x.device) if at is None else at.unsqueeze(1)
    angles = steps.float().unsqueeze(-1) * speeds
    cos, sin = angles.cos().to(x.dtype), angles.sin().to(x.dtype)
    first, second = x[..., :half], x[..., half:]
    return torch.cat([first * cos - second * sin, first * sin + second * cos], -1)
