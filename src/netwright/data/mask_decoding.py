"""Masks: pictures whose values are classes. Grey values, the numbers of a palette, or colours.

A value is a code: the grey value itself, the palette's number, or red * 65536 + green * 256 + blue.
"""

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from netwright.data.image_decoding import DEEP_MODES, Unreadable, load_image, open_image
from netwright.errors import DataError

__all__ = ["MaskStyle", "Style", "mask_style", "read_mask"]

Style = Literal["grey", "palette", "colour"]
Codes = NDArray[np.int32]
LONGEST_PALETTE = 768  # 256 colours of three bytes


@dataclass(frozen=True)
class MaskStyle:
    """How masks are written. palette: red, green, blue of each number, one after the other."""

    style: Style
    palette: tuple[int, ...] = ()

    def name(self, code: int) -> str:
        """Return the name of a class: its grey value, its number, or "#rrggbb"."""
        return f"#{code:06x}" if self.style == "colour" else str(code)

    def picture(self, codes: Codes) -> Image.Image:
        """Return a mask (height, width) of codes as a picture of this style."""
        if self.style == "colour":
            colours = np.stack([codes >> 16, (codes >> 8) & 255, codes & 255], axis=-1)
            return Image.fromarray(colours.astype(np.uint8))
        if codes.max(initial=0) > 255:
            return Image.fromarray(codes.astype(np.uint16))
        image = Image.fromarray(codes.astype(np.uint8))
        if self.style == "palette":
            image.putpalette(list(self.palette))
        return image


def mask_style(files: Iterable[Path]) -> MaskStyle:
    """Return the one style of all masks: colours where any of them is coloured."""
    found: set[Style] = set()
    palette: tuple[int, ...] = ()
    for file in files:
        with _opened(file) as image:
            found.add(_style(image))
            if image.mode == "P" and not palette:
                palette = tuple(image.getpalette() or ())[:LONGEST_PALETTE]
    if len(found) == 1 and "colour" not in found:
        (one,) = found
        return MaskStyle(one, palette if one == "palette" else ())
    return MaskStyle("colour" if found & {"colour", "palette"} else "grey")


def _style(image: Image.Image) -> Style:
    if image.mode == "P":
        return "palette"
    if image.mode in ("1", "L", "LA") or image.mode in DEEP_MODES:
        return "grey"
    pixels = np.asarray(image.convert("RGB"))
    grey = (pixels[..., 0] == pixels[..., 1]).all() and (pixels[..., 1] == pixels[..., 2]).all()
    return "grey" if grey else "colour"


def read_mask(file: Path, style: Style) -> Codes:
    """Return a mask's codes, int32 (height, width)."""
    with _opened(file) as image:
        if style == "colour":
            red, green, blue = np.moveaxis(np.asarray(image.convert("RGB")).astype(np.int32), -1, 0)
            return (red << 16) | (green << 8) | blue
        if style == "palette" and image.mode == "P":
            return np.asarray(image).astype(np.int32)
        if image.mode in DEEP_MODES:
            return _whole(np.asarray(image))
        return np.asarray(image.convert("L")).astype(np.int32)


def _whole(values: NDArray[Any]) -> Codes:
    codes = values.astype(np.int32)
    if (codes != values).any() or codes.min(initial=0) < 0:
        raise Unreadable("its values are no whole numbers from 0 on")
    return codes


@contextmanager
def _opened(file: Path) -> Iterator[Image.Image]:
    """Open and decode a mask; DataError naming it where that cannot be."""
    try:
        with open_image(file) as image:
            yield load_image(image)
    except Unreadable as error:
        raise DataError(
            f"The mask {file.name} cannot be read: {error}. Repair it, or take it and its picture "
            "out."
        ) from error
