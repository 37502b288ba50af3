"""Temporal convolutional net: a step sees itself and the past alone, twice as far in each block.

block: [causal convolution, dilation 2^l - norm - activation - dropout] twice, added to the block's
input, then activation. A step sees 1 + 2 (kernel_size - 1) (2^depth - 1) steps.

Bai, Kolter and Koltun 2018, arXiv:1803.01271. Different from the paper: RMS norm over the channels
of each step, which also keeps the future out, stands in for weight normalisation.
"""

from torch import Tensor, nn
from torch.nn import functional as F

from netwright.nets._layers import (
    Dropout,
    activation_layer,
    channel_norm,
    choice,
    output_layer,
    positive,
)
from netwright.nets._sequence import SequenceInput, SequencePool

__all__ = ["TCN"]


class TCN(nn.Module):
    """Text int64 (batch, time) or series (batch, time, in_channels) -> (batch, outputs).

    Token 0 is padding and changes nothing; nor does that of series whose lengths, int64 (batch,),
    are a second input.

    vocab: tokens of a text, each embedded in `width` numbers; or in_channels of a series. length:
    steps a row, as the data gives it; any length works. channels: of every block; depth: number of
    blocks; kernel_size: steps that a convolution reads. pool: what of the last block is read,
    "last", "mean", "max", or "none" for an answer at every step, (batch, time, outputs). norm:
    "rms" or "none".
    """

    def __init__(
        self,
        *,
        outputs: int,
        vocab: int = 0,
        in_channels: int = 0,
        length: int = 0,
        width: int = 128,
        channels: int = 64,
        depth: int = 6,
        kernel_size: int = 3,
        pool: str = "last",
        activation: str = "relu",
        norm: str = "rms",
        dropout: float = 0.0,
    ) -> None:
        super().__init__()
        positive(outputs=outputs, channels=channels, depth=depth, kernel_size=kernel_size)
        # Others would mix steps: an answer would depend on what comes later.
        choice("norm", norm, ("rms", "none"))
        self.inputs = SequenceInput(vocab=vocab, in_channels=in_channels, width=width)
        self.blocks = nn.Sequential(
            *(
                CausalBlock(
                    channels if i else self.inputs.out_features,
                    channels,
                    kernel_size=kernel_size,
                    dilation=2**i,
                    activation=activation,
                    norm=norm,
                    dropout=dropout,
                )
                for i in range(depth)
            )
        )
        self.receptive_field = 1 + 2 * (kernel_size - 1) * (2**depth - 1)
        self.pool = SequencePool(pool)
        self.dropout = Dropout(dropout)
        self.output = output_layer(channels, outputs)

    def forward(self, inputs: Tensor, lengths: Tensor | None = None) -> Tensor:
        vectors, real = self.inputs(inputs, lengths)
        states = self.blocks(vectors.transpose(1, 2)).transpose(1, 2)
        return self.output(self.dropout(self.pool(states, real)))


class CausalBlock(nn.Module):
    """(batch, in_channels, time) -> (batch, channels, time)."""

    def __init__(
        self,
        in_channels: int,
        channels: int,
        *,
        kernel_size: int,
        dilation: int,
        activation: str,
        norm: str,
        dropout: float,
    ) -> None:
        super().__init__()
        layers: list[nn.Module] = []
        for features in (in_channels, channels):
            layers.append(CausalConv(features, channels, kernel_size, dilation=dilation))
            if norm != "none":
                layers.append(channel_norm(norm, channels, dims=1))
            layers.append(activation_layer(activation))
            if dropout > 0:
                layers.append(Dropout(dropout))
        self.branch = nn.Sequential(*layers)
        self.shortcut = (
            nn.Identity() if in_channels == channels else nn.Conv1d(in_channels, channels, 1)
        )
        self.activation = activation_layer(activation)

    def forward(self, x: Tensor) -> Tensor:
        return self.activation(self.shortcut(x) + self.branch(x))


class CausalConv(nn.Conv1d):
    """(batch, in_channels, time) -> (batch, out_channels, time), with zeros before the row."""

    def forward(self, x: Tensor) -> Tensor:
        past = self.dilation[0] * (self.kernel_size[0] - 1)
        return super().forward(F.pad(x, (past, 0)))
