"""Sounds for the tests: tones, written as WAV files."""

import struct
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

RATE = 4_000


def tone(hertz: float, seconds: float = 0.2, *, rate: int = RATE) -> NDArray[np.float64]:
    """Return the samples of a tone at half of full scale."""
    return 0.5 * np.sin(2 * np.pi * hertz * np.arange(round(seconds * rate)) / rate)


def wav(
    samples: NDArray[np.float64], *, bits: int = 16, rate: int = RATE, real: bool = False
) -> bytes:
    """Return samples (samples,) or (samples, channels) from -1 to 1 as a WAV file. real: as
    floats."""
    channels = 1 if samples.ndim == 1 else samples.shape[1]
    if real:
        data = samples.astype("<f4" if bits == 32 else "<f8").tobytes()
    elif bits == 8:
        data = np.round(samples * 127 + 128).astype(np.uint8).tobytes()
    else:
        whole = np.round(samples * (2 ** (bits - 1) - 1)).astype("<i4")
        data = whole.reshape(-1).view(np.uint8).reshape(-1, 4)[:, : bits // 8].tobytes()
    width = bits // 8 * channels
    head = struct.pack("<HHIIHH", 3 if real else 1, channels, rate, rate * width, width, bits)
    body = b"WAVEfmt " + struct.pack("<I", len(head)) + head
    body += b"data" + struct.pack("<I", len(data)) + data
    return b"RIFF" + struct.pack("<I", len(body)) + body


def put(path: Path, samples: NDArray[np.float64], *, rate: int = RATE) -> Path:
    """Write a WAV file and the folders above it."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(wav(samples, rate=rate))
    return path
