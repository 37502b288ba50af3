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

from netwright.nets._audio import HideParts, LogMel
from netwright.nets._layers import (
    Dropout,
    activation_layer,
    channel_norm,
    choice,
    output_layer,
    positive,
)
from netwright.nets._recurrent import run_recurrent

__all__ = ["CTC", "collapse", "real_frames"]

SERIES = "series of shape (batch, time, channels)"
SURE = 100.0  # how far other symbols are behind the blank where a row has ended: 1 in 10^43


class CTC(nn.Module):
    """series (batch, time, in_channels) or, with a sample_rate, waveforms (batch, samples); lengths
    int64 (batch,) or None -> (batch, frames, outputs), the scores of each symbol; symbol 0 is the
    blank.

    lengths: the real steps of each row; what comes after them changes nothing. `frames(lengths)`
    tells how many frames they become; after them the blank is certain, so that all frames together
    tell what the real ones do. outputs: symbols, the blank among them. in_channels: of series.
    sample_rate, num_mels: of waveforms, which are read as log-mel frames; time_mask, band_mask: the
    share of these frames and bands that is hidden at most, in training. length: steps a row, as the
    data gives it; any length works. strides: one convolution each, which keeps every stride-th
    step. channels, kernel_size: of the convolutions. hidden_size, depth: units of each direction
    and layers of the GRU.
    """

    answers = "symbols over time"

    def __init__(
        self,
        *,
        outputs: int,
        in_channels: int = 0,
        sample_rate: int = 0,
        num_mels: int = 40,
        length: int = 0,
        channels: int = 96,
        kernel_size: int = 7,
        strides: Sequence[int] = (2, 1),
        hidden_size: int = 128,
        depth: int = 1,
        activation: str = "relu",
        norm: str = "rms",
        dropout: float = 0.1,
        time_mask: float = 0.0,
        band_mask: float = 0.0,
    ) -> None:
        super().__init__()
        if (in_channels > 0) == (sample_rate > 0):
            raise ValueError(
                f"in_channels is {in_channels} and sample_rate is {sample_rate}; expected one of "
                "them. Give in_channels for series or sample_rate for waveforms."
            )
        positive(outputs=outputs, channels=channels, depth=depth)
        positive(hidden_size=hidden_size, **{f"strides[{i}]": s for i, s in enumerate(strides)})
        # Others would mix frames of the row with what was added after its end.
        choice("norm", norm, ("rms", "none"))
        if kernel_size < 1 or kernel_size % 2 == 0:
            raise ValueError(
                f"kernel_size is {kernel_size}; expected an odd number, which has a middle. "
                f"Give {max(kernel_size - 1, 1)} or {max(kernel_size + 1, 3)}."
            )
        self.log_mel = None
        if sample_rate:
            self.log_mel = LogMel(sample_rate=sample_rate, num_mels=num_mels)
            in_channels = num_mels
        self.hide = HideParts(time=time_mask, bands=band_mask)
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
        x, lengths = self._read(series, lengths)
        for conv, norm, stride in zip(self.convs, self.norms, self.strides, strict=True):
            x = norm(conv(_silence_after(x, lengths)))
            x = self.dropout(self.activation(x))
            lengths = None if lengths is None else _shorter(lengths, stride)
        real = None if lengths is None else _real(lengths.clamp_min(1), x.shape[2])
        states = run_recurrent(self.rnn, x.transpose(1, 2), real)
        logits = self.output(self.dropout(states))
        if lengths is None:
            return logits
        over = torch.full_like(logits[0, 0], -SURE)
        over[0] = 0.0
        return torch.where(_real(lengths, logits.shape[1])[..., None], logits, over)

    def _read(self, series: Tensor, lengths: Tensor | None) -> tuple[Tensor, Tensor | None]:
        """Return what the convolutions see (batch, channels, time), and how much of it is real."""
        waves = self.log_mel is not None
        if series.ndim != (2 if waves else 3) or series.shape[1] == 0:
            expected = "waveforms of shape (batch, samples)" if waves else SERIES
            raise ValueError(
                f"CTC needs {expected} with at least 1 step, but got {tuple(series.shape)}. For a "
                "single one add a batch axis: series.unsqueeze(0)."
            )
        if self.log_mel is None:
            x = series.transpose(1, 2)
            real = None if lengths is None else _real(lengths, x.shape[2])
            return self.hide(x, real), lengths
        mel, real = self.log_mel(series, lengths)
        return self.hide(mel, real), None if real is None else real.sum(1)

    def frames(self, lengths: Tensor) -> Tensor:
        """Return how many frames of output rows of `lengths` steps (samples) become."""
        if self.log_mel is not None:
            lengths = 1 + lengths // self.log_mel.hop
        for stride in self.strides:
            lengths = _shorter(lengths, stride)
        return lengths


def real_frames(outputs: Tensor) -> Tensor:
    """Return how many frames (batch,) each row of the net's outputs has before its end."""
    return (outputs[..., 1:] != -SURE).any(2).sum(1)


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
