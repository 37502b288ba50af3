"""CTC: a row of symbols is asked of a longer row of frames, without saying which frame tells which.

loss = -log of the sum, over all ways to hold symbols and to put blanks between them, of the product
of the frames' probabilities; summed over the batch and divided by its number of symbols.

Graves, Fernandez, Gomez and Schmidhuber 2006, ICML.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import ClassVar

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from netwright.data.augment import augment
from netwright.data.data import Batch, Data
from netwright.nets.ctc import real_frames
from netwright.objectives._objective import Epoch

__all__ = ["CTC", "row_nats"]


@dataclass(frozen=True, kw_only=True)
class CTC:
    """augment: changes of the training rows, by name; augment_strength: 1 is the usual amount."""

    takes: ClassVar[tuple[str, ...]] = ("symbols over time",)
    groups: ClassVar[tuple[str, ...]] = ("net",)
    loss: ClassVar[str] = "ctc"

    augment: tuple[str, ...] = ()
    augment_strength: float = 1.0

    def batches(self, data: Data, epoch: Epoch) -> Iterator[Batch]:
        """Yield one shuffled epoch of the training split from batch `start` on, augmented and ready
        for the net."""
        for batch in epoch.rows(data.train):
            inputs = augment(
                batch.inputs, data.kind, self.augment, epoch.rng, strength=self.augment_strength
            )
            yield Batch(data.encoding.prepare(inputs), batch.targets)

    def step(
        self, net: nn.Module, batch: Batch, rng: torch.Generator | None = None
    ) -> dict[str, Tensor]:
        """Return {"net": mean loss of the batch}."""
        return {"net": self.compute(net(*batch.inputs), batch.targets)}

    def compute(
        self, outputs: Tensor, targets: Tensor, *, members: int = 0, smooth: bool = True
    ) -> Tensor:
        """Return the mean nats a symbol. outputs (batch, frames, symbols), as nets give them of
        rows with lengths; targets int64 (batch, symbols), -100 beyond a row's end."""
        asked = (targets >= 0).sum()
        return row_nats(outputs, targets).sum() / asked.clamp_min(1)


def row_nats(outputs: Tensor, targets: Tensor) -> Tensor:
    """Return -log p(targets) of each row (batch,); 0 of a row with fewer frames than its symbols
    need, from which nothing can be learned."""
    wide = outputs.to(torch.promote_types(outputs.dtype, torch.float32))
    return F.ctc_loss(
        wide.log_softmax(2).transpose(0, 1),
        targets.clamp_min(0),
        real_frames(outputs),
        (targets >= 0).sum(1),
        reduction="none",
        zero_infinity=True,
    )
