"""BoxEncoding: pictures side by side in one frame (framing.py), and boxes of the things in them.

The targets of a picture are float32 (boxes, 5): class, left, top, right, bottom, in pixels of the
frame; rows with class NO_BOX fill up pictures that hold fewer than others.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from netwright.data.data import Kind
from netwright.data.framing import Framing
from netwright.data.image_encoding import ImageEncoding
from netwright.data.ledger import Ledger

__all__ = ["NO_BOX", "BoxEncoding", "pad_boxes"]

NO_BOX = -1
Boxes = NDArray[np.float64]  # (boxes, 4): left, top, right, bottom


@dataclass(frozen=True, kw_only=True)
class BoxEncoding:
    """framing: of the pictures; what is left of the frame beside one is grey."""

    framing: Framing

    @property
    def kind(self) -> Kind:
        return "image"

    def encode(self, raw: Any, ledger: Ledger | None = None) -> tuple[Tensor, ...]:
        """Turn paths, PIL images or arrays into (uint8 (rows, channels, height, width),)."""
        return self.framing.encode(raw)

    def encode_some(
        self, raw: Any, ledger: Ledger | None = None
    ) -> tuple[tuple[Tensor, ...], Tensor]:
        """Encode the rows that can be decoded; return them and their positions. The others go to
        the ledger by name."""
        return self.framing.encode_some(raw, ledger)

    def encode_boxes(self, boxes: Boxes, height: int, width: int) -> Boxes:
        """Move the boxes of a picture of height x width into the frame."""
        return boxes * self._scale(height, width)

    def decode_boxes(self, boxes: Boxes, height: int, width: int) -> Boxes:
        """Move boxes of the frame back to their picture, cut off at its border."""
        moved: Boxes = boxes / self._scale(height, width)
        return np.clip(moved, 0, (width, height, width, height))

    def _scale(self, height: int, width: int) -> Boxes:
        inner = self.framing.place(height, width)
        down, across = inner[0] / height, inner[1] / width
        return np.array([across, down, across, down])

    def with_pictures(self, pictures: ImageEncoding) -> "BoxEncoding":
        """Return the same with other statistics of pixels."""
        return replace(self, framing=replace(self.framing, pictures=pictures))

    def prepare(self, inputs: tuple[Tensor, ...]) -> tuple[Tensor, ...]:
        return self.framing.pictures.prepare(inputs)

    def shapes(self) -> Mapping[str, Any]:
        return self.framing.pictures.shapes()

    def to_dict(self) -> dict[str, Any]:
        return {
            "type": "boxes",
            "kind": "image",
            "pictures": self.framing.pictures.to_dict(),
            "factor": self.framing.factor,
        }

    def tensors(self) -> dict[str, Tensor]:
        return {}

    @classmethod
    def from_dict(cls, values: Mapping[str, Any], tensors: Mapping[str, Tensor]) -> "BoxEncoding":
        """Read the JSON form."""
        pictures = ImageEncoding.from_dict(values["pictures"], {})
        return cls(framing=Framing(pictures=pictures, factor=values["factor"], filling="grey"))


def pad_boxes(rows: Sequence[tuple[NDArray[np.int64], Boxes]]) -> Tensor:
    """Return targets float32 (rows, boxes, 5) of the classes and boxes of each row."""
    most = max((len(classes) for classes, _ in rows), default=0)
    targets = torch.zeros(len(rows), max(most, 1), 5)
    targets[:, :, 0] = NO_BOX
    for row, (classes, boxes) in zip(targets, rows, strict=True):
        row[: len(classes), 0] = torch.from_numpy(classes).float()
        row[: len(classes), 1:] = torch.from_numpy(boxes).float()
    return targets
