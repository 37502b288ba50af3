"""ImageEncoding: pictures of any size and mode become uint8 (rows, channels, height, width),
normalised batch by batch.
"""

from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from functools import lru_cache
from pathlib import Path
from typing import Any, TypeVar

import numpy as np
import torch
from torch import Tensor

from netwright.data.data import Kind
from netwright.data.image_decoding import (
    Mode,
    Pixels,
    Unreadable,
    decode,
    quiet_pillow,
)
from netwright.data.ledger import Ledger
from netwright.device import cores
from netwright.errors import DataError

__all__ = [
    "ImageEncoding",
    "all_rows",
    "decode_each",
    "in_threads",
    "name_of",
    "note_refused_rows",
]

# Pillow decodes outside Python's lock, so threads help; beyond 16 the disk decides.
THREADS = min(16, cores())

Item = TypeVar("Item")
Answer = TypeVar("Answer")


@dataclass(frozen=True, kw_only=True)
class ImageEncoding:
    """mode: "L" (one channel) or "RGB". mean, std: of the training pixels in 0..255, one a channel.

    white: the value of pictures with more than 8 bits that becomes 255.
    """

    mode: Mode
    height: int
    width: int
    mean: tuple[float, ...]
    std: tuple[float, ...]
    white: int = 65535

    @property
    def kind(self) -> Kind:
        return "image"

    @property
    def in_channels(self) -> int:
        """How many channels the net sees."""
        return 1 if self.mode == "L" else 3

    def encode(self, raw: Any, ledger: Ledger | None = None) -> tuple[Tensor, ...]:
        """Turn paths, PIL images or arrays into (uint8 (rows, channels, height, width),).

        One that cannot be decoded is a DataError naming it; `encode_some` leaves such rows out
        instead.
        """
        return (all_rows(raw, *self.decode_rows(raw)),)

    def encode_some(
        self, raw: Any, ledger: Ledger | None = None
    ) -> tuple[tuple[Tensor, ...], Tensor]:
        """Encode the rows that can be decoded; return them and their positions. The others go to
        the ledger by name.
        """
        stored, kept, refused = self.decode_rows(raw)
        note_refused_rows(raw, refused, ledger)
        return (stored,), kept

    def decode_rows(self, raw: Any) -> tuple[Tensor, Tensor, dict[int, str]]:
        """Return the pixels of the rows that can be decoded, their positions, and of each other
        position the reason.
        """
        whole = self._as_stored(raw)
        if whole is not None:
            return whole, torch.arange(len(whole)), {}
        return decode_each(raw, (self.in_channels, self.height, self.width), self.decode)

    def decode(self, item: Any) -> Pixels:
        """Decode one picture to (channels, height, width); Unreadable says why it cannot be."""
        return decode(item, mode=self.mode, height=self.height, width=self.width, white=self.white)

    def _as_stored(self, raw: Any) -> Tensor | None:
        """Take whole uint8 arrays that already have the right size as they are, without a loop over
        rows.
        """
        if not isinstance(raw, np.ndarray | Tensor) or raw.dtype not in (np.uint8, torch.uint8):
            return None
        pixels = raw if isinstance(raw, Tensor) else torch.from_numpy(np.ascontiguousarray(raw))
        if self.mode == "L" and pixels.shape[1:] == (self.height, self.width):
            return pixels[:, None]
        if pixels.shape[1:] == (self.in_channels, self.height, self.width):
            return pixels
        if pixels.shape[1:] == (self.height, self.width, self.in_channels):
            return pixels.permute(0, 3, 1, 2).contiguous()
        return None

    def prepare(self, inputs: tuple[Tensor, ...]) -> tuple[Tensor, ...]:
        """Normalise with the training pixels' mean and standard deviation: torch's default
        float type (float32) out, any number type in.
        """
        number = torch.get_default_dtype()
        scale, shift = _affine(self.mean, self.std, inputs[0].device, number)
        return (torch.addcmul(shift, inputs[0].to(scale.dtype), scale),)

    def in_range(self, low: float, high: float) -> "ImageEncoding":
        """Return the encoding whose `prepare` gives black as `low` and white as `high`."""
        scale = 255 / (high - low)
        mean, std = (-low * scale,) * self.in_channels, (scale,) * self.in_channels
        return replace(self, mean=mean, std=std)

    def restore(self, pictures: Tensor) -> Tensor:
        """Return the uint8 pixels that prepared pictures stand for, what is beyond black or white
        cut off."""
        mean, std = (torch.tensor(x).view(1, -1, 1, 1) for x in (self.mean, self.std))
        return (pictures.float().cpu() * std + mean).round().clamp(0, 255).to(torch.uint8)

    def shapes(self) -> Mapping[str, Any]:
        return {"in_channels": self.in_channels, "height": self.height, "width": self.width}

    def to_dict(self) -> dict[str, Any]:
        return {
            "type": "image",
            "kind": "image",
            "mode": self.mode,
            "height": self.height,
            "width": self.width,
            "mean": list(self.mean),
            "std": list(self.std),
            "white": self.white,
        }

    def tensors(self) -> dict[str, Tensor]:
        return {}

    @classmethod
    def from_dict(cls, values: Mapping[str, Any], tensors: Mapping[str, Tensor]) -> "ImageEncoding":
        """Read the JSON form."""
        return cls(
            mode=values["mode"],
            height=values["height"],
            width=values["width"],
            mean=tuple(values["mean"]),
            std=tuple(values["std"]),
            white=values["white"],
        )


