"""What nets for texts and series share: reading both as vectors over time, and pooling them."""

import torch
from torch import Tensor, nn

from netwright.nets._layers import choice

POOLS = ("last", "mean", "max", "none")


class SequenceInput(nn.Module):
    """Text int64 (batch, time), 0 padding, or series (batch, time, in_channels) -> vectors, real.

    vectors (batch, time, out_features): embedded tokens, or the series as it is. real: bool (batch,
    time), which steps are no padding, its first step always True so that an empty text has
    something to be read; None for a series.
    """

    def __init__(self, *, vocab: int, in_channels: int, width: int) -> None:
        super().__init__()
        if (vocab > 0) == (in_channels > 0):
            raise ValueError(
                f"vocab is {vocab} and in_channels is {in_channels}; expected one of them. "
                "Give vocab for texts or in_channels for series."
            )
        self.embedding = nn.Embedding(vocab, width, padding_idx=0) if vocab else None
        self.out_features = width if vocab else in_channels

    def forward(self, inputs: Tensor) -> tuple[Tensor, Tensor | None]:
        if self.embedding is None:
            return inputs, None
        real = inputs != 0
        real = torch.cat([torch.ones_like(real[:, :1]), real[:, 1:]], 1)
        return self.embedding(inputs), real


class SequencePool(nn.Module):
    """states (batch, time, features), real bool (batch, time) or None -> (batch, features).

    pool: "last" real step, "mean" or "max" over the real steps, or "none": (batch, time, features)
    as they are.
    """

    def __init__(self, pool: str) -> None:
        super().__init__()
        self.pool = choice("pool", pool, POOLS)

    def forward(self, states: Tensor, real: Tensor | None) -> Tensor:
        if self.pool == "none":
            return states
        if self.pool == "last":
            return (
                states[:, -1]
                if real is None
                else states[torch.arange(len(states), device=states.device), last(real)]
            )
        if real is None:
            return states.mean(1) if self.pool == "mean" else states.amax(1)
        here = real.unsqueeze(-1)
        if self.pool == "mean":
            return (states * here).sum(1) / here.sum(1)
        return states.masked_fill(~here, -torch.inf).amax(1)


def last(real: Tensor) -> Tensor:
    """Return int64 (batch,): the last real step of each row."""
    steps = torch.arange(real.shape[1], device=real.device)
    return (real * steps).amax(1)
