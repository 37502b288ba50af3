"""What nets for series share: padding cut out of rows of unequal length; and, of forecasts, windows
brought to their own level and scale, and back again.

Kim et al. 2022 (RevIN: mean and standard deviation of the window), Zeng et al. 2023 (NLinear: its
last value).
"""

from collections.abc import Iterable

import torch
from torch import Tensor, nn

from netwright.nets._layers import choice

NORMALISE = ("none", "last", "mean", "revin")


def real_steps(series: Tensor, lengths: Tensor | None) -> Tensor | None:
    """series (batch, time, channels), lengths int64 (batch,) -> bool (batch, time): the steps that
    are no padding; None where there are no lengths."""
    if lengths is None:
        return None
    return torch.arange(series.shape[1], device=series.device) < lengths[:, None]


def without_padding(series: Tensor, lengths: Tensor | None) -> tuple[Tensor, Tensor | None]:
    """series (batch, time, channels) -> (batch, channels, time), zeros in place of padding; and the
    steps that are none, bool (batch, 1, time)."""
    x, real = series.transpose(1, 2), real_steps(series, lengths)
    return (x, None) if real is None else (x * real[:, None], real[:, None])


def through(layers: Iterable[nn.Module], x: Tensor, real: Tensor | None) -> Tensor:
    """Pass x (batch, channels, time) through layers. real, bool (batch, 1, time): what is padding
    is made zero after every layer that keeps the length, as a convolution takes what lies beyond.
    """
    for layer in layers:
        x = layer(x)
        if real is not None and x.shape[2:] == real.shape[2:]:
            x = x * real
    return x


def mean_over_time(x: Tensor, real: Tensor | None) -> Tensor:
    """x (batch, channels, time), zeros in place of padding -> (batch, channels)."""
    return x.mean(2) if real is None else x.sum(2) / real.sum(2)


class WindowNorm(nn.Module):
    """(batch, time, channels) -> the same with each row's own level (and scale) taken out.

    normalise: "none", "last" (subtract the last value), "mean" (subtract the mean) or "revin" (and
    divide by the standard deviation). target: the channel that is forecast, whose level and scale
    `restore` puts back.
    """

    def __init__(self, normalise: str, *, target: int) -> None:
        super().__init__()
        self.normalise = choice("normalise", normalise, NORMALISE)
        self.target = target

    def forward(self, series: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """Return the rows without level and scale, then the target's two, each (batch, 1)."""
        if self.normalise == "none":
            level, scale = torch.zeros_like(series[:, :1]), torch.ones_like(series[:, :1])
        else:
            level = series[:, -1:] if self.normalise == "last" else series.mean(1, keepdim=True)
            scale = torch.ones_like(level)
            if self.normalise == "revin":
                # A constant window has no scale: it keeps its own values.
                std = series.std(1, keepdim=True, correction=0)
                scale = torch.where(std > 1e-4, std, scale)
        rows = (series - level) / scale
        return rows, level[..., self.target], scale[..., self.target]

    def restore(self, forecast: Tensor, level: Tensor, scale: Tensor) -> Tensor:
        """(batch, horizon) -> the same, at the level and scale of the target's window."""
        return forecast * scale + level