@lru_cache(maxsize=8)
def _affine(
    mean: tuple[float, ...], std: tuple[float, ...], device: torch.device, dtype: torch.dtype
) -> tuple[Tensor, Tensor]:
    """(x - mean) / std as x * scale + shift, each (1, channels, 1, 1)."""
    scale = 1 / torch.tensor(std, device=device, dtype=dtype).view(1, -1, 1, 1)
    shift = -torch.tensor(mean, device=device, dtype=dtype).view(1, -1, 1, 1) * scale
    return scale, shift


def decode_each(
    raw: Any, shape: tuple[int, int, int], decode_one: Callable[[Any], Pixels]
) -> tuple[Tensor, Tensor, dict[int, str]]:
    """Return the pixels uint8 (rows, *shape) of the rows that can be decoded, their positions, and
    of each other position the reason."""
    stored = np.empty((len(raw), *shape), dtype=np.uint8)
    refused: dict[int, str] = {}

    def fill(at: int) -> None:
        try:
            stored[at] = decode_one(raw[at])
        except Unreadable as error:
            refused[at] = str(error)

    with quiet_pillow():
        in_threads(fill, range(len(raw)))
    kept = torch.tensor([at for at in range(len(raw)) if at not in refused], dtype=torch.int64)
    pixels = torch.from_numpy(stored)
    return pixels[kept] if refused else pixels, kept, dict(sorted(refused.items()))


def all_rows(
    raw: Any, stored: Tensor, kept: Tensor, refused: Mapping[int, str], *, what: str = "pictures"
) -> Tensor:
    """Return the pixels where every row could be decoded; DataError naming the others."""
    if refused:
        named = [f"{name_of(raw[at], at)} ({why})" for at, why in refused.items()]
        more = f" and {len(named) - 5:,} more" if len(named) > 5 else ""
        raise DataError(
            f"{len(named):,} of {len(raw):,} {what} cannot be decoded: "
            f"{'; '.join(named[:5])}{more}. Repair them or take them out."
        )
    return stored


def note_refused_rows(raw: Any, refused: Mapping[int, str], ledger: Ledger | None) -> None:
    """Note the rows that could not be decoded, by name."""
    if ledger is not None:
        for at, why in refused.items():
            ledger.note("dropped", name_of(raw[at], at), f"cannot be decoded: {why}", 1)


def in_threads(task: Callable[[Item], Answer], items: Sequence[Item]) -> list[Answer]:
    """Map over items in a thread pool, in order."""
    if len(items) < 8 or THREADS == 1:
        return [task(item) for item in items]
    with ThreadPoolExecutor(THREADS) as pool:
        # Chunks, since a future for each of a million small files costs more than decoding it.
        chunk = max(1, min(64, len(items) // (4 * THREADS)))
        pieces = [items[at : at + chunk] for at in range(0, len(items), chunk)]
        return [
            answer for piece in pool.map(lambda p: [task(i) for i in p], pieces) for answer in piece
        ]


def name_of(item: Any, at: int) -> str:
    """Name a raw picture: its last two path parts (class folders repeat file names), or its row."""
    if isinstance(item, str | Path):
        return "/".join(Path(item).parts[-2:])
    return f"row {at}"
