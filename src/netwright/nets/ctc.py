"""Speech recogniser: convolutions and a bidirectional GRU tell at every moment which symbol it is.

x = series, each frame normalised;  x = act(norm(conv(x))), fewer frames;  logits = W gru(x) + b,
output 0 is the blank. A row of symbols is told by many rows of frames: symbols may be held, and
blanks may stand between them; the CTC loss adds up the probabilities of all of these.

Graves, Fernandez, Gomez and Schmidhuber 2006, ICML; the layers follow Deep Speech 2 (Amodei et al.
2016, arXiv:1512.02595). Different from the latter: one-dimensional convolutions over time, RMS norm
of each frame instead of batch norm, one GRU layer or a few.
"""

from collections.abc import Sequence

import torch
from torch import Tensor, nn

from netwright.nets._layers import (
    Dropout,
    activation_layer,
    channel_norm,
    choice,
    output_layer,
    positive,
)
from netwright.nets._recurrent import run_recurrent

__all__ = ["CTC", "collapse"]


class CTC(nn.Module):
    """series (batch, time, in_channels), such as log-mel frames, lengths int64 (batch,) or None
    -> (batch, frames, outputs), the scores of each symbol; symbol 0 is the blank.

    lengths: the real steps of each row; what comes after them changes nothing. `frames(lengths)`
    tells how many frames they become. outputs: symbols, the blank among them. length: steps a row,
    as the data gives it; any length works. strides: one convolution each, which keeps every
    stride-th step. channels, kernel_size: of the convolutions. hidden_size, depth: units of each
    direction and layers of the GRU.
    """

    answers = "symbols over time"

    def __init__(
        self,
        *,
        outputs: int,
        in_channels: int,
        length: int = 0,
        channels: int = 96,
        kernel_size: int = 7,
        strides: Sequence[int] = (2, 1),
        hidden_size: int = 128,
        depth: int = 1,
        activation: str = "relu",
        norm: str = "rms",
        dropout: float = 0.1,
    ) -> None:
        super().__init__()
        positive(outputs=outputs, in_channels=in_channels, channels=channels, depth=depth)
        positive(hidden_size=hidden_size, **{f"strides[{i}]": s for i, s in enumerate(strides)})
        # Others would mix frames of the row with what was added after its end.
        choice("norm", norm, ("rms", "none"))
        if kernel_size < 1 or kernel_size % 2 == 0:
            raise ValueError(
                f"kernel_size is {kernel_size}; expected an odd number, which has a middle. "
                f"Give {max(kernel_size - 1, 1)} or {max(kernel_size + 1, 3)}."
            )
        self.strides = list(strides)
        self.convs = nn.ModuleList(
            nn.Conv1d(
                channels if i else in_channels,
                channels,
                kernel_size,
                stride=stride,
                padding=kernel_size // 2,
            )
            for i, stride in enumerate(strides)
        )
        self.norms = nn.ModuleList(channel_norm(norm, channels, dims=1) for _ in strides)
        self.activation = activation_layer(activation)
        self.dropout = Dropout(dropout)
        self.rnn = nn.GRU(
            channels if strides else in_channels,
            hidden_size,
            num_layers=depth,
            batch_first=True,
            bidirectional=True,
            dropout=dropout if depth > 1 else 0.0,
        )
        self.output = output_layer(2 * hidden_size, outputs)

    def forward(self, series: Tensor, lengths: Tensor | None = None) -> Tensor:
        if series.ndim != 3 or series.shape[1] == 0:
            raise ValueError(
                f"CTC needs series of shape (batch, time, channels) with at least 1 step, but got "
                f"{tuple(series.shape)}. For a single series add a batch axis: series.unsqueeze(0)."
            )
        x = series.transpose(1, 2)
        for conv, norm, stride in zip(self.convs, self.norms, self.strides, strict=True):
            x = norm(conv(_silence_after(x, lengths)))
            x = self.dropout(self.activation(x))
            lengths = None if lengths is None else _shorter(lengths, stride)
        real = None if lengths is None else _real(lengths.clamp_min(1), x.shape[2])
        states = run_recurrent(self.rnn, x.transpose(1, 2), real)
        return self.output(self.dropout(states))

    def frames(self, lengths: Tensor) -> Tensor:
        """Return how many frames of output rows of `lengths` steps become."""
        for stride in self.strides:
            lengths = _shorter(lengths, stride)
        return lengths


def collapse(symbols: Tensor, lengths: Tensor | None = None, *, blank: int = 0) -> list[list[int]]:
    """Return what int64 (batch, frames), each frame's best symbol, tells: held symbols once, no
    blanks. lengths: frames of each row that count."""
    rows = []
    for number, row in enumerate(symbols):
        told = torch.unique_consecutive(row if lengths is None else row[: int(lengths[number])])
        rows.append([symbol for symbol in told.tolist() if symbol != blank])
    return rows


def _shorter(lengths: Tensor, stride: int) -> Tensor:
    return (lengths + stride - 1) // stride


def _real(lengths: Tensor, time: int) -> Tensor:
    """Return bool (batch, time): which steps are before the row's end."""
    return torch.arange(time, device=lengths.device) < lengths[:, None]


def _silence_after(x: Tensor, lengths: Tensor | None) -> Tensor:
    """(batch, channels, time) with zeros after each row's end, as a convolution pads it."""
    return x if lengths is None else x * _real(lengths, x.shape[2]).unsqueeze(1)
