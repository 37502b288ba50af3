"""Views: a row changed at random in ways that leave what it shows as it was.

What a net is to answer alike (semi-supervised) or to know again (contrastive). Pictures, series and
texts by the named changes of `data/augment.py`; of a table's rows a share of the cells are those of
another row of the batch (Yoon et al. 2020, NeurIPS; Bahri et al. 2022, arXiv:2106.15147).
"""

from collections.abc import Sequence

import torch
from torch import Tensor

from netwright.data.augment import augment
from netwright.data.data import Kind

__all__ = ["PICTURE_VIEWS", "changed", "swap_cells"]

# By channels: the changes after which a picture is to be known again.
PICTURE_VIEWS = {
    1: ("crop", "rotate", "brightness", "erase"),
    3: ("flip", "crop", "rotate", "brightness", "erase"),
}


def changed(
    inputs: tuple[Tensor, ...],
    kind: Kind,
    names: Sequence[str],
    rng: torch.Generator,
    *,
    strength: float,
    swapped: float = 0.0,
) -> tuple[Tensor, ...]:
    """Return a view of stored rows, as they are stored. names, strength: of the changes. swapped:
    share of a table's cells that are taken from other rows."""
    if kind == "table":
        inputs = swap_cells(inputs, swapped, rng)
    return augment(inputs, kind, names, rng, strength=strength)


def swap_cells(
    inputs: tuple[Tensor, ...], share: float, rng: torch.Generator
) -> tuple[Tensor, ...]:
    """Return inputs, each (batch, columns), of which a share of the cells are another row's."""
    found = []
    for x in inputs:
        other = torch.randint(len(x), x.shape, generator=rng).to(x.device)
        hit = (torch.rand(x.shape, generator=rng) < share).to(x.device)
        found.append(torch.where(hit, x.gather(0, other), x) if x.numel() else x)
    return tuple(found)
