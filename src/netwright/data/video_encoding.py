"""VideoEncoding: clips of any length and size become uint8 (rows, frames, channels, height, width),
normalised batch by batch.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from torch import Tensor

from netwright.data.clips import frame_places, read_clip
from netwright.data.data import Kind
from netwright.data.image_decoding import Pixels, Unreadable
from netwright.data.image_encoding import (
    ImageEncoding,
    all_rows,
    in_threads,
    note_refused_rows,
)
from netwright.data.ledger import Ledger

__all__ = ["VideoEncoding"]


@dataclass(frozen=True, kw_only=True)
class VideoEncoding:
    """pictures: mode, size and statistics of a frame. frames: of every clip; longer ones are
    sampled evenly, of shorter ones the last frame is held."""

    pictures: ImageEncoding
    frames: int

    @property
    def kind(self) -> Kind:
        return "video"

    def encode(self, raw: Any, ledger: Ledger | None = None) -> tuple[Tensor, ...]:
        """Turn paths or arrays (frames, height, width[, 3]) into (uint8 (rows, frames, channels,
        height, width),); one that cannot be read is a DataError naming it."""
        stored, kept, refused = self.decode_rows(raw, ledger)
        return (all_rows(raw, stored, kept, refused, what="clips"),)

    def encode_some(
        self, raw: Any, ledger: Ledger | None = None
    ) -> tuple[tuple[Tensor, ...], Tensor]:
        """Encode the rows that can be read; return them and their positions. The others go to the
        ledger by name."""
        stored, kept, refused = self.decode_rows(raw, ledger)
        note_refused_rows(raw, refused, ledger)
        return (stored,), kept

    def decode_rows(
        self, raw: Any, ledger: Ledger | None = None
    ) -> tuple[Tensor, Tensor, dict[int, str]]:
        """Return the frames of the rows that can be read, their positions, and of each other
        position the reason. Lengths that were changed are noted."""
        size = self.pictures
        shape = (len(raw), self.frames, size.in_channels, size.height, size.width)
        stored = np.empty(shape, dtype=np.uint8)
        refused: dict[int, str] = {}

        def fill(at: int) -> int:
            try:
                stored[at], count = self._decode(raw[at])
            except Unreadable as error:
                refused[at] = str(error)
                return self.frames
            return count

        lengths = np.array(in_threads(fill, range(len(raw))), dtype=np.int64)
        if ledger is not None:
            self._note_lengths(lengths, ledger)
        kept = torch.tensor([at for at in range(len(raw)) if at not in refused], dtype=torch.int64)
        pixels = torch.from_numpy(stored)
        return pixels[kept] if refused else pixels, kept, dict(sorted(refused.items()))

    def _decode(self, item: Any) -> tuple[Pixels, int]:
        """Return a clip's frames (frames, channels, height, width), and how many it has itself."""
        frames = read_clip(item)
        places = frame_places(len(frames), self.frames)
        decoded = {at: self.pictures.decode(frames[at]) for at in dict.fromkeys(places.tolist())}
        return np.stack([decoded[at] for at in places.tolist()]), len(frames)

    def _note_lengths(self, lengths: np.ndarray, ledger: Ledger) -> None:
        shorter, longer = lengths < self.frames, lengths > self.frames
        if longer.any():
            what = f"of up to {lengths.max():,} frames, {self.frames} of them taken evenly"
            ledger.note("encoded", "clips", what, int(longer.sum()))
        if shorter.any():
            what = f"of {lengths.min():,} frames or more, the last one held up to {self.frames}"
            ledger.note("encoded", "clips", what, int(shorter.sum()))

    def prepare(self, inputs: tuple[Tensor, ...]) -> tuple[Tensor, ...]:
        """Normalise every frame with the training pixels' mean and standard deviation."""
        clips = inputs[0]
        (frames,) = self.pictures.prepare((clips.flatten(0, 1),))
        return (frames.view(clips.shape),)

    def shapes(self) -> Mapping[str, Any]:
        return {"frames": self.frames, **self.pictures.shapes()}

    def to_dict(self) -> dict[str, Any]:
        return {
            "type": "video",
            "kind": "video",
            "pictures": self.pictures.to_dict(),
            "frames": self.frames,
        }

    def tensors(self) -> dict[str, Tensor]:
        return {}

    @classmethod
    def from_dict(cls, values: Mapping[str, Any], tensors: Mapping[str, Tensor]) -> "VideoEncoding":
        """Read the JSON form."""
        return cls(
            pictures=ImageEncoding.from_dict(values["pictures"], {}), frames=values["frames"]
        )
