"""Sound as a picture: how loud each band of pitch is at each moment (log-mel spectrogram).

mel(f) = 2595 log10(1 + f / 700), equal steps of which sound equally far apart.  Spectrogram: power
of the short-time Fourier transform in windows of 25 ms, every 10 ms, added up in triangular bands.

Stevens, Volkmann and Newman 1937 (the scale; formula of O'Shaughnessy 1987); bands of Davis and
Mermelstein 1980.
"""

import math

import torch
from torch import Tensor, nn

from netwright.nets._layers import positive

WINDOW_SECONDS, HOP_SECONDS = 0.025, 0.010
# Of the clip's loudest band, in power (80 dB): quieter than that is silence.
FLOOR = 1e-8


class LogMel(nn.Module):
    """waveforms (batch, samples) -> log-mel (batch, num_mels, frames), real bool (batch, frames).

    frames is 1 + samples // hop. A clip's mean over bands and frames is 0 and its standard
    deviation 1, so how loud it was recorded changes nothing. lengths: int64 (batch,), samples of
    each clip before its padding; frames from there on are 0, and `real` is False there. Without it
    `real` is None.
    """

    window: Tensor
    filters: Tensor

    def __init__(self, *, sample_rate: int, num_mels: int) -> None:
        super().__init__()
        positive(sample_rate=sample_rate, num_mels=num_mels)
        self.hop = max(round(HOP_SECONDS * sample_rate), 1)
        length = max(round(WINDOW_SECONDS * sample_rate), 2)
        self.n_fft = fft_size(length)
        filters = mel_filters(num_mels, n_fft=self.n_fft, sample_rate=sample_rate)
        self.register_buffer("window", torch.hann_window(length), persistent=False)
        self.register_buffer("filters", filters, persistent=False)

    def forward(
        self, waveforms: Tensor, lengths: Tensor | None = None
    ) -> tuple[Tensor, Tensor | None]:
        if lengths is not None:
            steps = torch.arange(waveforms.shape[1], device=waveforms.device)
            waveforms = waveforms * (steps < lengths[:, None])
        spectrum = torch.stft(
            waveforms,
            self.n_fft,
            hop_length=self.hop,
            win_length=len(self.window),
            window=self.window,
            pad_mode="constant",
            return_complex=True,
        )  # (batch, frequencies, frames)
        mel = self.filters @ (spectrum.real.square() + spectrum.imag.square())
        real = None
        if lengths is not None:
            frames = torch.arange(mel.shape[2], device=mel.device)
            real = frames < (1 + lengths // self.hop)[:, None]
            mel = mel * real[:, None]
        loudest = mel.amax((1, 2), keepdim=True)
        # An empty clip has no loudest band; it is silence throughout.
        log = torch.log(mel.clamp(min=FLOOR * loudest.clamp(min=1e-12)))
        return _standardised(log, real), real


class HideParts(nn.Module):
    """log-mel (batch, bands, frames), real bool (batch, frames) or None -> the same; in training a
    run of frames and a run of bands of each clip are 0, which is its mean.

    time, bands: at most this share of its real frames and of the bands is hidden; how much and
    where is drawn for every clip anew. Park et al. 2019, arXiv:1904.08779 (SpecAugment), there
    twice of each and with a fixed most of frames.
    """

    def __init__(self, *, time: float = 0.0, bands: float = 0.0) -> None:
        super().__init__()
        for name, share in (("time_mask", time), ("band_mask", bands)):
            if not 0 <= share < 1:
                raise ValueError(f"{name} is {share}; expected a share from 0 to below 1.")
        self.time, self.bands = time, bands

    def forward(self, mel: Tensor, real: Tensor | None = None) -> Tensor:
        if not self.training or not (self.time or self.bands):
            return mel
        _, bands, frames = mel.shape
        counts = mel.new_full((len(mel),), frames) if real is None else real.sum(1).to(mel.dtype)
        hidden = _run(frames, counts, self.time, mel)[:, None]
        hidden = hidden | _run(bands, mel.new_full((len(mel),), bands), self.bands, mel)[:, :, None]
        return mel.masked_fill(hidden, 0.0)


def _run(steps: int, counts: Tensor, most: float, like: Tensor) -> Tensor:
    """Return bool (batch, steps): a run of up to `most` of each row's first `counts` steps."""
    length = torch.rand(len(counts), device=like.device) * most * counts
    start = torch.rand(len(counts), device=like.device) * (counts - length)
    at = torch.arange(steps, device=like.device) + 0.5
    return (at >= start[:, None]) & (at < (start + length)[:, None])


def _standardised(x: Tensor, real: Tensor | None) -> Tensor:
    """(batch, bands, frames) -> the same: each clip at mean 0 and deviation 1 over its real frames,
    the others 0."""
    here = torch.ones_like(x) if real is None else real[:, None].to(x.dtype).expand_as(x)
    count = here.sum((1, 2), keepdim=True)
    x = (x - (x * here).sum((1, 2), keepdim=True) / count) * here
    return x / (x.square().sum((1, 2), keepdim=True) / count).sqrt().clamp(min=1e-3)


def hertz_to_mel(hertz: float) -> float:
    """Return mel(f)."""
    return 2595 * math.log10(1 + hertz / 700)


def mel_to_hertz(mel: float) -> float:
    """Return the f with this mel(f)."""
    return 700 * (10 ** (mel / 2595) - 1)


class TooManyBands(ValueError):
    """Bands so narrow that some hold none of the frequencies."""


def fitting_mels(sample_rate: int, *, most: int) -> int:
    """Return how many bands, up to `most`, are wide enough at this rate."""
    length = max(round(WINDOW_SECONDS * sample_rate), 2)
    for num_mels in range(most, 1, -1):
        try:
            mel_filters(num_mels, n_fft=fft_size(length), sample_rate=sample_rate)
        except TooManyBands:
            continue
        return num_mels
    return 1


def fft_size(length: int) -> int:
    """Return the power of 2 that a window of this length is transformed as."""
    return 1 << math.ceil(math.log2(length))


def mel_filters(num_mels: int, *, n_fft: int, sample_rate: int) -> Tensor:
    """Return (num_mels, n_fft // 2 + 1): how much of each frequency belongs to each band.

    num_mels + 2 points lie at equal steps of mel from 0 to half the sample rate; band i rises from
    0 at point i to 1 at point i + 1 and falls to 0 at point i + 2.
    """
    top = hertz_to_mel(sample_rate / 2)
    points = [mel_to_hertz(top * i / (num_mels + 1)) for i in range(num_mels + 2)]
    left, centre, right = (torch.tensor(points[i : num_mels + i])[:, None] for i in range(3))
    hertz = torch.arange(n_fft // 2 + 1) * (sample_rate / n_fft)
    rising, falling = (hertz - left) / (centre - left), (right - hertz) / (right - centre)
    filters = torch.minimum(rising, falling).clamp(min=0)
    if not bool(filters.any(1).all()):
        raise TooManyBands(
            f"num_mels is {num_mels}, but the lowest bands hold none of the frequencies, which are "
            f"{sample_rate / n_fft:.3g} Hz apart. Give fewer bands."
        )
    return filters
