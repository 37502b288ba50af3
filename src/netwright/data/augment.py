"""Augmentation of whole batches by a few tensor operations: nothing here loops over rows.

Each change draws its own amount for every row from `rng`. Images are taken as stored (uint8 or
float 0..255) and given back in 0..255, ready for `ImageEncoding.prepare`; series as stored
(normalised, (batch, time, channels)); texts as ids.
"""

from collections.abc import Callable, Sequence

import torch
import torch.nn.functional as F
from torch import Tensor

from netwright.data.data import Kind
from netwright.data.sound_changes import augment_sounds
from netwright.data.warps import (
    crop_grid,
    elastic_grid,
    floats,
    normal,
    quarter_turns,
    rotation_grid,
    sample_at,
    uniform,
)
from netwright.errors import UsageError, did_you_mean

__all__ = ["augment", "augment_boxes", "augment_maps", "cutmix", "mixup"]

Change = Callable[[Tensor, torch.Generator, float, int], Tensor]
VISIBLE = 0.25  # of a box's area, from which on it is still asked for
UNKNOWN = 1  # the id of a token that is not in the vocabulary


def augment(
    inputs: tuple[Tensor, ...],
    kind: Kind,
    names: Sequence[str],
    rng: torch.Generator,
    *,
    strength: float = 1.0,
    padding_value: int = 0,
) -> tuple[Tensor, ...]:
    """Apply the named changes to the batch's inputs, in an order that keeps the costly ones few.

    strength: 1 is the usual amount, 0 none. padding_value: the id that stands for "no token". A
    name that does not belong to this kind of data is a UsageError.
    """
    if kind == "audio":
        return augment_sounds(inputs, names, rng, strength=strength)
    table = CHANGES.get(kind, {})
    for name in names:
        if name not in table:
            raise UsageError(
                f"{kind} data has no augmentation {name!r}.{did_you_mean(name, table)}"
            )
    if strength <= 0 or not names:
        return inputs
    first = inputs[0]
    rest = list(names)
    if kind == "image" and "flip" in rest and "shift" in rest:
        # Both are one and the same gather.
        first = flip_and_shift(first, rng, flip=True, shift=_shift_pixels(first, strength))
        rest = [name for name in rest if name not in ("flip", "shift")]
    for name in rest:
        first = table[name](first, rng, strength, padding_value)
    return (first, *inputs[1:])


def augment_maps(
    pictures: Tensor,
    maps: Tensor,
    names: Sequence[str],
    rng: torch.Generator,
    *,
    strength: float = 1.0,
) -> tuple[Tensor, Tensor]:
    """Change pictures (batch, channels, height, width) as `augment` does, and their maps of class
    ids (batch, height, width) alike: what moves a picture moves its map, what only paints it does
    not. Of "erase" the map says what was there."""
    if strength <= 0 or not names:
        return pictures, maps
    layers = maps[:, None].to(torch.float32)
    for name in names:
        if name in GRIDS:
            grid = GRIDS[name](pictures, rng, strength)
            pictures = sample_at(floats(pictures), grid)
            layers = sample_at(layers, grid, mode="nearest")
        elif name in MOVES:
            # As one picture, so that one draw moves both; only whole pixels move.
            both = torch.cat([floats(pictures), layers], 1)
            (both,) = augment((both,), "image", [name], rng, strength=strength)
            pictures, layers = both[:, :-1], both[:, -1:]
        else:
            (pictures,) = augment((pictures,), "image", [name], rng, strength=strength)
    return pictures, layers[:, 0].round().to(maps.dtype)


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
            most = _shift_pixels(pictures, strength)
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


# -- images: (batch, channels, height, width) ------------------------------------------------------


