"""Small folders of pictures and masks: dark discs on a light ground."""

from pathlib import Path

import numpy as np
from PIL import Image


def disc_pair(
    rng: np.random.Generator, size: tuple[int, int], values: tuple[int, int] = (0, 255)
) -> tuple[Image.Image, Image.Image]:
    """A picture (height, width) and its mask, whose values are those of ground and disc."""
    height, width = size
    y, x = np.mgrid[:height, :width]
    cy, cx = rng.uniform(0.25, 0.75) * height, rng.uniform(0.25, 0.75) * width
    inside = (y - cy) ** 2 + (x - cx) ** 2 < (0.3 * min(size)) ** 2
    picture = np.where(inside, 70, 180) + rng.normal(0, 25, size)
    mask = np.where(inside, values[1], values[0]).astype(np.uint8)
    return Image.fromarray(picture.clip(0, 255).astype(np.uint8)), Image.fromarray(mask)


def disc_folder(
    root: Path,
    count: int = 12,
    *,
    sizes: tuple[tuple[int, int], ...] = ((24, 20),),
    values: tuple[int, int] = (0, 255),
) -> Path:
    """image/00.png ... and label/00.png ..., sizes in turn."""
    rng = np.random.default_rng(0)
    for name in ("image", "label"):
        (root / name).mkdir(parents=True)
    for at in range(count):
        picture, mask = disc_pair(rng, sizes[at % len(sizes)], values)
        picture.save(root / "image" / f"{at:02}.png")
        mask.save(root / "label" / f"{at:02}.png")
    return root
