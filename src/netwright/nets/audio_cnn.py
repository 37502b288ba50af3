"""Audio CNN: the sound as a log-mel spectrogram, then convolutions as for a picture.

x_0 = log mel spectrogram,  x_l = act(norm(3x3 conv of stride 2 (x_{l-1}))),  outputs = W mean(x_L)
+ b, the mean over bands and moments.

Piczak 2015 (MLSP), Hershey et al. 2017, arXiv:1609.09430. Different from them: any length; padding
is cut out after every layer, so that it changes nothing (with batch norm, in evaluation).
"""

from collections.abc import Sequence

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

__all__ = ["AudioCNN"]


class AudioCNN(nn.Module):
    """waveforms (batch, samples) -> (batch, outputs).

    lengths int64 (batch,), a second input: samples of each clip before its padding; without it
    silence at the end counts as sound. sample_rate: samples a second. length: samples a clip, as
    the data gives it; any length works. num_mels: bands of pitch. channels: of the convolutions,
    each halving bands and frames. norm: "batch", "rms" or "none"; others would look at padding.
    time_mask, band_mask: the share of frames and of bands that is hidden at most, in training.
    """

    def __init__(
        self,
        *,
        outputs: int,
        sample_rate: int,
        length: int = 0,
        num_mels: int = 40,
        channels: Sequence[int] = (16, 32, 64, 64),
        activation: str = "relu",
        norm: str = "batch",
        dropout: float = 0.0,
        time_mask: float = 0.0,
        band_mask: float = 0.0,
    ) -> None:
        super().__init__()
        positive(outputs=outputs, convolutions=len(channels))
        choice("norm", norm, ("batch", "rms", "none"))
        self.log_mel = LogMel(sample_rate=sample_rate, num_mels=num_mels)
        self.hide = HideParts(time=time_mask, bands=band_mask)
        self.layers = nn.ModuleList(
            nn.Sequential(
                # A norm after it takes the mean away again, so a bias would do nothing.
                nn.Conv2d(before, size, 3, stride=2, padding=1, bias=norm == "none"),
                channel_norm(norm, size, dims=2),
                activation_layer(activation, axis=1),
            )
            for before, size in zip([1, *channels[:-1]], channels, strict=True)
        )
        self.dropout = Dropout(dropout)
        self.output = output_layer(channels[-1], outputs)

    def forward(self, waveforms: Tensor, lengths: Tensor | None = None) -> Tensor:
        mel, real = self.log_mel(waveforms, lengths)
        x = self.hide(mel, real).unsqueeze(1)  # (batch, channels, bands, frames)
        for layer in self.layers:
            x = layer(x)
            if real is not None:
                real = real[:, ::2]
                x = x * real[:, None, None]
        if real is None:
            features = x.mean((2, 3))
        else:
            features = x.mean(2).sum(2) / real.sum(1, keepdim=True)
        return self.output(self.dropout(features))
