"""Augmentation of sounds as they are stored: samples (batch, samples) in full scale of int16, and
lengths (batch,). What comes after a row's length stays 0."""

from collections.abc import Callable, Sequence

import torch
import torch.nn.functional as F
from torch import Tensor

from netwright.data.warps import floats, normal, uniform
from netwright.errors import UsageError, did_you_mean

__all__ = ["SOUND_CHANGES", "augment_sounds"]

Change = Callable[[Tensor, Tensor, torch.Generator, float], tuple[Tensor, Tensor]]
LOUDEST_NOISE, QUIETEST_NOISE = 10.0, 40.0  # decibels below the sound


def augment_sounds(
    inputs: tuple[Tensor, ...], names: Sequence[str], rng: torch.Generator, *, strength: float = 1.0
) -> tuple[Tensor, ...]:
    """Apply the named changes. strength: 1 is the usual amount, 0 none. A name that is none of
    theirs is a UsageError."""
    for name in names:
        if name not in SOUND_CHANGES:
            raise UsageError(
                f"audio data has no augmentation {name!r}.{did_you_mean(name, SOUND_CHANGES)}"
            )
    if strength <= 0 or not names:
        return inputs
    samples, lengths = inputs
    samples = floats(samples[:, : max(int(lengths.max()), 1)])  # what no row of the batch needs
    for name in names:
        samples, lengths = SOUND_CHANGES[name](samples, lengths, rng, strength)
    return samples, lengths


def _shift(
    x: Tensor, lengths: Tensor, rng: torch.Generator, strength: float
) -> tuple[Tensor, Tensor]:
    """Begin up to a tenth of the sound sooner or later; silence comes in, the other end is lost."""
    moved = (uniform(len(x), -0.1 * strength, 0.1 * strength, rng, x) * lengths).long()
    at = torch.arange(x.shape[1], device=x.device) - moved[:, None]
    inside = (at >= 0) & (at < lengths[:, None]) & _real(x, lengths)
    return x.gather(1, at.clamp(0, x.shape[1] - 1)) * inside, lengths


def _noise(
    x: Tensor, lengths: Tensor, rng: torch.Generator, strength: float
) -> tuple[Tensor, Tensor]:
    """Add white noise, 10 to 40 decibels below the sound's own power."""
    power = x.square().sum(1) / lengths.clamp_min(1)
    below = uniform(len(x), LOUDEST_NOISE, QUIETEST_NOISE, rng, x)
    size = strength * (power * 10 ** (-below / 10)).sqrt()
    return x + normal(x.shape, rng, x) * size[:, None] * _real(x, lengths), lengths


def _speed(
    x: Tensor, lengths: Tensor, rng: torch.Generator, strength: float
) -> tuple[Tensor, Tensor]:
    """Play up to a tenth faster or slower, which also moves the pitch (Ko et al. 2015, Interspeech:
    "Audio augmentation for speech recognition")."""
    factor = 1 + uniform(len(x), -0.1 * strength, 0.1 * strength, rng, x)
    longer = (lengths / factor).round().long().clamp_min(1)
    x = F.pad(x, (0, max(int(longer.max()) - x.shape[1], 0)))
    at = torch.arange(x.shape[1], device=x.device) * factor[:, None]
    low = at.floor().clamp(max=x.shape[1] - 2)
    index = low.long()
    share = (at - low).clamp(max=1).to(x.dtype)
    found = torch.lerp(x.gather(1, index), x.gather(1, index + 1), share)
    return found * _real(x, longer), longer


def _real(x: Tensor, lengths: Tensor) -> Tensor:
    return torch.arange(x.shape[1], device=x.device) < lengths[:, None]


SOUND_CHANGES: dict[str, Change] = {"shift": _shift, "noise": _noise, "speed": _speed}
