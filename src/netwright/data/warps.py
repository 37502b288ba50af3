"""Warps: where the pixels of a changed picture come from. A grid holds, for each pixel of the
result, the place that it is read from, (batch, height, width, 2): x and y from -1 to 1."""

from collections.abc import Sequence

import torch
import torch.nn.functional as F
from torch import Tensor

__all__ = [
    "box_masks",
    "crop_grid",
    "elastic_grid",
    "floats",
    "normal",
    "quarter_turns",
    "rotation_grid",
    "sample_at",
    "uniform",
]

KNOTS = 6  # of an elastic field, along each side
BEND = 0.05  # standard deviation of a knot's move, of half a side: 6 pixels of 256


def uniform(rows: int, low: float, high: float, rng: torch.Generator, like: Tensor) -> Tensor:
    """One number a row in low..high, on the batch's device."""
    return torch.empty(rows).uniform_(low, high, generator=rng).to(like.device)


def normal(shape: Sequence[int], rng: torch.Generator, like: Tensor) -> Tensor:
    """Standard normal numbers, on the batch's device."""
    return torch.randn(tuple(shape), generator=rng).to(like.device)


def floats(x: Tensor) -> Tensor:
    """Return floats as they are and whole numbers as floats."""
    return x if x.is_floating_point() else x.to(torch.float32)


def sample_at(values: Tensor, grid: Tensor, *, mode: str = "bilinear") -> Tensor:
    """Read pictures (batch, channels, height, width) at a grid; outside, the border repeats."""
    return F.grid_sample(values, grid, mode=mode, padding_mode="border", align_corners=False)


def rotation_grid(x: Tensor, rng: torch.Generator, strength: float) -> Tensor:
    """Turn each picture by up to 15 degrees and scale it by up to 10 %."""
    batch, _, height, width = x.shape
    angle = uniform(batch, -0.26 * strength, 0.26 * strength, rng, x)
    zoom = uniform(batch, 1 - 0.1 * strength, 1 + 0.1 * strength, rng, x)
    cos, sin, zero = angle.cos() * zoom, angle.sin() * zoom, torch.zeros_like(angle)
    aspect = height / width  # grid coordinates run -1..1 on both axes whatever the shape
    theta = torch.stack([cos, -sin * aspect, zero, sin / aspect, cos, zero], 1).view(batch, 2, 3)
    return F.affine_grid(theta, [batch, 1, height, width], align_corners=False)


def crop_grid(x: Tensor, rng: torch.Generator, strength: float) -> Tensor:
    """Take a part of each picture, anywhere in it, 30 % to 100 % of its area at strength 1, and
    enlarge it to the whole."""
    batch, _, height, width = x.shape
    area = uniform(batch, max(1 - 0.7 * strength, 0.08), 1.0, rng, x)
    side, zero = area.sqrt(), torch.zeros_like(area)
    across, down = (uniform(batch, -1, 1, rng, x) * (1 - side) for _ in range(2))
    theta = torch.stack([side, zero, across, zero, side, down], 1).view(batch, 2, 3)
    return F.affine_grid(theta, [batch, 1, height, width], align_corners=False)


def elastic_grid(x: Tensor, rng: torch.Generator, strength: float) -> Tensor:
    """Bend each picture: knots on a coarse grid move at random, what lies between them smoothly.

    Ronneberger, Fischer and Brox 2015, arXiv:1505.04597 (there 3 x 3 knots, 10 of 512 pixels).
    """
    batch, _, height, width = x.shape
    moves = normal((batch, 2, KNOTS, KNOTS), rng, x) * (BEND * strength)
    field = F.interpolate(moves, size=(height, width), mode="bicubic", align_corners=True)
    still = torch.eye(2, 3, device=x.device).expand(batch, 2, 3)
    grid = F.affine_grid(still, [batch, 1, height, width], align_corners=False)
    return grid + field.permute(0, 2, 3, 1)


def quarter_turns(x: Tensor, rng: torch.Generator) -> Tensor:
    """Turn each picture by 0, 90, 180 or 270 degrees (of pictures that are not square 0 or 180) and
    mirror half of them. For pictures without an up."""
    turns = torch.randint(4, (len(x),), generator=rng)
    if x.shape[2] != x.shape[3]:
        turns = turns // 2 * 2
    mirrored = torch.rand(len(x), generator=rng) < 0.5
    turned = x.clone()
    for times in turns.unique().tolist():
        chosen = (turns == times).to(x.device)
        turned[chosen] = torch.rot90(x[chosen], times, (2, 3))
    flags = mirrored.to(x.device).view(-1, 1, 1, 1)
    return torch.where(flags, turned.flip(3), turned)


def box_masks(x: Tensor, rng: torch.Generator, area: Tensor) -> Tensor:
    """A bool mask (batch, 1, height, width) of one box a picture covering `area` (0..1) of it,
    clipped at the border.
    """
    batch, _, height, width = x.shape
    half = area.sqrt() / 2
    cy = uniform(batch, 0, 1, rng, x)
    cx = uniform(batch, 0, 1, rng, x)
    ys = (torch.arange(height, device=x.device) + 0.5) / height
    xs = (torch.arange(width, device=x.device) + 0.5) / width
    inside_y = (ys - cy[:, None]).abs() < half[:, None]
    inside_x = (xs - cx[:, None]).abs() < half[:, None]
    return (inside_y[:, :, None] & inside_x[:, None, :])[:, None]
