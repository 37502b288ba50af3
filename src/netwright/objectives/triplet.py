"""Triplet learning: a row is to be nearer to one of its class than to any other, by a margin.

loss = mean over pairs (a, p) of one class of max(0, d(a, p)^2 - d(a, n)^2 + margin), n the nearest
of the rows of other classes that are farther from a than p is ("semi-hard"), or where there is none
the farthest of all.

Schroff, Kalenichenko and Philbin 2015 (FaceNet), arXiv:1503.03832: harder negatives than those
collapse the embedding early on.
"""

from dataclasses import dataclass
from typing import ClassVar

import torch
from torch import Tensor

from netwright.objectives._pairs import OnPairs, distances

__all__ = ["Triplet"]


@dataclass(frozen=True, kw_only=True)
class Triplet(OnPairs):
    """margin: of squared distances."""

    loss: ClassVar[str] = "triplet"

    margin: float = 0.2

    def on_vectors(self, vectors: Tensor, targets: Tensor) -> Tensor:
        squared = distances(vectors).square()
        same = targets[:, None] == targets[None]
        itself = torch.eye(len(targets), dtype=torch.bool, device=targets.device)
        anchors, positives = (same & ~itself).nonzero(as_tuple=True)
        if not len(anchors) or bool(same.all()):
            return 0 * vectors.sum()
        near = squared[anchors, positives]
        others = squared[anchors].masked_fill(same[anchors], torch.inf)  # (pairs, batch)
        farther = others.masked_fill(others <= near[:, None], torch.inf).min(1).values
        farthest = others.masked_fill(torch.isinf(others), -torch.inf).max(1).values
        negative = torch.where(torch.isinf(farther), farthest, farther)
        return (near - negative + self.margin).clamp_min(0).mean()
