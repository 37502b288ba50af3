"""Objective: what a kind of learning gives the one loop. `objectives/` has a file a kind."""

from collections.abc import Iterable, Iterator, Mapping
from typing import ClassVar, Protocol

import torch
from torch import Tensor, nn

from netwright.data.data import Batch, Data

__all__ = ["Losses", "Objective"]

# Of one step, by parameter group; an iterator is asked for the next loss after the group before it
# was stepped (a discriminator, then the generator that is to deceive it).
Losses = Mapping[str, Tensor] | Iterable[tuple[str, Tensor]]


class Objective(Protocol):
    """takes: which answers of nets it judges (a net says what it gives in `answers`; "outputs"
    where it says nothing). groups: what is stepped, in this order: "net" is all parameters, any
    other name the submodule of the net that is called so.

    An objective never steps an optimiser. A rule without a loss (Rosenblatt, Hebb) fills `.grad`
    itself and gives a loss that needs no gradient, to be watched.
    """

    takes: ClassVar[tuple[str, ...]]
    groups: ClassVar[tuple[str, ...]]

    def batches(
        self,
        data: Data,
        *,
        batch_size: int,
        order: torch.Generator,
        rng: torch.Generator,
        start: int = 0,
        device: torch.device | None = None,
        weights: Tensor | None = None,
    ) -> Iterator[Batch]:
        """Yield one epoch of the training split, ready for the net, from batch `start` on."""
        ...

    def step(self, net: nn.Module, batch: Batch, rng: torch.Generator | None = None) -> Losses:
        """Return the batch's mean loss for each group."""
        ...

    def compute(
        self, outputs: Tensor, targets: Tensor, *, members: int = 0, smooth: bool = True
    ) -> Tensor:
        """Return the mean loss of outputs that are known, as of the whole validation split.

        members: how many an ensemble's outputs (batch, members, ...) are of; 0: no ensemble.
        smooth: with what only training adds (label smoothing).
        """
        ...
