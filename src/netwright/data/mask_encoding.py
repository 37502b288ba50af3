"""MaskEncoding: pictures whose every pixel has a class, side by side in one frame (framing.py)."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from PIL import Image
from torch import Tensor

from netwright.data.data import Kind
from netwright.data.framing import Framing
from netwright.data.image_encoding import ImageEncoding
from netwright.data.ledger import Ledger
from netwright.data.mask_decoding import MaskStyle

__all__ = ["NOT_ASKED", "MaskEncoding"]

NOT_ASKED = -100  # the class of a pixel that is not judged, as in torch's cross-entropy


@dataclass(frozen=True, kw_only=True)
class MaskEncoding:
    """pictures: mode and statistics; its height and width are the frame's. factor: what every
    picture is scaled by, at most 1. codes: of each class, see mask_decoding. style: of the masks.
    """

    pictures: ImageEncoding
    factor: float
    codes: tuple[int, ...]
    style: MaskStyle

    @property
    def kind(self) -> Kind:
        return "image"

    @property
    def framing(self) -> Framing:
        """How the pictures lie in the frame."""
        return Framing(pictures=self.pictures, factor=self.factor, filling="mirror")

    def encode(self, raw: Any, ledger: Ledger | None = None) -> tuple[Tensor, ...]:
        """Turn paths, PIL images or arrays into (uint8 (rows, channels, height, width),)."""
        return self.framing.encode(raw)

    def encode_some(
        self, raw: Any, ledger: Ledger | None = None
    ) -> tuple[tuple[Tensor, ...], Tensor]:
        """Encode the rows that can be decoded; return them and their positions. The others go to
        the ledger by name."""
        return self.framing.encode_some(raw, ledger)

    def encode_mask(self, codes: NDArray[np.int32]) -> Tensor:
        """Turn a mask's codes (height, width) into class ids int16 (frame height, frame width),
        NOT_ASKED outside of it and where the code is of no class."""
        ids = np.full(codes.shape, NOT_ASKED, dtype=np.int16)
        for number, code in enumerate(self.codes):
            ids[codes == code] = number
        framed = np.full((self.pictures.height, self.pictures.width), NOT_ASKED, dtype=np.int16)
        height, width = self.framing.place(*codes.shape)
        framed[:height, :width] = resize_ids(ids, height, width)
        return torch.from_numpy(framed)

    def decode_ids(self, ids: NDArray[np.integer[Any]], height: int, width: int) -> Any:
        """Cut the class ids of a frame back to a picture of height x width: int16."""
        inner = self.framing.place(height, width)
        return resize_ids(ids[: inner[0], : inner[1]].astype(np.int16), height, width)

    def picture(self, ids: NDArray[np.int16]) -> Image.Image:
        """Return class ids (height, width) as a mask like those of training."""
        return self.style.picture(np.array(self.codes, dtype=np.int32)[ids])

    def prepare(self, inputs: tuple[Tensor, ...]) -> tuple[Tensor, ...]:
        return self.pictures.prepare(inputs)

    def shapes(self) -> Mapping[str, Any]:
        return self.pictures.shapes()

    def to_dict(self) -> dict[str, Any]:
        return {
            "type": "masks",
            "kind": "image",
            "pictures": self.pictures.to_dict(),
            "factor": self.factor,
            "codes": list(self.codes),
            "style": self.style.style,
            "palette": list(self.style.palette),
        }

    def tensors(self) -> dict[str, Tensor]:
        return {}

    @classmethod
    def from_dict(cls, values: Mapping[str, Any], tensors: Mapping[str, Tensor]) -> "MaskEncoding":
        """Read the JSON form."""
        return cls(
            pictures=ImageEncoding.from_dict(values["pictures"], {}),
            factor=values["factor"],
            codes=tuple(values["codes"]),
            style=MaskStyle(values["style"], tuple(values["palette"])),
        )


def resize_ids(ids: NDArray[np.int16], height: int, width: int) -> NDArray[np.int16]:
    """Scale class ids (height, width) by taking the nearest."""
    rows = ((np.arange(height) + 0.5) * ids.shape[0] / height).astype(np.int64)
    columns = ((np.arange(width) + 0.5) * ids.shape[1] / width).astype(np.int64)
    return ids[rows[:, None], columns[None, :]]
