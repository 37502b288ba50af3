"""Two rows made one: mixup and cutmix, for whole batches of images or series."""

import torch
from torch import Tensor

from netwright.data.warps import box_masks, floats, uniform
from netwright.errors import UsageError

__all__ = ["cutmix", "mixup"]


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
        inside = box_masks(x, rng, area)
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
