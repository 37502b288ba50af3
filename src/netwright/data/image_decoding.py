"""One picture file, PIL image or array becomes pixels of one mode and size: uint8 (channels,
height, width).

Palettes are looked up, transparent parts laid on white, CMYK and 16-bit converted, EXIF orientation
applied, the first frame of several taken. What cannot be decoded whole raises Unreadable: half a
picture is never trained on.
"""

import struct
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import numpy as np
import torch
from numpy.typing import NDArray
from PIL import Image, ImageOps, UnidentifiedImageError

Mode = Literal["L", "RGB"]
Pixels = NDArray[np.uint8]

# Pillow's own limit against decompression bombs; beyond it a "picture" fills gigabytes.
MAX_PIXELS = 89_478_485
GREY_MODES = frozenset({"1", "L", "LA", "I", "F", "I;16", "I;16B", "I;16L", "I;16N"})
DEEP_MODES = GREY_MODES - {"1", "L", "LA"}
ORIENTATION = 0x0112  # the EXIF tag


class Unreadable(Exception):
    """A picture that cannot be used; the text says why."""


@dataclass(frozen=True)
class Header:
    """What a picture says before it is decoded. `quirks`: what decoding will have to convert."""

    mode: str
    width: int
    height: int
    quirks: tuple[str, ...] = ()

    @property
    def grey(self) -> bool:
        """Whether one channel holds it whole."""
        return self.mode in GREY_MODES

    @property
    def deep(self) -> bool:
        """Whether it has more than 8 bits a channel."""
        return self.mode in DEEP_MODES


@contextmanager
def quiet_pillow() -> Iterator[None]:
    """Hold back Pillow's warnings on odd but readable files (they are quirks of Header) while
    threads decode.

    Entered once around a pool, since warning filters belong to the whole process.
    """
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", Image.DecompressionBombWarning)
        warnings.filterwarnings("ignore", category=UserWarning, module=r"PIL\.")
        yield


def read_header(item: Any) -> Header:
    """Read size and mode without decoding the pixels."""
    if not isinstance(item, str | Path | Image.Image):
        pixels = np.asarray(item)
        height, width, channels = _array_shape(pixels)
        mode = "L" if channels < 3 else "RGB"
        return Header(
            "I;16" if pixels.dtype.itemsize == 2 and channels == 1 else mode, width, height
        )
    image = open_image(item)
    try:
        quirks = []
        if image.mode not in ("1", "L", "RGB"):
            quirks.append(f"mode {image.mode} converted")
        if "A" in image.getbands() or "transparency" in image.info:
            quirks.append("transparent parts laid on white")
        if getattr(image, "n_frames", 1) > 1:
            quirks.append("several frames, the first taken")
        width, height = image.size
        turn, exif = _orientation(image)
        if exif:
            quirks.append(exif)
        if turn > 1:
            quirks.append("turned upright by its EXIF orientation")
        if turn >= 5:
            width, height = height, width
        return Header(image.mode, width, height, tuple(quirks))
    finally:
        if not isinstance(item, Image.Image):
            image.close()


def deepest_value(item: Any) -> int:
    """Return the largest value of a picture with more than 8 bits, to find the white level of a
    set.
    """
    if not isinstance(item, str | Path | Image.Image):
        return int(np.asarray(item).max(initial=0))
    return int(np.asarray(load_image(open_image(item))).max(initial=0))


def decode(item: Any, *, mode: Mode, height: int, width: int, white: int = 65535) -> Pixels:
    """Return uint8 (channels, height, width): scaled to cover height x width, the rest cut off
    evenly at both ends.

    white: the value of pictures with more than 8 bits that becomes 255.
    """
    if isinstance(item, str | Path):
        image = open_image(item)
        try:
            if (
                image.format == "JPEG"
            ):  # decode at the nearest of 1/1 .. 1/8 of the size: several times faster
                image.draft(None, (2 * width, 2 * height))
            return _fit(_flatten(load_image(image), mode, white), mode, height, width)
        finally:
            image.close()
    image = item if isinstance(item, Image.Image) else _from_array(item, white)
    return _fit(_flatten(image, mode, white), mode, height, width)


def open_image(item: str | Path | Image.Image) -> Image.Image:
    if isinstance(item, Image.Image):
        return item
    try:
        image = Image.open(item)
    except FileNotFoundError as error:
        raise Unreadable("there is no such file") from error
    except Image.DecompressionBombError as error:
        raise Unreadable(f"it claims more than {MAX_PIXELS:,} pixels") from error
    except UnidentifiedImageError as error:
        raise Unreadable("it is not a picture Pillow knows, or is broken") from error
    except (OSError, SyntaxError, ValueError, struct.error, EOFError) as error:
        raise Unreadable(_reason(error)) from error
    if image.width * image.height > MAX_PIXELS:
        image.close()
        raise Unreadable(f"it claims {image.width:,} x {image.height:,} pixels")
    if not image.width or not image.height:
        image.close()
        raise Unreadable("it has no pixels")
    return image


