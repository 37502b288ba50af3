"""Windows: a split whose rows are overlapping stretches of one long series, cut batch by batch."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor

from netwright.data.data import Batch

__all__ = ["Windows"]


@dataclass(frozen=True)
class Windows:
    """A Split. series: (steps, ...). starts: first step of each row's window of `length` steps.
    targets: (rows, ...).

    Stored once, a step takes no more room however many windows it is part of.
    """

    name: str
    series: Tensor
    starts: Tensor
    length: int
    targets: Tensor
    raw: Any = None

    def __len__(self) -> int:
        return len(self.starts)

    @property
    def inputs(self) -> tuple[Tensor, ...]:
        """All windows, (rows, length, ...): `length` times the memory of the series."""
        return (self._cut(self.starts),)

    @property
    def rows(self) -> Tensor:
        """The step that each row's window begins at."""
        return self.starts

    def to(self, device: torch.device) -> "Windows":
        """Return the same rows with their tensors on `device`."""
        return Windows(
            self.name,
            self.series.to(device),
            self.starts.to(device),
            self.length,
            self.targets.to(device),
            self.raw,
        )

    def select(self, index: Tensor, name: str | None = None) -> "Windows":
        """Return some of the rows."""
        raw = self.raw.iloc[index.cpu().numpy()] if self.raw is not None else None
        return Windows(
            name or self.name,
            self.series,
            self.starts[index],
            self.length,
            self.targets[index],
            raw,
        )

    def batches(
        self,
        batch_size: int,
        *,
        rng: torch.Generator | None = None,
        start: int = 0,
        device: torch.device | None = None,
    ) -> Iterator[Batch]:
        """Yield one epoch from batch number `start` on: shuffled by `rng`, or in row order without
        one.
        """
        where = self.targets.device
        order = (
            torch.randperm(len(self), generator=rng) if rng is not None else torch.arange(len(self))
        )
        for index in order.to(where).split(batch_size)[start:]:
            inputs = self._cut(self.starts.index_select(0, index))
            targets = self.targets.index_select(0, index)
            yield Batch((inputs.to(device or where),), targets.to(device or where))

    def _cut(self, starts: Tensor) -> Tensor:
        steps = starts[:, None] + torch.arange(self.length, device=starts.device)
        return self.series[steps]
