"""InceptionTime: convolutions of several lengths side by side see patterns of any duration.

module: bottleneck 1 -> convolutions of each kernel size, and max pool - conv 1; all joined, norm,
act. After every third module a shortcut is added. outputs = W mean over time + b.

Ismail Fawaz et al. 2020, arXiv:1909.04939. Different from the paper: one net, not five averaged;
odd kernel sizes.
"""

from collections.abc import Sequence

import torch
from torch import Tensor, nn

from netwright.nets._layers import Dropout, activation_layer, channel_norm, output_layer, positive
from netwright.nets._series import mean_over_time, without_padding

__all__ = ["InceptionTime"]

# A shortcut spans this many modules (the paper's number).
SPAN = 3


class InceptionTime(nn.Module):
    """(batch, time, in_channels) -> (batch, outputs).

    lengths int64 (batch,), a second input: steps of each row before its padding, which then changes
    nothing (with batch norm, in evaluation; layer and group norm would look at it). length: steps a
    row, as the data gives it; any length works. channels: filters of each branch. depth: modules.
    kernel_sizes: odd lengths of the branches. bottleneck: channels that the branches read. dropout:
    before the outputs.
    """

    def __init__(
        self,
        *,
        in_channels: int,
        outputs: int,
        length: int = 0,
        channels: int = 32,
        depth: int = 6,
        kernel_sizes: Sequence[int] = (39, 19, 9),
        bottleneck: int = 32,
        activation: str = "relu",
        norm: str = "batch",
        dropout: float = 0.0,
    ) -> None:
        super().__init__()
        positive(in_channels=in_channels, outputs=outputs, channels=channels, depth=depth)
        even = [size for size in kernel_sizes if size % 2 == 0]
        if even:
            raise ValueError(
                f"kernel_sizes holds {even[0]}, an even number; expected odd ones, which "
                f"keep the length of the series. Give {even[0] - 1} or {even[0] + 1}."
            )
        self.blocks = nn.ModuleList()
        self.shortcuts = nn.ModuleList()
        wide = channels * (len(kernel_sizes) + 1)
        features = entered = in_channels
        for i in range(depth):
            self.blocks.append(
                Inception(
                    features, channels, kernel_sizes=kernel_sizes, bottleneck=bottleneck, norm=norm
                )
            )
            features = wide
            if i % SPAN == SPAN - 1:
                self.shortcuts.append(_projection(entered, wide, norm=norm))
                entered = wide
        self.activation = activation_layer(activation, axis=1)
        self.dropout = Dropout(dropout)
        self.output = output_layer(features, outputs)

    def forward(self, series: Tensor, lengths: Tensor | None = None) -> Tensor:
        x, real = without_padding(series, lengths)
        entered = x
        for i, block in enumerate(self.blocks):
            x = block(x, real)
            ends = i % SPAN == SPAN - 1
            x = self.activation(x + self.shortcuts[i // SPAN](entered) if ends else x)
            x = x if real is None else x * real
            entered = x if ends else entered
        return self.output(self.dropout(mean_over_time(x, real)))


class Inception(nn.Module):
    """(batch, in_channels, time) -> (batch, channels * (kernel sizes + 1), time), no activation."""

    def __init__(
        self,
        in_channels: int,
        channels: int,
        *,
        kernel_sizes: Sequence[int],
        bottleneck: int,
        norm: str,
    ) -> None:
        super().__init__()
        narrow = bottleneck if in_channels > 1 else in_channels
        self.bottleneck = (
            nn.Conv1d(in_channels, narrow, 1, bias=False) if in_channels > 1 else nn.Identity()
        )
        self.branches = nn.ModuleList(
            nn.Conv1d(narrow, channels, size, padding=size // 2, bias=norm == "none")
            for size in kernel_sizes
        )
        self.pool = nn.MaxPool1d(3, stride=1, padding=1)
        self.pooled = nn.Conv1d(in_channels, channels, 1, bias=norm == "none")
        self.norm = channel_norm(norm, channels * (len(kernel_sizes) + 1), dims=1)

    def forward(self, x: Tensor, real: Tensor | None = None) -> Tensor:
        """real, bool (batch, 1, time): the steps of x that are no padding; None: all."""
        narrow = self.bottleneck(x)
        if real is None:
            highest = self.pool(x)
        else:  # beyond a row nothing is higher than its lowest number
            highest = self.pool(torch.where(real, x, x.amin(2, keepdim=True))) * real
        joined = [branch(narrow) for branch in self.branches] + [self.pooled(highest)]
        return self.norm(torch.cat(joined, 1))


def _projection(in_channels: int, channels: int, *, norm: str) -> nn.Sequential:
    conv = nn.Conv1d(in_channels, channels, 1, bias=norm == "none")
    return nn.Sequential(conv, channel_norm(norm, channels, dims=1))