def load_image(image: Image.Image) -> Image.Image:
    try:
        image.seek(0)
        image.load()
    except (OSError, SyntaxError, ValueError, IndexError, struct.error, EOFError) as error:
        raise Unreadable(_reason(error)) from error
    return image


def _reason(error: Exception) -> str:
    return str(error).strip().rstrip(".") or type(error).__name__


def _orientation(image: Image.Image) -> tuple[int, str | None]:
    """Return the EXIF orientation (1 is upright) and, where the EXIF block cannot be read, a word
    on it.
    """
    try:
        turn = image.getexif().get(ORIENTATION, 1)
    except (OSError, SyntaxError, ValueError, TypeError, struct.error):
        return 1, "EXIF block cannot be read, taken as upright"
    return (turn, None) if isinstance(turn, int) and 1 <= turn <= 8 else (1, None)


def _flatten(image: Image.Image, mode: Mode, white: int) -> Image.Image:
    """Turn any Pillow mode into L or RGB: upright, opaque, 8 bits."""
    turn, _ = _orientation(image)
    if turn > 1:
        image = ImageOps.exif_transpose(image)
    if image.mode in DEEP_MODES:
        values = np.asarray(image).astype(np.float32)
        key = image.info.get("transparency")
        if isinstance(key, int):
            values = np.where(values == key, white, values)
        image = Image.fromarray(_to_bytes(values, white))
    try:
        if "A" in image.getbands() or "transparency" in image.info:
            image = image.convert("RGBA")
            paper = Image.new("RGBA", image.size, (255, 255, 255, 255))
            image = Image.alpha_composite(paper, image)
        return image if image.mode == mode else image.convert(mode)
    except (ValueError, OSError) as error:  # LAB and other modes without a conversion
        raise Unreadable(f"mode {image.mode} cannot be converted to {mode}") from error


def _to_bytes(values: NDArray[Any], white: int) -> Pixels:
    scaled = np.clip(np.nan_to_num(values) * (255.0 / white), 0, 255)
    return np.round(scaled).astype(np.uint8)


def _array_shape(pixels: NDArray[Any]) -> tuple[int, int, int]:
    """(height, width), (channels, height, width) or (height, width, channels) -> height, width,
    channels.
    """
    if pixels.ndim == 2:
        return pixels.shape[0], pixels.shape[1], 1
    if pixels.ndim == 3 and pixels.shape[2] in (1, 3, 4):
        return pixels.shape[0], pixels.shape[1], pixels.shape[2]
    if pixels.ndim == 3 and pixels.shape[0] in (1, 3, 4):
        return pixels.shape[1], pixels.shape[2], pixels.shape[0]
    raise Unreadable(
        f"an array of shape {pixels.shape} is no picture: expected (height, width), "
        "(height, width, channels) or (channels, height, width)"
    )


def _from_array(item: Any, white: int) -> Image.Image:
    """An array or tensor as a PIL image: bool and floats in 0..1 are scaled by 255, 16-bit by the
    white level.
    """
    pixels = item.cpu().numpy() if isinstance(item, torch.Tensor) else np.asarray(item)
    _, _, channels = _array_shape(pixels)
    if pixels.ndim == 2:
        pixels = pixels[:, :, None]
    elif pixels.shape[2] != channels:
        pixels = np.moveaxis(pixels, 0, 2)
    if pixels.dtype == np.bool_:
        pixels = pixels.astype(np.uint8) * 255
    elif pixels.dtype.kind == "f":
        top = float(np.nanmax(pixels, initial=0.0))
        pixels = _to_bytes(pixels, 1 if top <= 1 else 255)
    elif pixels.dtype != np.uint8:
        pixels = _to_bytes(pixels, white if pixels.dtype.itemsize == 2 else 255)
    return Image.fromarray(np.ascontiguousarray(pixels[:, :, 0] if channels == 1 else pixels))


def _fit(image: Image.Image, mode: Mode, height: int, width: int) -> Pixels:
    if image.size != (width, height):
        image = ImageOps.fit(image, (width, height), method=Image.Resampling.BILINEAR)
    pixels = np.asarray(image, dtype=np.uint8)
    return pixels[None] if mode == "L" else np.ascontiguousarray(pixels.transpose(2, 0, 1))
