"""Contrastive learning: rows of one class are drawn together, others pushed apart to a margin.

loss = (mean of d^2 over pairs of one class + mean of max(0, margin - d)^2 over the others) / 2,
d = ||e_i - e_j||, over all pairs of a batch.

Hadsell, Chopra and LeCun 2006, CVPR. Different from them: both kinds of pairs count the same,
however many there are; of the others only those within the margin are counted, which are the ones
that still say something.
"""

from dataclasses import dataclass
from typing import ClassVar

import torch
from torch import Tensor

from netwright.objectives._pairs import OnPairs, distances

__all__ = ["Contrastive"]


@dataclass(frozen=True, kw_only=True)
class Contrastive(OnPairs):
    """margin: distance from where on rows of two classes are left alone."""

    loss: ClassVar[str] = "contrastive"

    margin: float = 1.0

    def on_vectors(self, vectors: Tensor, targets: Tensor) -> Tensor:
        apart = distances(vectors)
        same = targets[:, None] == targets[None]
        other = ~same
        same = same & ~torch.eye(len(targets), dtype=torch.bool, device=targets.device)
        pull = (apart.square() * same).sum() / same.sum().clamp_min(1)
        short = (self.margin - apart).clamp_min(0) * other
        push = short.square().sum() / (short > 0).sum().clamp_min(1)
        return (pull + push) / 2
