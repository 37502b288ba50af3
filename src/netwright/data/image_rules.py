"""What all pictures of a set have in common: mode, size, white level, mean and deviation; each with
its reason.
"""

import math
from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import torch
from torch import Tensor

from netwright.data.image_decoding import (
    Header,
    Mode,
    Unreadable,
    deepest_value,
    quiet_pillow,
    read_header,
)
from netwright.data.image_encoding import ImageEncoding, in_threads
from netwright.data.ledger import Ledger
from netwright.errors import DataError

__all__ = [
    "choose_shape",
    "drop_equal_channels",
    "find_white",
    "note_quirks",
    "read_headers",
    "with_statistics",
]

# The longest side that pictures keep, by how many there are: what two CPU cores train on in
# minutes.
LONGEST = ((2_000, 128), (10_000, 96), (math.inf, 64))


def read_headers(raw: Any) -> list[Header | Unreadable]:
    if isinstance(raw, np.ndarray):
        # All rows of one array share its shape and type.
        try:
            return [read_header(raw[0])] * len(raw) if len(raw) else []
        except Unreadable as error:
            raise DataError(f"The pictures cannot be used: {error}.") from error
    with quiet_pillow():
        return in_threads(_header, raw)


def _header(item: Any) -> Header | Unreadable:
    try:
        return read_header(item)
    except Unreadable as error:
        return error


def choose_shape(
    headers: Sequence[Header], ledger: Ledger, *, most: Mapping[str, int] | None = None
) -> tuple[Mode, int, int]:
    """Choose mode, height and width; note what that means for pictures that are different. most:
    the longest side by mode; by the number of pictures where it is not given."""
    mode: Mode = "L" if all(h.grey for h in headers) else "RGB"
    if mode == "RGB" and (grey := sum(h.grey for h in headers)):
        ledger.note("encoded", "pictures", "grey ones among colour ones, read as RGB", grey)
    sizes = Counter((h.height, h.width) for h in headers)
    longest = next(side for count, side in LONGEST if len(headers) <= count)
    if most is not None:
        longest = most[mode]
    if len(sizes) == 1:
        height, width = next(iter(sizes))
    else:
        height = int(np.median([h.height for h in headers]))
        width = int(np.median([h.width for h in headers]))
        if 0.75 <= height / width <= 1.34:  # about square: both ways up are then treated alike
            height = width = min(height, width)
    factor = min(1.0, longest / max(height, width))
    chosen = max(8, round(height * factor)), max(8, round(width * factor))
    changed = len(headers) - sizes[chosen]
    if changed:
        smallest, largest = min(sizes), max(sizes)
        seen = f"{smallest[0]} x {smallest[1]}"
        if len(sizes) > 1:
            seen += f" to {largest[0]} x {largest[1]}"
        ledger.note(
            "encoded",
            "pictures",
            f"of {seen} pixels (height x width), scaled to {chosen[0]} x {chosen[1]}; "
            "what does not fit the shape is cut off evenly",
            changed,
        )
    return mode, *chosen


def find_white(raw: Sequence[Any], headers: Sequence[Header], ledger: Ledger) -> int:
    """Find the white level of pictures with more than 8 bits: the next of 255, 511, ... 65535 above
    their brightest.
    """
    deep = [item for item, header in zip(raw, headers, strict=True) if header.deep]
    if not deep:
        return 65535
    with quiet_pillow():
        tops = [top for top in in_threads(_top, deep) if top is not None]
    white = min(2 ** max(8, max(tops, default=65535).bit_length()) - 1, 65535)
    ledger.note("encoded", "pictures", f"16-bit ones scaled so that {white} is white", len(deep))
    return white


def _top(item: Any) -> int | None:
    try:
        return deepest_value(item)
    except Unreadable:
        return None  # refused by name when it is decoded


def note_quirks(headers: Sequence[Header], ledger: Ledger) -> None:
    for quirk, count in Counter(quirk for h in headers for quirk in h.quirks).items():
        ledger.note("encoded", "pictures", quirk, count)


def drop_equal_channels(
    stored: Tensor, encoding: ImageEncoding, ledger: Ledger
) -> tuple[Tensor, ImageEncoding]:
    """Grey pictures saved as RGB need one channel, a third of the first layer's work."""
    if encoding.mode == "L":
        return stored, encoding
    for rows in stored.split(256):
        if not (torch.equal(rows[:, 0], rows[:, 1]) and torch.equal(rows[:, 1], rows[:, 2])):
            return stored, encoding
    ledger.note("encoded", "pictures", "saved as RGB, all grey: one channel kept", len(stored))
    grey = ImageEncoding(
        mode="L", height=encoding.height, width=encoding.width, mean=(0.0,), std=(1.0,),
        white=encoding.white,
    )  # fmt: skip
    return stored[:, :1].contiguous(), grey


def with_statistics(encoding: ImageEncoding, pixels: Tensor) -> ImageEncoding:
    """Return the encoding with the mean and deviation of training pixels, uint8 (rows, channels,
    height, width).
    """
    levels = torch.arange(256, dtype=torch.float64)
    mean, std = [], []
    for channel in range(encoding.in_channels):
        # 256 counts hold all there is to know about a channel of bytes.
        counts = torch.zeros(256, dtype=torch.int64)
        for rows in pixels.split(8192):
            counts += torch.bincount(rows[:, channel].flatten(), minlength=256)
        share = counts / counts.sum()
        mean.append(float((share * levels).sum()))
        std.append(float((share * (levels - mean[-1]).square()).sum().sqrt()))
    return ImageEncoding(
        mode=encoding.mode,
        height=encoding.height,
        width=encoding.width,
        mean=tuple(round(m, 4) for m in mean),
        std=tuple(round(s, 4) if s > 1e-3 else 1.0 for s in std),
        white=encoding.white,
    )
