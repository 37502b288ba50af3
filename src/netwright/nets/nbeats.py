"""N-BEATS: each block of linear layers explains part of the window and forecasts from that part.

block: h = layers(window), backcast = B_b W_b h, forecast = B_f W_f h;  the next block reads window
- backcast, and the forecasts add up. The bases B are free ("generic"), polynomials ("trend") or
sines and cosines ("seasonality").

Oreshkin et al. 2020, arXiv:1905.10437; channels beside the target are read by every block, as in
NBEATSx (Olivares et al. 2023, arXiv:2104.05522). Different from the papers: one net, not an
ensemble of many; the forecast weights start at zero, so the net starts as the naive forecast of its
window's level.
"""

import math
from collections.abc import Sequence

import torch
from torch import Tensor, nn

from netwright.nets._layers import Dropout, activation_layer, choice, positive
from netwright.nets._series import WindowNorm

__all__ = ["NBeats"]

STACKS = ("generic", "trend", "seasonality")


class NBeats(nn.Module):
    """(batch, time, in_channels) -> (batch, outputs), the next `outputs` steps of one channel.

    length: steps of the window. target: the channel that is forecast. stacks: the basis of each
    stack, of `blocks` blocks each. width and depth: of a block's layers. degree: of the
    polynomials. normalise: "none", "last", "mean" or "revin" (see _series).
    """

    def __init__(
        self,
        *,
        in_channels: int,
        length: int,
        outputs: int,
        target: int = 0,
        stacks: Sequence[str] = ("generic", "generic"),
        blocks: int = 2,
        width: int = 128,
        depth: int = 3,
        degree: int = 3,
        normalise: str = "none",
        activation: str = "relu",
        dropout: float = 0.0,
    ) -> None:
        super().__init__()
        positive(length=length, outputs=outputs, stacks=len(stacks), blocks=blocks, depth=depth)
        if not 0 <= target < in_channels:
            raise ValueError(
                f"target is channel {target}, but the series has channels 0 to {in_channels - 1}. "
                "Give one of these."
            )
        self.target = target
        self.norm = WindowNorm(normalise, target=target)
        kinds = [choice("stacks", stack, STACKS) for stack in stacks for _ in range(blocks)]
        self.blocks = nn.ModuleList(
            NBeatsBlock(
                kind,
                length=length,
                features=in_channels * length,
                outputs=outputs,
                width=width,
                depth=depth,
                degree=degree,
                activation=activation,
                dropout=dropout,
                # Nothing reads what the last block leaves over.
                with_backcast=i < len(kinds) - 1,
            )
            for i, kind in enumerate(kinds)
        )

    def forward(self, series: Tensor) -> Tensor:
        rows, level, scale = self.norm(series)
        window = rows[..., self.target]
        others = torch.cat([rows[..., : self.target], rows[..., self.target + 1 :]], 2).flatten(1)
        total = window.new_zeros(())
        for block in self.blocks:
            backcast, forecast = block(torch.cat([window, others], 1))
            window = window - backcast
            total = total + forecast
        return self.norm.restore(total, level, scale)


class NBeatsBlock(nn.Module):
    """(batch, features) -> backcast (batch, length) or 0, forecast (batch, outputs)."""

    past: Tensor
    future: Tensor

    def __init__(
        self,
        kind: str,
        *,
        length: int,
        features: int,
        outputs: int,
        width: int,
        depth: int,
        degree: int,
        activation: str,
        dropout: float,
        with_backcast: bool,
    ) -> None:
        super().__init__()
        layers: list[nn.Module] = []
        for _ in range(depth):
            layers += [nn.Linear(features, width), activation_layer(activation)]
            if dropout > 0:
                layers.append(Dropout(dropout))
            features = width
        self.layers = nn.Sequential(*layers)
        past, future = bases(kind, length, outputs, degree=degree)
        self.register_buffer("past", past, persistent=False)
        self.register_buffer("future", future, persistent=False)
        self.backcast = nn.Linear(width, len(past), bias=False) if with_backcast else None
        self.forecast = nn.Linear(width, len(future), bias=False)
        if self.backcast is not None:
            self.backcast.feeds = "outputs"  # type: ignore[assignment]  # for init: a plain sum follows
        nn.init.zeros_(self.forecast.weight)
        self.forecast.own_init = True  # type: ignore[assignment]  # a mark on the module, no sub-module

    def forward(self, x: Tensor) -> tuple[Tensor, Tensor]:
        h = self.layers(x)
        forecast = self.forecast(h) @ self.future
        if self.backcast is None:
            return forecast.new_zeros(()), forecast
        return self.backcast(h) @ self.past, forecast


def bases(kind: str, length: int, outputs: int, *, degree: int) -> tuple[Tensor, Tensor]:
    """Return the rows that weights multiply, (coefficients, length) and (coefficients, outputs)."""
    if kind == "generic":
        return torch.eye(length), torch.eye(outputs)
    if kind == "trend":
        past = torch.linspace(-1, 0, length + 1)[:-1]
        # The same clock goes on after the window, in units of its length.
        future = torch.arange(outputs) / length
        powers = torch.arange(degree + 1)[:, None]
        return past**powers, future**powers
    harmonics = torch.arange(max(outputs // 2, 1))[:, None]
    waves = []
    for steps in (torch.arange(-length, 0), torch.arange(outputs)):
        angle = 2 * math.pi * harmonics * steps / outputs
        waves.append(torch.cat([angle.cos(), angle[1:].sin()]))
    return waves[0], waves[1]
