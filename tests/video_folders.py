"""Small folders of clips: a bright dot that goes left or right, round and round."""

from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image


def clip(
    rng: np.random.Generator, kind: str, *, frames: int = 6, side: int = 12, colour: bool = False
) -> NDArray[np.uint8]:
    """(frames, side, side) or (frames, side, side, 3): the dot starts anywhere."""
    video = np.full((frames, side, side), 40, dtype=np.uint8)
    row, start = int(rng.integers(side)), int(rng.integers(side))
    for at in range(frames):
        video[at, row, (start + (at if kind == "right" else -at)) % side] = 250
    return np.stack([video, video, 255 - video], -1) if colour else video


def clip_folder(root: Path, count: int, *, style: str = "npy", colour: bool = False) -> Path:
    """left/0.npy ... and right/0.npy ...; style: npy, npz, gif, or frames (left/0/0.png)."""
    rng = np.random.default_rng(0)
    for kind in ("left", "right"):
        (root / kind).mkdir(parents=True)
        for at in range(count):
            video = clip(rng, kind, colour=colour)
            path = root / kind / f"{at:02}.{style}"
            if style == "npy":
                np.save(path, video)
            elif style == "npz":
                np.savez_compressed(path, frames=video)
            elif style == "gif":
                first, *rest = (Image.fromarray(frame) for frame in video)
                first.save(path, save_all=True, append_images=rest, duration=100)
            else:
                path.with_suffix("").mkdir()
                for number, frame in enumerate(video):
                    Image.fromarray(frame).save(path.with_suffix("") / f"{number}.png")
    return root
