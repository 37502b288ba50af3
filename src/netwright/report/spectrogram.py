"""draw_spectrogram: a sound as a picture, low pitch below, time from left to right."""

import io

import numpy as np
import torch
from PIL import Image
from torch import Tensor

from netwright.nets._audio import LogMel, fitting_mels

__all__ = ["draw_spectrogram"]

BANDS = 40
WIDTH, HEIGHT = 240, 80  # pixels
DARKEST, BRIGHTEST = -2.0, 3.0  # standard deviations about the sound's mean


def draw_spectrogram(samples: Tensor, length: Tensor, *, rate: int) -> bytes:
    """Return the PNG of a stored sound, int16 (samples,) of which `length` are real, `rate` a
    second: the darker, the louder."""
    waves = samples[None, : max(int(length), 1)].float()
    log_mel = LogMel(sample_rate=rate, num_mels=fitting_mels(rate, most=BANDS))
    mel, _ = log_mel(waves, length[None])
    shade = (mel[0] - DARKEST) / (BRIGHTEST - DARKEST)
    pixels = (255 * (1 - shade.clamp(0, 1))).to(torch.uint8).flip(0)
    picture = Image.fromarray(np.asarray(pixels)).resize((WIDTH, HEIGHT), Image.Resampling.BILINEAR)
    buffer = io.BytesIO()
    picture.save(buffer, format="PNG")
    return buffer.getvalue()
