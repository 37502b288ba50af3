"""DLinear: a forecast is one linear map of the window's trend plus one of what remains.

trend = moving average of the window, season = window - trend, forecast = W_t trend + W_s season +
b.

Zeng et al. 2023, "Are Transformers Effective for Time Series Forecasting?", arXiv:2205.13504.
Different from the paper: all channels of the window may speak for the one channel that is forecast
(the paper maps each channel by itself); the maps start at zero, so the net starts as a naive
forecast: 0 (what data already relative to a naive forecast asks for), the window's level with
`normalise`, or with `season` the value one season before.
"""

import torch
from torch import Tensor, nn

from netwright.nets._layers import Dropout, positive
from netwright.nets._series import WindowNorm

__all__ = ["DLinear"]


class DLinear(nn.Module):
    """(batch, time, in_channels) -> (batch, outputs), the next `outputs` steps of one channel.

    length: steps of the window. target: the channel that is forecast. kernel_size: steps the moving
    average spans. normalise: "none", "last", "mean" or "revin" (see _series). season: steps of a
    season that the forecast starts from repeating, 0 for none.
    """

    season_index: Tensor

    def __init__(
        self,
        *,
        in_channels: int,
        length: int,
        outputs: int,
        target: int = 0,
        kernel_size: int = 25,
        normalise: str = "none",
        season: int = 0,
        dropout: float = 0.0,
    ) -> None:
        super().__init__()
        positive(in_channels=in_channels, length=length, outputs=outputs, kernel_size=kernel_size)
        if not 0 <= target < in_channels:
            raise ValueError(
                f"target is channel {target}, but the series has channels 0 to {in_channels - 1}. "
                "Give one of these."
            )
        if season > length:
            raise ValueError(
                f"season is {season} steps, but the window has {length}. "
                "Give a longer window, or season: 0."
            )
        self.target = target
        self.norm = WindowNorm(normalise, target=target)
        # An even span reaches one step further back than ahead.
        self.pad = nn.ReplicationPad1d((kernel_size // 2, (kernel_size - 1) // 2))
        self.average = nn.AvgPool1d(kernel_size, stride=1)
        self.dropout = Dropout(dropout)
        self.trend = nn.Linear(in_channels * length, outputs)
        self.rest = nn.Linear(in_channels * length, outputs, bias=False)
        for layer in (self.trend, self.rest):
            for p in layer.parameters():
                nn.init.zeros_(p)
            layer.own_init = True  # type: ignore[assignment]  # a mark on the module, no sub-module
        # Step h repeats the step of the window that is a whole number of seasons before it.
        ahead = torch.arange(outputs)
        index = length - season + ahead % season if season else ahead[:0]
        self.register_buffer("season_index", index, persistent=False)

    def forward(self, series: Tensor) -> Tensor:
        rows, level, scale = self.norm(series)
        channels = rows.transpose(1, 2)  # (batch, in_channels, time)
        trend = self.average(self.pad(channels))
        rest = channels - trend
        forecast = self.trend(self.dropout(trend.flatten(1)))
        forecast = forecast + self.rest(self.dropout(rest.flatten(1)))
        if len(self.season_index):
            forecast = forecast + channels[:, self.target].index_select(1, self.season_index)
        return self.norm.restore(forecast, level, scale)
