"""Rows that come in groups of near copies: readings of one site, frames of one film.

Found by single linkage: rows nearer to each other than _REACH times what nearest neighbours usually
are hang together. They are groups only where a reach three times as long finds the same ones: rows
of one cloud hang together all, or fall apart in another way.
"""

from dataclasses import dataclass

import torch
from torch import Tensor

_ROWS = 1500
_REACH = 4.0
_FEWEST = 20  # groups: fewer are clusters, such as those of classes


@dataclass(frozen=True)
class NearCopies:
    """labels: (rows,) the group of each of the first rows. reach: how far its members are apart, in
    columns of mean 0 and deviation 1."""

    rows: Tensor  # (rows, columns), standardised
    labels: Tensor
    reach: float
    mean: Tensor
    deviation: Tensor

    @property
    def sides(self) -> Tensor:
        """Deal the groups out in two: (rows,), True for one side."""
        return self.labels.unique(return_inverse=True)[1] % 2 == 0

    def near(self, others: Tensor) -> float:
        """Return the share of other rows that belong to one of the groups."""
        flat = others[:_ROWS].reshape(min(len(others), _ROWS), -1).double()
        scaled = (flat - self.mean) / self.deviation
        return float((torch.cdist(scaled, self.rows).amin(1) <= self.reach).double().mean())


def near_copies(inputs: Tensor) -> NearCopies | None:
    """Return the groups that rows come in, (rows, ...); None where they come one by one."""
    if not inputs.is_floating_point() or len(inputs) < 3 * _FEWEST:
        return None
    x = inputs[:_ROWS].reshape(min(len(inputs), _ROWS), -1).double()
    if not bool(x.isfinite().all()):
        return None
    mean, deviation = x.mean(0), x.std(0)
    deviation = torch.where(deviation > 0, deviation, 1.0)
    x = (x - mean) / deviation
    apart = torch.cdist(x, x)
    apart.fill_diagonal_(torch.inf)
    nearest = torch.where(apart > 0, apart, torch.inf).amin(1)  # copies proper say nothing of it
    reach = _REACH * float(nearest.quantile(0.9))
    labels, wider = _linked(apart <= reach), _linked(apart <= 3 * reach)
    _, sizes = labels.unique(return_counts=True)
    if len(sizes) < _FEWEST or float(sizes.double().median()) < 3:
        return None
    if len(wider.unique()) < 0.9 * len(sizes):
        return None
    return NearCopies(x, labels, reach, mean, deviation)


def _linked(near: Tensor) -> Tensor:
    """Return (rows,): the smallest number of a row that each hangs together with."""
    labels = torch.arange(len(near))
    far = torch.full((), len(near))
    while True:
        least = torch.where(near, labels, far).amin(1).minimum(labels)
        least = least[least]
        if torch.equal(least, labels):
            return labels
        labels = least