def flip_and_shift(x: Tensor, rng: torch.Generator, *, flip: bool, shift: int) -> Tensor:
    """Mirror half of the pictures left to right and move each by up to `shift` pixels, by one
    gather. Keeps the type.

    What comes in from outside is the picture mirrored at its border.
    """
    batch, channels, height, width = x.shape
    columns = torch.arange(width).expand(batch, width)
    rows = torch.arange(height).expand(batch, height)
    if flip:
        mirrored = torch.rand(batch, 1, generator=rng) < 0.5
        columns = torch.where(mirrored, width - 1 - columns, columns)
    if shift:
        most = min(shift, width - 1)
        columns = _reflect(
            columns + torch.randint(-most, most + 1, (batch, 1), generator=rng), width
        )
        most = min(shift, height - 1)
        rows = _reflect(rows + torch.randint(-most, most + 1, (batch, 1), generator=rng), height)
    index = (rows[:, :, None] * width + columns[:, None, :]).view(batch, 1, height * width)
    index = index.to(x.device).expand(batch, channels, height * width)
    return x.reshape(batch, channels, -1).gather(2, index).view(batch, channels, height, width)


def _reflect(index: Tensor, size: int) -> Tensor:
    """-1 -> 1, -2 -> 2, size -> size - 2: positions outside are those mirrored at the border."""
    return (size - 1) - ((size - 1) - index.abs()).abs()


def _flip(x: Tensor, rng: torch.Generator, strength: float, padding_value: int) -> Tensor:
    return flip_and_shift(x, rng, flip=True, shift=0)


def _shift(x: Tensor, rng: torch.Generator, strength: float, padding_value: int) -> Tensor:
    return flip_and_shift(x, rng, flip=False, shift=_shift_pixels(x, strength))


def _shift_pixels(x: Tensor, strength: float) -> int:
    """An eighth of the width: 4 of 32 pixels, as usual for CIFAR-10."""
    return round(strength * x.shape[-1] / 8)


def _rotate(x: Tensor, rng: torch.Generator, strength: float, padding_value: int) -> Tensor:
    """Turn by up to 15 degrees and scale by up to 10 %, bilinear; what is outside repeats the
    border."""
    return sample_at(floats(x), rotation_grid(x, rng, strength))


def _crop(x: Tensor, rng: torch.Generator, strength: float, padding_value: int) -> Tensor:
    """Enlarge a part of the picture, bilinear (Szegedy et al. 2015, arXiv:1409.4842)."""
    return sample_at(floats(x), crop_grid(x, rng, strength))


def _elastic(x: Tensor, rng: torch.Generator, strength: float, padding_value: int) -> Tensor:
    """Bend smoothly, bilinear; what is outside repeats the border."""
    return sample_at(floats(x), elastic_grid(x, rng, strength))


def _turn(x: Tensor, rng: torch.Generator, strength: float, padding_value: int) -> Tensor:
    return quarter_turns(x, rng)


def _brightness(x: Tensor, rng: torch.Generator, strength: float, padding_value: int) -> Tensor:
    """Multiply contrast by 0.7..1.3 about the mean and add up to 15 % of full brightness."""
    values = floats(x)
    contrast = uniform(len(x), 1 - 0.3 * strength, 1 + 0.3 * strength, rng, x).view(-1, 1, 1, 1)
    light = uniform(len(x), -38 * strength, 38 * strength, rng, x).view(-1, 1, 1, 1)
    mean = values.mean((1, 2, 3), keepdim=True)
    return (values * contrast + (mean * (1 - contrast) + light)).clamp_(0, 255)


def _pixel_noise(x: Tensor, rng: torch.Generator, strength: float, padding_value: int) -> Tensor:
    """Add Gaussian noise, its deviation up to 5 % of full brightness, drawn for each picture."""
    values = floats(x)
    amount = uniform(len(x), 0, 13 * strength, rng, x).view(-1, 1, 1, 1)
    return torch.addcmul(values, normal(x.shape, rng, x), amount).clamp_(0, 255)


def _erase(x: Tensor, rng: torch.Generator, strength: float, padding_value: int) -> Tensor:
    """Fill a box of up to a quarter of the picture with the picture's mean. Keeps the type.

    Cutout, DeVries and Taylor 2017, arXiv:1708.04552; here the box has the picture's shape and a
    random size.
    """
    inside = _boxes(x, rng, uniform(len(x), 0, 0.25 * min(strength, 3.0), rng, x))
    mean = x.to(torch.float32).mean((2, 3), keepdim=True).to(x.dtype)
    return torch.where(inside, mean, x)


def _boxes(x: Tensor, rng: torch.Generator, area: Tensor) -> Tensor:
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


