"""Augmentation of pictures whose targets are boxes: the boxes move with what they hold."""

from collections.abc import Sequence

import torch
from torch import Tensor

from netwright.data.augment import GRIDS, MOVES, augment, shift_pixels
from netwright.errors import UsageError

__all__ = ["augment_boxes"]

VISIBLE = 0.25  # of a box's area, from which on it is still asked for


def augment_boxes(
    pictures: Tensor,
    boxes: Tensor,
    names: Sequence[str],
    rng: torch.Generator,
    *,
    strength: float = 1.0,
) -> tuple[Tensor, Tensor]:
    """Change pictures (batch, channels, height, width) as `augment` does, and the boxes in them,
    (batch, boxes, 5): class, left, top, right, bottom. Of what moves a picture only "flip" and
    "shift" are known here; what only paints it leaves its boxes. A box of which less than
    VISIBLE stays in the picture becomes one of class -1."""
    if strength <= 0 or not names:
        return pictures, boxes
    for name in names:
        if name == "flip":
            pictures, boxes = _flip_boxes(pictures, boxes, rng)
        elif name == "shift":
            most = shift_pixels(pictures, strength)
            pictures, boxes = _shift_boxes(pictures, boxes, most, rng)
        elif name in MOVES or name in GRIDS:
            raise UsageError(
                f"recipe.augment has {name!r}, which would leave boxes behind. Of what moves a "
                "picture choose flip and shift."
            )
        else:
            (pictures,) = augment((pictures,), "image", [name], rng, strength=strength)
    return pictures, boxes


def _flip_boxes(x: Tensor, boxes: Tensor, rng: torch.Generator) -> tuple[Tensor, Tensor]:
    """Mirror half of the pictures left to right, with their boxes."""
    mirrored = (torch.rand(len(x), generator=rng) < 0.5).to(x.device)
    other = boxes.clone()
    other[:, :, 1], other[:, :, 3] = x.shape[-1] - boxes[:, :, 3], x.shape[-1] - boxes[:, :, 1]
    moved = torch.where(mirrored.view(-1, 1, 1), other, boxes)
    return torch.where(mirrored.view(-1, 1, 1, 1), x.flip(3), x), moved


def _shift_boxes(
    x: Tensor, boxes: Tensor, most: int, rng: torch.Generator
) -> tuple[Tensor, Tensor]:
    """Move each picture by up to `most` pixels, with its boxes; outside, the border repeats."""
    batch, channels, height, width = x.shape
    by = torch.randint(-most, most + 1, (2, batch, 1), generator=rng).to(x.device)
    columns = (torch.arange(width, device=x.device) - by[0]).clamp(0, width - 1)
    rows = (torch.arange(height, device=x.device) - by[1]).clamp(0, height - 1)
    index = (rows[:, :, None] * width + columns[:, None, :]).view(batch, 1, -1)
    pixels = x.reshape(batch, channels, -1).gather(2, index.expand(-1, channels, -1))
    edges = torch.tensor([width, height, width, height], device=boxes.device)
    corners = boxes[:, :, 1:] + by.permute(1, 2, 0).repeat(1, 1, 2).to(boxes.device)
    inside = corners.clamp_min(0).minimum(edges)
    areas = [(c[..., 2:] - c[..., :2]).clamp_min(0).prod(-1) for c in (inside, corners)]
    kept = areas[0] >= VISIBLE * areas[1]
    kinds = torch.where(kept, boxes[:, :, 0], -1.0)
    return pixels.view_as(x), torch.cat([kinds[:, :, None], inside], 2)
