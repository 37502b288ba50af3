"""Batches of rows that are learned for their own sake: nothing but gathered and prepared."""

from collections.abc import Iterator

import torch
from torch import Tensor

from netwright.data.data import Batch, Data
from netwright.errors import UsageError

__all__ = ["prepared_batches"]


def prepared_batches(
    data: Data,
    *,
    batch_size: int,
    order: torch.Generator,
    start: int,
    device: torch.device | None,
    weights: Tensor | None,
) -> Iterator[Batch]:
    """Yield one shuffled epoch of the training split from batch `start` on, ready for the net."""
    if weights is not None:
        raise UsageError(
            "Rows are weighted by their classes, which a net that rebuilds or draws them is not "
            "asked for. Set recipe.sampling to 'none'."
        )
    for batch in data.train.batches(batch_size, rng=order, start=start, device=device):
        yield Batch(data.encoding.prepare(batch.inputs), batch.targets)
