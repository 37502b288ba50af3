"""Batches of rows that are learned for their own sake: nothing but gathered and prepared."""

from collections.abc import Iterator

from netwright.data.data import Batch, Data
from netwright.errors import UsageError
from netwright.objectives._objective import Epoch

__all__ = ["prepared_batches"]


def prepared_batches(data: Data, epoch: Epoch) -> Iterator[Batch]:
    """Yield one shuffled epoch of the training split from batch `start` on, ready for the net."""
    if epoch.weights is not None:
        raise UsageError(
            "Rows are weighted by their classes, which a net that rebuilds or draws them is not "
            "asked for. Set recipe.sampling to 'none'."
        )
    for batch in epoch.rows(data.train):
        yield Batch(data.encoding.prepare(batch.inputs), batch.targets)
