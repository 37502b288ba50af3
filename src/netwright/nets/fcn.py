"""Fully convolutional net for time series: three convolutions over time, then the mean over time.

[conv - norm - activation] x 3, outputs = W mean over time + b.

Wang, Yan and Oates 2017, "Time Series Classification from Scratch", arXiv:1611.06455. No difference
but the options.
"""

from collections.abc import Sequence

from torch import Tensor, nn

from netwright.nets._layers import Dropout, activation_layer, channel_norm, output_layer, positive
from netwright.nets._series import mean_over_time, through, without_padding

__all__ = ["FCN"]


class FCN(nn.Module):
    """(batch, time, in_channels) -> (batch, outputs).

    lengths int64 (batch,), a second input: steps of each row before its padding, which then changes
    nothing (with batch norm, in evaluation; layer and group norm would look at it). length: steps a
    row, as the data gives it; any length works. channels and kernel_sizes: of each convolution.
    dropout: before the outputs.
    """

    def __init__(
        self,
        *,
        in_channels: int,
        outputs: int,
        length: int = 0,
        channels: Sequence[int] = (128, 256, 128),
        kernel_sizes: Sequence[int] = (8, 5, 3),
        activation: str = "relu",
        norm: str = "batch",
        dropout: float = 0.0,
    ) -> None:
        super().__init__()
        positive(in_channels=in_channels, outputs=outputs, layers=len(channels))
        if len(channels) != len(kernel_sizes):
            raise ValueError(
                f"channels has {len(channels)} entries and kernel_sizes {len(kernel_sizes)}; "
                "expected one of each a convolution. Give lists of the same length."
            )
        layers: list[nn.Module] = []
        features = in_channels
        for size, kernel_size in zip(channels, kernel_sizes, strict=True):
            layers += conv_norm(features, size, kernel_size, norm=norm)
            layers.append(activation_layer(activation, axis=1))
            features = size
        self.depth = len(layers)
        layers += [nn.AdaptiveAvgPool1d(1), nn.Flatten()]  # as in `forward`, which knows padding
        if dropout > 0:
            layers.append(Dropout(dropout))
        self.layers = nn.Sequential(*layers, output_layer(features, outputs))

    def forward(self, series: Tensor, lengths: Tensor | None = None) -> Tensor:
        x, real = without_padding(series, lengths)
        layers = list(self.layers)
        x = through(layers[: self.depth], x, real)
        return through(layers[self.depth + 2 :], mean_over_time(x, real), None)


def conv_norm(in_channels: int, channels: int, kernel_size: int, *, norm: str) -> list[nn.Module]:
    """Return layers (batch, in_channels, time) -> (batch, channels, time): convolution, norm."""
    bias = norm == "none"
    if kernel_size % 2:
        layers: list[nn.Module] = [
            nn.Conv1d(in_channels, channels, kernel_size, padding=kernel_size // 2, bias=bias)
        ]
    else:  # one step more after than before, so that the length stays
        layers = [
            nn.ConstantPad1d((kernel_size // 2 - 1, kernel_size // 2), 0.0),
            nn.Conv1d(in_channels, channels, kernel_size, bias=bias),
        ]
    return layers if norm == "none" else [*layers, channel_norm(norm, channels, dims=1)]