# -- texts: (batch, time) ids ----------------------------------------------------------------------


def _token_dropout(x: Tensor, rng: torch.Generator, strength: float, padding_value: int) -> Tensor:
    """Turn 10 % of the tokens into "unknown", so that no single word decides. Padding stays."""
    hit = (torch.rand(x.shape, generator=rng) < min(0.1 * strength, 0.9)).to(x.device)
    return torch.where(hit & (x != padding_value), torch.full_like(x, UNKNOWN), x)


# -- series: (batch, time, channels), normalised ---------------------------------------------------


def _jitter(x: Tensor, rng: torch.Generator, strength: float, padding_value: int) -> Tensor:
    """Add Gaussian noise with a deviation of 0.03."""
    return x + normal(x.shape, rng, x) * (0.03 * strength)


def _scale(x: Tensor, rng: torch.Generator, strength: float, padding_value: int) -> Tensor:
    """Multiply each channel of each row by a factor about 1 (deviation 0.1)."""
    factor = 1 + 0.1 * strength * normal((len(x), 1, x.shape[2]), rng, x)
    return x * factor


def _warp(x: Tensor, rng: torch.Generator, strength: float, padding_value: int) -> Tensor:
    """Run time faster and slower along the row: a smooth, monotone path from start to end, linear
    interpolation.

    Um et al. 2017, arXiv:1706.00527: speed is a curve through four random knots, with a deviation
    of 0.2.
    """
    batch, time, _ = x.shape
    knots = (1 + 0.2 * strength * normal((batch, 1, 4), rng, x)).clamp_(min=0.1)
    speed = F.interpolate(knots, size=time - 1, mode="linear", align_corners=True)[:, 0]
    path = F.pad(speed.cumsum(1), (1, 0))
    return _sample(x, path / path[:, -1:] * (time - 1))


def _shift_series(x: Tensor, rng: torch.Generator, strength: float, padding_value: int) -> Tensor:
    """Move each row by up to a tenth of its length; the end values repeat."""
    time = x.shape[1]
    offset = uniform(len(x), -0.1 * strength * time, 0.1 * strength * time, rng, x).round()
    return _sample(x, torch.arange(time, device=x.device) + offset[:, None])


def _erase_series(x: Tensor, rng: torch.Generator, strength: float, padding_value: int) -> Tensor:
    """Set a stretch of up to a quarter of the row to zero, the training mean."""
    time = x.shape[1]
    width = uniform(len(x), 0, min(0.25 * strength, 1.0), rng, x)[:, None]
    start = uniform(len(x), 0, 1, rng, x)[:, None] * (1 - width)
    at = (torch.arange(time, device=x.device) + 0.5) / time
    hidden = (at >= start) & (at < start + width)
    return x.masked_fill(hidden[:, :, None], 0.0)


def _sample(x: Tensor, path: Tensor) -> Tensor:
    """Read rows (batch, time, channels) at the fractional positions `path` (batch, time), clamped
    to the ends.
    """
    time = x.shape[1]
    path = path.clamp(0, time - 1)
    low = path.floor().clamp(max=max(time - 2, 0))
    share = (path - low)[:, :, None].to(x.dtype)
    index = low.long()[:, :, None].expand(-1, -1, x.shape[2])
    following = (index + 1).clamp(max=time - 1)
    return torch.lerp(x.gather(1, index), x.gather(1, following), share)


# -- mixing two rows -------------------------------------------------------------------------------


def mixup(
    inputs: tuple[Tensor, ...], targets: Tensor, rng: torch.Generator, *, alpha: float = 0.2
) -> tuple[tuple[Tensor, ...], Tensor, Tensor, Tensor]:
    """Blend each row with another one: x = share * x + (1 - share) * other.

    Returns (inputs, targets, targets of the others, share (batch,)). Zhang et al. 2017,
    arXiv:1710.09412.
    """
    count = len(targets)
    other = torch.randperm(count, generator=rng).to(targets.device)
    share = _beta(count, alpha, rng).to(targets.device)
    mixed = []
    for x in inputs:
        values = floats(x)
        weight = share.view(-1, *[1] * (x.dim() - 1))
        mixed.append(torch.lerp(values[other], values, weight))
    return tuple(mixed), targets, targets[other], share


