"""WAV: the samples of a sound as numbers between -1 and 1, whatever they are stored as.

PCM of 8, 16, 24 or 32 bits and floats, by scipy's reader; channels are averaged into one.
"""

import math
import struct
import warnings
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from netwright.data.sniff import DESCRIPTIONS, sniff_content
from netwright.errors import DataError

__all__ = ["SHORTEST_SECONDS", "Sound", "Unheard", "as_sound", "read_wav", "resample"]

Samples = NDArray[np.float32]
SHORTEST_SECONDS = 0.025  # one window of a spectrogram
# Of whole numbers: what stands for 1, and what for 0.
SCALES = {"uint8": (128.0, 128.0), "int16": (2.0**15, 0.0), "int32": (2.0**31, 0.0)}
# What scipy raises of headers that contradict themselves or end too soon.
DAMAGED = (ValueError, struct.error, ZeroDivisionError, UnboundLocalError, EOFError, OverflowError)
ENDS_EARLY = "Reached EOF prematurely"


class Unheard(Exception):
    """A sound that cannot be used; the text says why."""


@dataclass(frozen=True, eq=False)
class Sound:
    """samples: float32 (samples,), the loudest at -1 or 1; all 0 of silence. rate: a second.
    channels: before they became one. ends_early: the header promised more samples."""

    samples: Samples
    rate: int
    channels: int = 1
    ends_early: bool = False


def read_wav(path: Path) -> Sound:
    """Return the sound of a WAV file; Unheard says why it cannot be used."""
    from scipy.io import wavfile  # slow to import, and of use to sounds alone

    try:
        content = sniff_content(path)
    except DataError as error:
        raise Unheard(str(error)) from error
    if content == "empty":
        raise Unheard("the file is empty")
    if path.read_bytes()[:4] not in (b"RIFF", b"RIFX", b"RF64"):
        what = "another format of sound" if content == "audio" else DESCRIPTIONS.get(content)
        raise Unheard(f"it is no WAV file but {what or content}; convert it to WAV")
    with warnings.catch_warnings(record=True) as warned:
        warnings.simplefilter("always")
        try:
            rate, samples = wavfile.read(path)
        except DAMAGED as error:
            raise Unheard(f"it is damaged, or coded in a way not known here: {error}") from error
    early = any(ENDS_EARLY in str(one.message) for one in warned)
    return replace(as_sound(samples, rate), ends_early=early)


def as_sound(samples: NDArray[np.generic], rate: int) -> Sound:
    """Return samples (samples,) or (samples, channels) as a Sound; Unheard says why they cannot be
    used."""
    values = np.asarray(samples)
    if values.ndim not in (1, 2) or rate <= 0:
        raise Unheard(
            f"samples of shape {values.shape} at {rate} a second; expected (samples,) or (samples, "
            "channels)"
        )
    scale, zero = SCALES.get(values.dtype.name, (1.0, 0.0))
    channels = 1 if values.ndim == 1 else values.shape[1]
    if len(values) < SHORTEST_SECONDS * rate or not channels:
        raise Unheard(
            f"it lasts {len(values) / rate:.3f} s; at least {SHORTEST_SECONDS} are needed"
        )
    mono = (values.astype(np.float32) - zero) / scale
    mono = mono if values.ndim == 1 else mono.mean(1)
    if not np.isfinite(mono).all():
        raise Unheard("it holds values that are no finite numbers")
    peak = float(np.abs(mono).max())
    return Sound(mono / peak if peak > 0 else mono, rate, channels)


def resample(samples: Samples, rate: int, to: int) -> Samples:
    """Return samples as they would be at `to` a second: the spectrum is cut, or filled with zeros,
    above half the lower rate."""
    if rate == to:
        return samples
    shared = math.gcd(rate, to)
    up, down = to // shared, rate // shared
    # A tenth of a second of silence, so that the end does not ring at the beginning.
    padded = len(samples) + rate // 10
    padded += -padded % down
    spectrum = np.fft.rfft(samples, padded)
    count = padded // down * up
    kept = min(len(spectrum), count // 2 + 1)
    found = np.fft.irfft(spectrum[:kept], count) * (up / down)
    wanted = max(round(len(samples) * to / rate), 1)
    return found[:wanted].astype(np.float32)
