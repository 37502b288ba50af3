"""What plain models see of a sound: mean and deviation of each band of pitch, over the whole and
over its quarters. Samples are taken for 16,000 a second: at other rates the bands lie elsewhere.
"""

from typing import Any

import torch
from numpy.typing import NDArray
from torch import Tensor

from netwright.evaluate.baseline_inputs import Features, Sample
from netwright.nets._audio import LogMel

__all__ = ["BANDS", "band_features", "bands_of"]

RATE, BANDS = 16_000, 24
PIECE = 128  # sounds that are heard at once
QUARTERS = 4
FULL = 32_768.0  # of int16


def bands_of(sample: Sample) -> Tensor:
    """Return float32 (rows, BANDS * 2 * (1 + QUARTERS)) of stored samples and lengths."""
    log_mel = LogMel(sample_rate=RATE, num_mels=BANDS)
    pieces = [torch.zeros(0, BANDS * 2 * (1 + QUARTERS))]
    for start in range(0, len(sample), PIECE):
        waves, lengths = (torch.from_numpy(x[start : start + PIECE]) for x in sample.inputs)
        waves = waves[:, : int(lengths.max())].float() / FULL
        mel, real = log_mel(waves, lengths)
        assert real is not None
        frames = real.sum(1)
        place = torch.arange(mel.shape[2]) * QUARTERS // frames[:, None]
        parts = [real, *(real & (place == quarter) for quarter in range(QUARTERS))]
        pieces.append(torch.cat([_mean_and_spread(mel, part) for part in parts], 1))
    return torch.cat(pieces)


def _mean_and_spread(mel: Tensor, part: Tensor) -> Tensor:
    """(batch, bands, frames), bool (batch, frames) -> (batch, 2 * bands)."""
    inside = part[:, None]
    count = part.sum(1).clamp_min(1)[:, None]
    mean = (mel * inside).sum(2) / count
    spread = ((mel - mean[..., None]).square() * inside).sum(2) / count
    return torch.cat([mean, spread.sqrt()], 1)


def band_features(sample: Sample) -> Features:
    """Return those of the sample, standardised by it, and how to make them of other sounds."""
    train = bands_of(sample)
    mean, std = train.mean(0), train.std(0).clamp_min(1e-6)

    def transform(rows: Sample) -> NDArray[Any]:
        found: NDArray[Any] = ((bands_of(rows) - mean) / std).numpy()
        return found

    words = f"mean and deviation of {BANDS} bands of pitch, whole and in quarters"
    return Features(((train - mean) / std).numpy(), transform, words)
