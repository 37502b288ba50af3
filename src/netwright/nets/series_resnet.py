"""Residual net for time series: three blocks of three convolutions, each added to its shortcut.

block: [conv - norm - act] x 2 - conv - norm, plus the shortcut, then act.  outputs = W mean over
time + b.

Wang, Yan and Oates 2017, "Time Series Classification from Scratch", arXiv:1611.06455. Different
from the paper: the last norm of each branch starts at zero, so that the net starts as its
shortcuts.
"""

from collections.abc import Sequence

from torch import Tensor, nn

from netwright.nets._layers import Dropout, activation_layer, output_layer, positive
from netwright.nets._series import mean_over_time, through, without_padding
from netwright.nets.fcn import conv_norm

__all__ = ["SeriesResNet"]


class SeriesResNet(nn.Module):
    """(batch, time, in_channels) -> (batch, outputs).

    lengths int64 (batch,), a second input: steps of each row before its padding, which then changes
    nothing (with batch norm, in evaluation; layer and group norm would look at it). length: steps a
    row, as the data gives it; any length works. channels: of each block. kernel_sizes: of the
    convolutions of every block. dropout: before the outputs.
    """

    def __init__(
        self,
        *,
        in_channels: int,
        outputs: int,
        length: int = 0,
        channels: Sequence[int] = (64, 128, 128),
        kernel_sizes: Sequence[int] = (8, 5, 3),
        activation: str = "relu",
        norm: str = "batch",
        dropout: float = 0.0,
    ) -> None:
        super().__init__()
        positive(in_channels=in_channels, outputs=outputs, blocks=len(channels))
        layers: list[nn.Module] = []
        features = in_channels
        for size in channels:
            layers.append(
                SeriesBlock(
                    features, size, kernel_sizes=kernel_sizes, activation=activation, norm=norm
                )
            )
            features = size
        self.depth = len(layers)
        layers += [nn.AdaptiveAvgPool1d(1), nn.Flatten()]  # as in `forward`, which knows padding
        if dropout > 0:
            layers.append(Dropout(dropout))
        self.layers = nn.Sequential(*layers, output_layer(features, outputs))

    def forward(self, series: Tensor, lengths: Tensor | None = None) -> Tensor:
        x, real = without_padding(series, lengths)
        layers = list(self.layers)
        for block in layers[: self.depth]:
            x = block(x, real)
        return through(layers[self.depth + 2 :], mean_over_time(x, real), None)


class SeriesBlock(nn.Module):
    """(batch, in_channels, time), and the steps that are no padding, bool (batch, 1, time), or None
    -> (batch, channels, time)."""

    def __init__(
        self,
        in_channels: int,
        channels: int,
        *,
        kernel_sizes: Sequence[int],
        activation: str,
        norm: str,
    ) -> None:
        super().__init__()
        branch: list[nn.Module] = []
        features = in_channels
        for size in kernel_sizes:
            branch += conv_norm(features, channels, size, norm=norm)
            branch.append(activation_layer(activation, axis=1))
            features = channels
        last = branch[-2]
        for p in last.parameters():
            nn.init.zeros_(p)
        last.own_init = True  # type: ignore[assignment]  # a mark on the module, no sub-module
        self.branch = nn.Sequential(*branch[:-1])  # the last activation comes after the sum
        self.shortcut = nn.Sequential(
            *(conv_norm(in_channels, channels, 1, norm=norm) if in_channels != channels else [])
        )
        self.activation = activation_layer(activation, axis=1)

    def forward(self, x: Tensor, real: Tensor | None = None) -> Tensor:
        found: Tensor = self.activation(self.shortcut(x) + through(self.branch, x, real))
        return found if real is None else found * real
