"""show_example: a row the net got wrong, as something to look at: cells, text, a picture or a
series."""

import io
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

from netwright.data.data import Data, Rows
from netwright.evaluate.worst import WorstExample
from netwright.report.report import Example
from netwright.report.spectrogram import draw_spectrogram
from netwright.report.words import number

__all__ = ["show_example"]

THUMBNAIL = 96  # pixels of the longer side
MOST_CHARACTERS = 600
STILLS, STILLS_DOWN = 4, 2  # frames of a clip that are shown, two by two


def show_example(example: WorstExample, data: Data) -> Example:
    """Return the example as the report shows it."""
    row = example.row if example.source_row is None else example.source_row
    shown: dict[str, Any] = {}
    split = data.test
    if data.kind == "image" and isinstance(split, Rows):
        shown["png"] = _png(split.inputs[0][example.row].numpy())
    elif data.kind == "audio" and isinstance(split, Rows):
        samples, length = (x[example.row] for x in split.inputs)
        rate = data.encoding.shapes()["sample_rate"]
        shown["png"] = draw_spectrogram(samples, length, rate=rate)
    elif data.kind == "video" and isinstance(split, Rows):
        shown["png"] = _png(_strip(split.inputs[0][example.row].numpy()))
    elif isinstance(example.raw, Mapping):
        shown["cells"] = list(example.raw.items())
    elif isinstance(example.raw, str | Path):
        shown["text"] = str(example.raw)[:MOST_CHARACTERS]
    elif data.kind == "series" and isinstance(split, Rows):
        steps = split.inputs[0][example.row]
        if len(split.inputs) > 1:  # without the padding
            steps = steps[: int(split.inputs[1][example.row])]
        shown["series"] = steps.T.tolist()
    return Example(
        row=row,
        truth=_words(example.target),
        predicted=_words(example.prediction),
        confidence=example.probability,
        loss=example.loss,
        **shown,
    )


def _words(value: Any) -> str:
    if isinstance(value, list):
        return ", ".join(number(v) for v in value)
    return number(value) if isinstance(value, float) else str(value)


def _strip(frames: np.ndarray) -> np.ndarray:
    """(frames, channels, height, width) -> STILLS of them, in reading order, as one picture."""
    places = np.linspace(0, len(frames) - 1, STILLS).round().astype(np.int64)
    rows = np.split(frames[places], STILLS_DOWN)
    return np.concatenate([np.concatenate(list(row), axis=2) for row in rows], axis=1)


def _png(pixels: np.ndarray) -> bytes:
    """(channels, height, width) uint8 -> PNG; small pictures are enlarged by whole factors."""
    picture = Image.fromarray(pixels[0] if len(pixels) == 1 else pixels.transpose(1, 2, 0))
    longer = max(picture.size)
    if longer > THUMBNAIL:
        picture.thumbnail((THUMBNAIL, THUMBNAIL))
    elif longer * 2 <= THUMBNAIL:
        factor = THUMBNAIL // longer
        size = (picture.width * factor, picture.height * factor)
        picture = picture.resize(size, Image.Resampling.NEAREST)
    buffer = io.BytesIO()
    picture.save(buffer, format="PNG")
    return buffer.getvalue()
