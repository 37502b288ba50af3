"""draw_spectrogram: a sound as a picture, low pitch below, time from left to right."""

import io

import numpy as np
import torch
from PIL import Image
from torch import Tensor

from netwright.nets._audio import LogMel

__all__ = ["draw_spectrogram"]

RATE, BANDS = 16_000, 40  # samples are taken for so many a second
WIDTH, HEIGHT = 240, 80  # pixels
DARKEST, BRIGHTEST = -2.0, 3.0  # standard deviations about the sound's mean


def draw_spectrogram(samples: Tensor, length: Tensor) -> bytes:
    """Return the PNG of a stored sound, int16 (samples,) of which `length` are real: the darker,
    the louder."""
    waves = samples[None, : max(int(length), 1)].float()
    mel, _ = LogMel(sample_rate=RATE, num_mels=BANDS)(waves, length[None])
    shade = (mel[0] - DARKEST) / (BRIGHTEST - DARKEST)
    pixels = (255 * (1 - shade.clamp(0, 1))).to(torch.uint8).flip(0)
    picture = Image.fromarray(np.asarray(pixels)).resize((WIDTH, HEIGHT), Image.Resampling.BILINEAR)
    buffer = io.BytesIO()
    picture.save(buffer, format="PNG")
    return buffer.getvalue()
