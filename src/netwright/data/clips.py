"""Clips: a file or a folder becomes the frames of one video.

A clip is an .npy or .npz of (frames, height, width) or (frames, height, width, 3) bytes, an
animated GIF, or a folder of frames, one picture each, in the order of their names.
"""

import re
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageSequence

from netwright.data.arrays import DAMAGED
from netwright.data.image_decoding import Header, Unreadable, open_image, read_header
from netwright.data.listing import IMAGES

__all__ = ["frame_header", "frame_places", "in_order_of_names", "read_clip"]

Frames = Sequence[Any] | NDArray[np.uint8]
NAMES = ("frames", "video", "clip", "x", "arr_0")  # of the array in an .npz that holds several


def read_clip(item: Any) -> Frames:
    """Return the frames of a clip, each an array, a picture or its path; Unreadable says why there
    are none."""
    if not isinstance(item, str | Path):
        return _checked(np.asarray(item))
    path = Path(item)
    if path.is_dir():
        files = [file for file in path.iterdir() if file.suffix.lower() in IMAGES]
        if not files:
            raise Unreadable("the folder holds no frame")
        return in_order_of_names(files)
    if path.suffix.lower() in (".npy", ".npz"):
        return _checked(_array(path))
    with open_image(path) as image:
        try:
            return [frame.copy() for frame in ImageSequence.Iterator(image)]
        except (OSError, SyntaxError, ValueError, EOFError) as error:
            raise Unreadable(str(error) or type(error).__name__) from error


def frame_header(frames: Frames) -> Header:
    """Return mode and size of a clip's first frame; a palette counts as colours where it has
    some."""
    first = frames[0]
    if isinstance(first, Image.Image) and first.mode == "P":
        pixels = np.asarray(first.convert("RGB"))
        grey = bool((pixels == pixels[..., :1]).all())
        return Header("L" if grey else "RGB", first.width, first.height)
    return read_header(first)


def frame_places(count: int, wanted: int) -> NDArray[np.int64]:
    """Return which of `count` frames stand for `wanted` ones: of more, one from each of as many
    equal parts; of fewer all, the last one held."""
    places = np.arange(wanted)
    if count <= wanted:
        return np.minimum(places, count - 1)
    return ((places + 0.5) * count / wanted).astype(np.int64)


def in_order_of_names(files: Sequence[Path]) -> list[Path]:
    """Sort "9.png" before "10.png"."""

    def key(file: Path) -> list[tuple[int, str]]:
        parts = re.split(r"(\d+)", file.name)
        return [(int(part), "") if part.isdecimal() else (0, part) for part in parts]

    return sorted(files, key=key)


def _array(path: Path) -> NDArray[Any]:
    try:
        with path.open("rb") as content:
            found = np.load(content, allow_pickle=False)
            if isinstance(found, np.ndarray):
                return found
            with found:
                names = found.files
                name = names[0] if len(names) == 1 else next((n for n in NAMES if n in names), None)
                if name is None:
                    held = ", ".join(names) or "nothing"
                    raise Unreadable(f"it holds {held}; expected one array, or one called frames")
                return found[name]
    except DAMAGED as error:
        raise Unreadable(f"it is no plain array of numbers ({error})") from error


def _checked(frames: NDArray[Any]) -> NDArray[np.uint8]:
    fits = frames.ndim == 3 or (frames.ndim == 4 and frames.shape[3] in (1, 3))
    if not fits or not frames.size or frames.dtype not in (np.uint8, np.bool_):
        raise Unreadable(
            f"an array of shape {frames.shape} and type {frames.dtype} is no clip: expected "
            "(frames, height, width) or (frames, height, width, 3) of uint8"
        )
    return frames.astype(np.uint8) * 255 if frames.dtype == np.bool_ else frames
