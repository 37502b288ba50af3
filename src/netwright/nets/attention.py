"""Multi-head attention, a layer: each step gathers from the steps it asks for.

head = softmax(Q K^T / sqrt(d)) V,  Q, K, V = linear maps of x;  y = W [head_1, ..., head_n].

Vaswani et al. 2017, arXiv:1706.03762; rotary positions of Su et al. 2021, arXiv:2104.09864.
Different from the paper: self-attention only, and PyTorch's fused kernel computes it.
"""

import torch
from torch import Tensor, nn
from torch.nn import functional as F

__all__ = ["MultiHeadAttention"]


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
        if width % num_heads or (rotary and width // num_heads % 2):
            raise ValueError(
                f"width is {width} for {num_heads} heads; expected a multiple of num_heads"
                f"{' with an even number for each head' if rotary else ''}. "
                f"Give width: {num_heads * 2 * max(1, round(width / num_heads / 2))}."
            )
        self.num_heads, self.causal, self.rotary = num_heads, causal, rotary
        self.attend = ScaledDotProduct(causal=causal, dropout=dropout)
        self.qkv = nn.Linear(width, 3 * width)
        self.qkv.feeds = "attention"  # type: ignore[assignment]  # for init: no activation follows
        self.out = nn.Linear(width, width)

    def forward(self, x: Tensor, real: Tensor | None = None) -> Tensor:
        batch, time, width = x.shape
        qkv = self.qkv(x).view(batch, time, 3, self.num_heads, width // self.num_heads)
        query, key, value = qkv.permute(2, 0, 3, 1, 4)  # each (batch, heads, time, head width)
        if self.rotary:
            query, key = rotate(query), rotate(key)
        mask = None
        if real is not None:
            mask = real[:, None, None, :]
            if self.causal:
                mask = mask & x.new_ones(time, time, dtype=torch.bool).tril()
        heads = self.attend(query, key, value, mask)
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


def rotate(x: Tensor, *, longest_turn: float = 10_000.0) -> Tensor:
    """Turn each pair of numbers by an angle that grows with the step.

    (..., time, features) -> the same.

    Pair i turns by time / longest_turn^(i / pairs) radians.
    """
    time, features = x.shape[-2:]
    half = features // 2
    speeds = longest_turn ** (-torch.arange(half, device=x.device, dtype=torch.float32) / half)
    angles = torch.arange(time, device=x.device, dtype=torch.float32)[:, None] * speeds
    cos, sin = angles.cos().to(x.dtype), angles.sin().to(x.dtype)
    first, second = x[..., :half], x[..., half:]
    return torch.cat([first * cos - second * sin, first * sin + second * cos], -1)
