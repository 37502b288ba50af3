"""NT-Xent: a net is to know a row again in two changed views of it, among those of a batch.

loss = mean over the 2n views i of -log [exp(s(i, j) / t) / sum over k != i of exp(s(i, k) / t)],
j the other view of i's row, s the cosine of what the net gives, t the temperature.

Chen et al. 2020 (SimCLR), arXiv:2002.05709. Different from them: views are those of
`data/augment.py`, and the layer before the net's answer, which they cut off with it, is kept
(Chen et al. 2020, arXiv:2006.10029, on why).
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import ClassVar

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from netwright.data.batch_views import changed
from netwright.data.data import Batch, Data
from netwright.errors import UsageError
from netwright.objectives._objective import Epoch

__all__ = ["NTXent"]


@dataclass(frozen=True, kw_only=True)
class NTXent:
    """views, views_strength: the changes that make a view. batch_rows: rows that a whole split is
    judged among."""

    takes: ClassVar[tuple[str, ...]] = ("outputs",)
    groups: ClassVar[tuple[str, ...]] = ("net",)

    temperature: float = 0.2
    views: tuple[str, ...] = ("crop", "rotate", "brightness")
    views_strength: float = 1.0
    batch_rows: int = 64

    def __post_init__(self) -> None:
        if self.temperature <= 0 or self.batch_rows < 2 or not self.views:
            raise UsageError(
                f"objective.temperature is {self.temperature}, batch_rows {self.batch_rows} and "
                f"views {list(self.views)}; expected a temperature above 0, at least 2 rows and at "
                "least one change."
            )

    def batches(self, data: Data, epoch: Epoch) -> Iterator[Batch]:
        """Yield one shuffled epoch from batch `start` on: inputs are those of one view of each row,
        then those of another."""
        for batch in epoch.rows(data.train):
            first, second = (self._view(batch.inputs, data, epoch.rng) for _ in range(2))
            yield Batch((*first, *second), batch.targets)

    def _view(
        self, inputs: tuple[Tensor, ...], data: Data, rng: torch.Generator
    ) -> tuple[Tensor, ...]:
        view = changed(inputs, data.kind, self.views, rng, strength=self.views_strength)
        return data.encoding.prepare(view)

    def step(
        self, net: nn.Module, batch: Batch, rng: torch.Generator | None = None
    ) -> dict[str, Tensor]:
        """Return {"net": mean loss of the batch's views}."""
        half = len(batch.inputs) // 2
        pairs = zip(batch.inputs[:half], batch.inputs[half:], strict=True)
        first, second = net(*(torch.cat(pair) for pair in pairs)).chunk(2)
        return {"net": self.on_views(first, second)}

    def on_views(self, first: Tensor, second: Tensor) -> Tensor:
        """first, second: what the net gives for both views, each (rows, dim) -> the mean loss."""
        views = F.normalize(torch.cat([first, second]).float(), dim=1)
        alike = (views @ views.t() / self.temperature).fill_diagonal_(-torch.inf)
        other = torch.arange(len(views), device=views.device).roll(len(first))
        return F.cross_entropy(alike, other)

    def compute(
        self, outputs: Tensor, targets: Tensor, *, members: int = 0, smooth: bool = True
    ) -> Tensor:
        """Return the mean loss of outputs (rows, 2, dim), in groups of `batch_rows`."""
        pieces = outputs.split(self.batch_rows)
        losses = [self.on_views(piece[:, 0], piece[:, 1]) * len(piece) for piece in pieces]
        return torch.stack(losses).sum() / len(outputs)
