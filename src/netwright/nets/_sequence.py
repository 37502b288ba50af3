"""What nets for texts and series share: reading both as vectors over time, and pooling them."""

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from netwright.nets._layers import choice
from netwright.nets._series import real_steps

POOLS = ("last", "mean", "max", "none")


class SequenceInput(nn.Module):
    """Text int64 (batch, time), 0 padding, or series (batch, time, in_channels) -> vectors, real.

    vectors (batch, time, out_features): embedded tokens, or the series as it is. real: bool (batch,
    time), which steps are no padding, its first step always True so that an empty text has
    something to be read (also one of no steps, which is read as one of padding); None for series
    whose lengths are not given.
    """

    def __init__(
        self, *, vocab: int, in_channels: int, width: int, std: float | None = None
    ) -> None:
        """std: of the vectors at the start, where it is not PyTorch's 1."""
        super().__init__()
        if (vocab > 0) == (in_channels > 0):
            raise ValueError(
                f"vocab is {vocab} and in_channels is {in_channels}; expected one of them. "
                "Give vocab for texts or in_channels for series."
            )
        self.embedding = nn.Embedding(vocab, width, padding_idx=0) if vocab else None
        if self.embedding is not None and std is not None:
            nn.init.normal_(self.embedding.weight, std=std)
        self.out_features = width if vocab else in_channels

    def forward(
        self, inputs: Tensor, lengths: Tensor | None = None, *, first: bool = True
    ) -> tuple[Tensor, Tensor | None]:
        """lengths int64 (batch,): steps of each series before its padding. first: these are a row's
        first steps; False where they go on from a state."""
        if self.embedding is None:
            self._check_series(inputs)
            real = real_steps(inputs, lengths)
            return (inputs, None) if real is None else (inputs * real.unsqueeze(-1), real)
        if inputs.ndim != 2:
            raise ValueError(
                f"Texts have the shape (batch, time), but these have {tuple(inputs.shape)}. "
                "For a single text add a batch axis: tokens.unsqueeze(0)."
            )
        if inputs.shape[1] == 0:
            inputs = F.pad(inputs, (0, 1))
        real = inputs != 0
        if first:
            real = torch.cat([torch.ones_like(real[:, :1]), real[:, 1:]], 1)
        return self.embedding(inputs), real

    def _check_series(self, series: Tensor) -> None:
        if series.ndim != 3 or series.shape[2] != self.out_features:
            raise ValueError(
                f"Series have the shape (batch, time, {self.out_features}), but these have "
                f"{tuple(series.shape)}. For a single series add a batch axis: series.unsqueeze(0)."
            )
        if series.shape[1] == 0:
            raise ValueError("A series has no steps; expected at least 1. Leave such rows out.")


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

    def step(
        self, states: Tensor, real: Tensor | None, before: tuple[Tensor, ...]
    ) -> tuple[Tensor, tuple[Tensor, ...]]:
        """As `forward`, of all steps so far -> features, and what to give as `before` next time.

        before: empty at a row's first steps.
        """
        if self.pool == "none":
            return states, ()
        if real is None:
            real = torch.ones(states.shape[:2], dtype=torch.bool, device=states.device)
        here = real.unsqueeze(-1)
        if self.pool == "mean":
            now = ((states * here).sum(1), here.sum(1))
            total, count = (a + b for a, b in zip(now, before, strict=True)) if before else now
            return total / count.clamp_min(1), (total, count)
        if self.pool == "max":
            highest = states.masked_fill(~here, -torch.inf).amax(1)
            highest = torch.maximum(highest, before[0]) if before else highest
            return highest, (highest,)
        newest = states[torch.arange(len(states), device=states.device), last(real)]
        if before:
            newest = torch.where(real.any(1, keepdim=True), newest, before[0])
        return newest, (newest,)


def last(real: Tensor) -> Tensor:
    """Return int64 (batch,): the last real step of each row."""
    steps = torch.arange(real.shape[1], device=real.device)
    return (real * steps).amax(1)
