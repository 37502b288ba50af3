"""What objectives on embeddings share: batches of P classes with K rows each, so that every batch
holds pairs of the same and of different classes; distances."""

from abc import ABC, abstractmethod
from collections.abc import Iterator
from dataclasses import dataclass
from typing import ClassVar

import torch
from torch import Tensor, nn

from netwright.data.augment import augment
from netwright.data.data import Batch, Data, Rows
from netwright.errors import UsageError
from netwright.objectives._objective import Epoch

__all__ = ["OnPairs", "distances", "pick_classes"]

SMALLEST = 1e-12  # of a squared distance, whose root has a slope


@dataclass(frozen=True, kw_only=True)
class OnPairs(ABC):
    """An objective on the embeddings of a batch: `on_vectors` is its loss.

    margin: see the objective. samples: rows of each class in a batch. turned: a class turned by 90,
    180 or 270 degrees is another class (Santoro et al. 2016, ICML). batch_rows: of the batches that
    a whole split is judged in.
    """

    takes: ClassVar[tuple[str, ...]] = ("likeness", "outputs")
    groups: ClassVar[tuple[str, ...]] = ("net",)

    margin: float = 1.0
    samples: int = 4
    turned: bool = False
    batch_rows: int = 64
    augment: tuple[str, ...] = ()
    augment_strength: float = 1.0

    def __post_init__(self) -> None:
        if self.margin <= 0 or self.samples < 2:
            raise UsageError(
                f"objective.margin is {self.margin} and objective.samples {self.samples}; expected "
                "a margin above 0 and at least 2 rows of each class."
            )

    @abstractmethod
    def on_vectors(self, vectors: Tensor, targets: Tensor) -> Tensor:
        """Return the mean loss of embeddings (batch, dim) with class ids (batch,)."""

    def batches(self, data: Data, epoch: Epoch) -> Iterator[Batch]:
        """Yield one epoch of batches from number `start` on, augmented and ready for the net: as
        many as rows / batch_size."""
        split, names = data.train, self.augment
        if not isinstance(split, Rows):
            raise UsageError("Batches of classes need rows in memory, but these are streamed.")
        targets = split.targets.cpu()
        picked = pick_classes(targets, epoch.batch_size, self.samples, epoch.order)
        for index in picked[epoch.start :]:
            rows = index.to(split.targets.device)
            inputs = tuple(x[rows] for x in split.inputs)
            targets = split.targets[rows]
            if epoch.device is not None:
                inputs = tuple(x.to(epoch.device) for x in inputs)
                targets = targets.to(epoch.device)
            if self.turned:
                inputs, targets = _turn_classes(inputs, targets, epoch.rng)
            inputs = augment(inputs, data.kind, names, epoch.rng, strength=self.augment_strength)
            yield Batch(data.encoding.prepare(inputs), targets)

    def step(
        self, net: nn.Module, batch: Batch, rng: torch.Generator | None = None
    ) -> dict[str, Tensor]:
        """Return {"net": mean loss of the batch}."""
        return {"net": self.on_vectors(net(*batch.inputs), batch.targets)}

    def compute(
        self, outputs: Tensor, targets: Tensor, *, members: int = 0, smooth: bool = True
    ) -> Tensor:
        """Return the mean loss of embeddings (rows, dim) with class ids (rows,); of more rows than
        a batch the mean over batches like those of training, drawn once and for all."""
        if len(targets) <= self.batch_rows:
            return self.on_vectors(outputs, targets)
        order = torch.Generator().manual_seed(0)
        picked = pick_classes(targets.cpu(), self.batch_rows, self.samples, order)
        losses = [self.on_vectors(outputs[rows], targets[rows]) for rows in picked]
        return torch.stack(losses).mean()


def pick_classes(
    targets: Tensor, batch_size: int, samples: int, order: torch.Generator
) -> list[Tensor]:
    """Return the rows of each batch of an epoch: classes in random order, none twice in a batch,
    `samples` rows of each (fewer where it has fewer)."""
    found, codes = targets.unique(return_inverse=True)
    members = [(codes == k).nonzero()[:, 0] for k in range(len(found))]
    classes = min(max(batch_size // samples, 2), len(members))
    count = max(-(-len(targets) // batch_size), 1)
    batches = []
    waiting: list[int] = []
    for _ in range(count):
        if len(waiting) < classes:
            waiting = torch.randperm(len(members), generator=order).tolist()
        chosen, waiting = waiting[:classes], waiting[classes:]
        rows = [
            members[k][torch.randperm(len(members[k]), generator=order)[:samples]] for k in chosen
        ]
        batches.append(torch.cat(rows))
    return batches


def _turn_classes(
    inputs: tuple[Tensor, ...], targets: Tensor, rng: torch.Generator
) -> tuple[tuple[Tensor, ...], Tensor]:
    pictures = inputs[0]
    square = pictures.shape[2] == pictures.shape[3]
    classes, codes = targets.unique(return_inverse=True)
    turns = torch.randint(4 if square else 2, (len(classes),), generator=rng)
    turns = (turns if square else 2 * turns).to(codes.device)[codes]
    turned = pictures.clone()
    for times in (1, 2, 3):
        chosen = turns == times
        if bool(chosen.any()):
            turned[chosen] = torch.rot90(pictures[chosen], times, (2, 3))
    return (turned, *inputs[1:]), targets * 4 + turns


def distances(vectors: Tensor) -> Tensor:
    """Return the Euclidean distances of all pairs of embeddings, (batch, batch)."""
    squared = (vectors[:, None] - vectors[None]).square().sum(2)
    return squared.clamp_min(SMALLEST).sqrt()
