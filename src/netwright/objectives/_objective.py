"""Objective: what a kind of learning gives the one loop. `objectives/` has a file a kind."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import ClassVar, Protocol

import torch
from torch import Tensor, nn

from netwright.data.data import Batch, Data, Split

__all__ = ["Epoch", "Experience", "Losses", "Objective", "experience_of"]

# Of one step, by parameter group; an iterator is asked for the next loss after the group before it
# was stepped (a discriminator, then the generator that is to deceive it).
Losses = Mapping[str, Tensor] | Iterable[tuple[str, Tensor]]


class Experience(Protocol):
    """What an objective that acts keeps from epoch to epoch, as its attribute `experience`. Such an
    objective says by `rows(data, batch_size)` how many rows an epoch has, and goes on after an
    epoch alone: `start` is 0. It is the one thing that changes in an objective, by its `batches`.
    """

    def facts(self) -> dict[str, float]:
        """Return what a row of the history holds of it."""
        ...

    def packed(self) -> dict[str, Tensor]:
        """Return what `unpack_` needs to go on from here, for a checkpoint after an epoch."""
        ...

    def unpack_(self, tensors: Mapping[str, Tensor]) -> None:
        """Take back what `packed` gave."""
        ...


@dataclass(frozen=True)
class Epoch:
    """What the batches of an epoch are drawn with.

    order: which rows, in which order. rng: what is changed in them (augmentation, noise). start: of
    the first batch. weights: one a row; rows are then drawn with replacement in their proportion.
    net: as it is when a batch is asked for, to act with where rows come from acting. number: of the
    epoch, from 0 on.
    """

    batch_size: int
    order: torch.Generator
    rng: torch.Generator
    start: int = 0
    device: torch.device | None = None
    weights: Tensor | None = None
    net: nn.Module | None = None
    number: int = 0

    def rows(self, split: Split) -> Iterator[Batch]:
        """Yield the shuffled rows of a split as they are, from batch `start` on."""
        return split.batches(self.batch_size, rng=self.order, start=self.start, device=self.device)


class Objective(Protocol):
    """takes: which answers of nets it judges (a net says what it gives in `answers`; "outputs"
    where it says nothing). groups: what is stepped, in this order: "net" is all parameters, any
    other name the submodule of the net that is called so.

    An objective never steps an optimiser. A rule without a loss (Rosenblatt, Hebb) fills `.grad`
    itself and gives a loss that needs no gradient, to be watched.
    """

    takes: ClassVar[tuple[str, ...]]
    groups: ClassVar[tuple[str, ...]]

    def batches(self, data: Data, epoch: Epoch) -> Iterator[Batch]:
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


def experience_of(objective: object) -> Experience | None:
    """Return the experience of an objective that acts; None of one that reads the rows of Data."""
    found: Experience | None = getattr(objective, "experience", None)
    return found
