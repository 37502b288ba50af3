"""What forecasting nets share: windows brought to their own level and scale, and back again.

Kim et al. 2022 (RevIN: mean and standard deviation of the window), Zeng et al. 2023 (NLinear: its
last value).
"""

import torch
from torch import Tensor, nn

from netwright.nets._layers import choice

NORMALISE = ("none", "last", "mean", "revin")


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