def cutmix(
    inputs: tuple[Tensor, ...], targets: Tensor, rng: torch.Generator
) -> tuple[tuple[Tensor, ...], Tensor, Tensor, Tensor]:
    """Paste a box (of a series: a stretch of time) of another row into each; targets mix by what is
    really visible.

    Returns (inputs, targets, targets of the others, share (batch,)). Yun et al. 2019,
    arXiv:1905.04899, alpha 1.
    """
    x = inputs[0]
    count = len(targets)
    other = torch.randperm(count, generator=rng).to(targets.device)
    area = uniform(count, 0, 1, rng, x)
    if x.dim() == 4:
        inside = _boxes(x, rng, area)
        visible = inside.float().mean((1, 2, 3))
    elif x.dim() == 3:
        centre = uniform(count, 0, 1, rng, x)
        at = (torch.arange(x.shape[1], device=x.device) + 0.5) / x.shape[1]
        inside = ((at - centre[:, None]).abs() < area[:, None] / 2)[:, :, None]
        visible = inside.float().mean((1, 2))
    else:
        raise UsageError(
            "cutmix needs images (batch, channels, height, width) or series (batch, time, "
            "channels), but got "
            f"{tuple(x.shape)}. Leave it out of recipe.augment for this data."
        )
    mixed = torch.where(inside, x[other], x)
    return (mixed, *inputs[1:]), targets, targets[other], 1 - visible


def _beta(count: int, alpha: float, rng: torch.Generator) -> Tensor:
    """Draw from Beta(alpha, alpha) for alpha up to 1 (torch's own sampler takes no generator).

    Jöhnk 1964: with u, v uniform, x = u^(1/alpha) and y = v^(1/alpha) give x / (x + y) where x + y
    <= 1. At least half of the pairs fit, so of 24 candidates a row one does but for 1 in 10 million
    rows, which keep their last.
    """
    x = torch.rand(24, count, generator=rng, dtype=torch.float64).clamp_min_(1e-12).pow_(1 / alpha)
    y = torch.rand(24, count, generator=rng, dtype=torch.float64).clamp_min_(1e-12).pow_(1 / alpha)
    fits = x + y <= 1
    fits[-1] = True
    first = fits.to(torch.uint8).argmax(0, keepdim=True)
    return (x / (x + y)).gather(0, first)[0].to(torch.float32)


def _noise_numbers(x: Tensor, rng: torch.Generator, strength: float, padding_value: int) -> Tensor:
    """Add Gaussian noise with a deviation of 0.05 to a table's standardised numbers."""
    return x + normal(x.shape, rng, x) * (0.05 * strength)


def _of_frames(change: Change) -> Change:
    """Change all frames of a clip (batch, frames, channels, height, width) alike, as one picture
    of many channels."""

    def changed(x: Tensor, rng: torch.Generator, strength: float, padding_value: int) -> Tensor:
        return change(x.flatten(1, 2), rng, strength, padding_value).reshape(x.shape)

    return changed


PICTURES: dict[str, Change] = {
    "flip": _flip,
    "shift": _shift,
    "turn": _turn,
    "rotate": _rotate,
    "crop": _crop,
    "elastic": _elastic,
    "brightness": _brightness,
    "noise": _pixel_noise,
    "erase": _erase,
}
CHANGES: dict[Kind, dict[str, Change]] = {
    "image": PICTURES,
    "video": {name: _of_frames(change) for name, change in PICTURES.items() if name != "turn"},
    "text": {"token-dropout": _token_dropout},
    "sentence": {"token-dropout": _token_dropout},
    "series": {
        "jitter": _jitter,
        "noise": _jitter,
        "scale": _scale,
        "warp": _warp,
        "shift": _shift_series,
        "erase": _erase_series,
    },
    "table": {"noise": _noise_numbers},
}
# Of pictures: those that move whole pixels, and those that read between pixels, by what they read.
MOVES = ("flip", "shift", "turn")
GRIDS = {"rotate": rotation_grid, "crop": crop_grid, "elastic": elastic_grid}
