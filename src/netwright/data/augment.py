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
    box_masks,
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

__all__ = ["augment", "augment_maps"]

Change = Callable[[Tensor, torch.Generator, float, int], Tensor]
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
        first = flip_and_shift(first, rng, flip=True, shift=shift_pixels(first, strength))
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
    return flip_and_shift(x, rng, flip=False, shift=shift_pixels(x, strength))


def shift_pixels(x: Tensor, strength: float) -> int:
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
    inside = box_masks(x, rng, uniform(len(x), 0, 0.25 * min(strength, 3.0), rng, x))
    mean = x.to(torch.float32).mean((2, 3), keepdim=True).to(x.dtype)
    return torch.where(inside, mean, x)


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
