"""Segmentation: a class for each pixel, by cross-entropy and overlap.

loss = mean of -log p(class) over the pixels asked + dice * (1 - mean over the classes of the soft
Dice).  soft Dice of a class = 2 sum(p t) / (sum(p) + sum(t)), over all pixels of the batch: a class
of few pixels counts as much as one of many.

Milletari, Navab and Ahmadi 2016, arXiv:1606.04797 (there with squares below the line); the sum of
both losses as in nnU-Net, Isensee et al. 2018, arXiv:1809.10486.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import ClassVar

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from netwright.data.augment import augment_maps
from netwright.data.data import Batch, Data
from netwright.data.mask_encoding import NOT_ASKED
from netwright.errors import UsageError
from netwright.objectives._objective import Epoch

__all__ = ["Segmentation", "soft_overlap"]


@dataclass(frozen=True, kw_only=True)
class Segmentation:
    """dice: weight of the overlap beside the cross-entropy, 0 for none. crop: side in pixels of the
    squares that are cut from the training pictures, each epoch elsewhere; 0: whole pictures.
    class_weights: weight of each class in the cross-entropy, or empty.
    """

    takes: ClassVar[tuple[str, ...]] = ("maps",)
    groups: ClassVar[tuple[str, ...]] = ("net",)
    loss: ClassVar[str] = "cross-entropy"

    dice: float = 1.0
    crop: int = 0
    class_weights: tuple[float, ...] = ()
    augment: tuple[str, ...] = ()
    augment_strength: float = 1.0

    def __post_init__(self) -> None:
        if self.dice < 0 or self.crop < 0:
            raise UsageError(
                f"objective.dice is {self.dice} and objective.crop {self.crop}; expected numbers "
                "from 0 on."
            )

    def batches(self, data: Data, epoch: Epoch) -> Iterator[Batch]:
        """Yield one shuffled epoch of the training split from batch `start` on, a square of each
        picture, augmented and ready for the net."""
        for batch in epoch.rows(data.train):
            pixels, masks = augment_maps(
                batch.inputs[0],
                batch.targets,
                self.augment,
                epoch.rng,
                strength=self.augment_strength,
            )
            if self.crop:
                pixels, masks = _cut(pixels, masks, self.crop, epoch.rng)
            yield Batch(data.encoding.prepare((pixels,)), masks.long())

    def step(
        self, net: nn.Module, batch: Batch, rng: torch.Generator | None = None
    ) -> dict[str, Tensor]:
        """Return {"net": mean loss of the batch}."""
        outputs = net(*batch.inputs)
        return {"net": self.compute(outputs, batch.targets, members=getattr(net, "members", 0))}

    def compute(
        self, outputs: Tensor, targets: Tensor, *, members: int = 0, smooth: bool = True
    ) -> Tensor:
        """Return the mean loss. outputs (batch, classes, height, width), or (batch, members,
        classes, height, width) of an ensemble; targets int (batch, height, width), -100 where
        nothing is asked."""
        if members:
            outputs, targets = outputs.flatten(0, 1), targets.repeat_interleave(members, dim=0)
        targets = targets.long()
        if not bool((targets != NOT_ASKED).any()):
            return 0 * outputs.sum()
        weight = outputs.new_tensor(self.class_weights) if self.class_weights else None
        loss = F.cross_entropy(outputs, targets, weight=weight, ignore_index=NOT_ASKED)
        if not self.dice:
            return loss
        common, total = soft_overlap(outputs, targets)
        return loss + self.dice * soft_dice_loss(common.sum(0), total.sum(0))


def soft_overlap(outputs: Tensor, targets: Tensor) -> tuple[Tensor, Tensor]:
    """Return sum(p t) and sum(p) + sum(t) over the pixels asked, each (batch, classes)."""
    asked = (targets != NOT_ASKED)[:, None]
    kind = torch.promote_types(outputs.dtype, torch.float32)  # sums of halves lose pixels
    shares = outputs.softmax(1, dtype=kind) * asked
    truth = F.one_hot(targets.clamp_min(0), outputs.shape[1]).movedim(3, 1) * asked
    return (shares * truth).sum((2, 3)), (shares + truth).sum((2, 3))


def soft_dice_loss(common: Tensor, total: Tensor) -> Tensor:
    """Return 1 - the mean soft Dice of the classes (classes,) that are there or are said to be."""
    dice = (2 * common + 1e-6) / (total + 1e-6)
    return 1 - dice.mean()


def _cut(pixels: Tensor, masks: Tensor, side: int, rng: torch.Generator) -> tuple[Tensor, Tensor]:
    """Cut a square of `side` pixels (as much of it as there is) from each picture, at random."""
    height, width = masks.shape[1:]
    tall, wide = min(side, height), min(side, width)
    tops = torch.randint(height - tall + 1, (len(masks),), generator=rng).tolist()
    lefts = torch.randint(width - wide + 1, (len(masks),), generator=rng).tolist()
    places = [
        (at, slice(top, top + tall), slice(left, left + wide))
        for at, (top, left) in enumerate(zip(tops, lefts, strict=True))
    ]
    return (
        torch.stack([pixels[at, :, rows, columns] for at, rows, columns in places]),
        torch.stack([masks[at, rows, columns] for at, rows, columns in places]),
    )
