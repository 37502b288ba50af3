"""Framing: pictures of any size side by side in one frame, each with its own shape.

All are scaled by one factor, so that things keep their relative size, and lie in the frame's top
left corner. What is left of the frame is filled with the picture mirrored at its border, or is
grey.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
from torch import Tensor

from netwright.data.image_decoding import (
    Header,
    Mode,
    Pixels,
    decode,
    read_header,
)
from netwright.data.image_encoding import (
    ImageEncoding,
    all_rows,
    decode_each,
    note_refused_rows,
)
from netwright.data.image_rules import find_white
from netwright.data.ledger import Ledger
from netwright.data.memory import data_budget
from netwright.errors import DataError

__all__ = ["Filling", "Framing", "check_memory", "fit_framing"]

Filling = Literal["mirror", "grey"]
GREY = 114  # of 255, as YOLO's letterbox has it
# The longest side of a picture in training, by how many there are: every place is a target.
LONGEST = ((200, 512), (2_000, 256))
SHORTEST_LONGEST = 128


@dataclass(frozen=True, kw_only=True)
class Framing:
    """pictures: mode and statistics; its height and width are the frame's. factor: what every
    picture is scaled by, at most 1. filling: of the frame beside a picture."""

    pictures: ImageEncoding
    factor: float
    filling: Filling

    def place(self, height: int, width: int) -> tuple[int, int]:
        """Return the height and width that a picture has within the frame, from its top left."""
        frame = self.pictures
        factor = min(self.factor, frame.height / height, frame.width / width)
        return max(round(height * factor), 1), max(round(width * factor), 1)

    def encode(self, raw: Any) -> tuple[Tensor, ...]:
        """Turn paths, PIL images or arrays into (uint8 (rows, channels, height, width),)."""
        return (all_rows(raw, *self.decode_rows(raw)),)

    def encode_some(self, raw: Any, ledger: Ledger | None) -> tuple[tuple[Tensor, ...], Tensor]:
        """Encode the rows that can be decoded; return them and their positions. The others go to
        the ledger by name."""
        stored, kept, refused = self.decode_rows(raw)
        note_refused_rows(raw, refused, ledger)
        return (stored,), kept

    def decode_rows(self, raw: Any) -> tuple[Tensor, Tensor, dict[int, str]]:
        """Return the pixels of the rows that can be decoded, their positions, and of each other
        position the reason."""
        frame = self.pictures
        return decode_each(raw, (frame.in_channels, frame.height, frame.width), self._decode)

    def _decode(self, item: Any) -> Pixels:
        header, frame = read_header(item), self.pictures
        height, width = self.place(header.height, header.width)
        pixels = decode(item, mode=frame.mode, height=height, width=width, white=frame.white)
        around = ((0, 0), (0, frame.height - height), (0, frame.width - width))
        if self.filling == "mirror":
            return np.pad(pixels, around, mode="symmetric")
        return np.pad(pixels, around, constant_values=GREY)

    def note_scale(self, height: int, width: int, name: str, ledger: Ledger | None) -> None:
        """Note a picture that is larger than those of training."""
        inner = self.place(height, width)
        if ledger is not None and inner[0] < round(height * self.factor):
            what = "larger than the pictures of training: scaled down to their size, and back up"
            ledger.note("encoded", name, what, 1)


def fit_framing(
    files: Sequence[Any],
    headers: Sequence[Header],
    learned: Sequence[int],
    ledger: Ledger,
    *,
    filling: Filling,
    words: Mapping[str, str],
) -> Framing:
    """Choose mode, scale and frame by the pictures that are learned from, rows `learned`. words:
    what is said in the ledger of "scaled" pictures and of what is "left" of a frame."""
    voting = [headers[at] for at in learned]
    mode: Mode = "L" if all(header.grey for header in voting) else "RGB"
    longest = next((side for most, side in LONGEST if len(headers) <= most), SHORTEST_LONGEST)
    factor = min(1.0, longest / max(max(h.height, h.width) for h in voting))
    height = max(max(round(h.height * factor), 1) for h in voting)
    width = max(max(round(h.width * factor), 1) for h in voting)
    shapes = {(h.height, h.width) for h in headers}
    if factor < 1:
        what = f"scaled by {factor:.3g}, {words['scaled']}: {longest} pixels are the longest side"
        ledger.note("encoded", "pictures", what, len(headers))
    if len(shapes) > 1:
        smallest, largest = min(shapes), max(shapes)
        what = (
            f"of {smallest[0]} x {smallest[1]} to {largest[0]} x {largest[1]} pixels (height x "
            f"width), set into a frame of {height} x {width}; {words['left']}"
        )
        ledger.note("encoded", "pictures", what, len(headers))
    channels = 1 if mode == "L" else 3
    white = find_white([files[at] for at in learned], voting, ledger)
    pictures = ImageEncoding(
        mode=mode, height=height, width=width, mean=(0.0,) * channels, std=(1.0,) * channels,
        white=white,
    )  # fmt: skip
    return Framing(pictures=pictures, factor=factor, filling=filling)


def check_memory(frame: ImageEncoding, rows: int, *, beside: int, what: str) -> None:
    """Raise DataError where the rows would not fit into memory. beside: bytes a pixel of their
    targets."""
    size = rows * frame.height * frame.width * (frame.in_channels + beside)
    if size > (limit := data_budget()):
        raise DataError(
            f"{rows:,} pictures of {frame.height} x {frame.width} pixels{what} take "
            f"{size / 1e6:,.0f} MB of memory, more than the {limit / 1e6:,.0f} MB allowed. Give "
            "fewer or smaller ones."
        )
