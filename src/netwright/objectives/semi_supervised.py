"""Semi-supervised learning: a net learns from rows with a class, and from what it makes of rows
without one.

loss = mean over labelled rows of -log p(y | x)
     + w(t) * mean over unlabelled rows of [max p(. | x) >= threshold] * -log p(c | x'),
c the likeliest class of x, which is taken as it is: no gradient flows through it.

pseudo-labels: x' is x (Lee 2013, ICML workshop; there without a threshold). consistency: x' is x
changed much more, x itself no more than a labelled row (FixMatch, Sohn et al. 2020,
arXiv:2001.07685). w rises over `ramp` epochs as exp(-5 (1 - t)^2) (Laine and Aila 2017,
arXiv:1610.02242), for at first c is a guess; FixMatch leaves that to the threshold.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from math import exp
from typing import Any, ClassVar

import torch
import torch.nn.functional as F
from torch import Tensor

from netwright.data.augment import augment
from netwright.data.batch_views import changed
from netwright.data.data import Batch, Data, Rows
from netwright.errors import UsageError, did_you_mean
from netwright.objectives._objective import Epoch
from netwright.objectives.supervised import Supervised

__all__ = ["METHODS", "SemiSupervised"]

METHODS = ("consistency", "pseudo-labels")
UNLABELLED = -1  # in the place of a class id


@dataclass(frozen=True, kw_only=True)
class SemiSupervised:
    """weight: the most that w reaches, after `ramp` epochs. threshold: how sure of a row the net
    must be. ratio: unlabelled rows of a batch for each labelled one; an epoch sees each unlabelled
    row once. strong, strong_strength: changes of x' (see `data/augment.py`); swapped: of a table,
    the share of its cells that are another row's."""

    takes: ClassVar[tuple[str, ...]] = ("outputs", "rows or masked tokens")
    groups: ClassVar[tuple[str, ...]] = ("net",)
    loss: ClassVar[str] = "cross-entropy"

    method: str = "consistency"
    weight: float = 1.0
    ramp: int = 5
    threshold: float = 0.95
    ratio: int = 3
    strong: tuple[str, ...] = ()
    strong_strength: float = 1.0
    swapped: float = 0.0
    label_smoothing: float = 0.0
    class_weights: tuple[float, ...] = ()
    augment: tuple[str, ...] = ()
    augment_strength: float = 1.0

    def __post_init__(self) -> None:
        if self.method not in METHODS:
            raise UsageError(
                f"objective.method is {self.method!r}.{did_you_mean(self.method, METHODS)}"
            )
        if min(self.weight, self.ramp, self.strong_strength) < 0 or self.ratio < 1:
            raise UsageError(
                f"objective.weight is {self.weight}, ramp {self.ramp}, strong_strength "
                f"{self.strong_strength} and ratio {self.ratio}; expected a ratio of at least 1 "
                "and the others of at least 0."
            )
        for name in ("threshold", "swapped"):
            if not 0 <= getattr(self, name) <= 1:
                raise UsageError(f"objective.{name} is {getattr(self, name)}; expected 0 to 1.")
        mixing = [name for name in ("mixup", "cutmix") if name in (*self.augment, *self.strong)]
        if mixing:
            raise UsageError(
                f"recipe.augment has {mixing[0]}, but rows without a class cannot be mixed with "
                "others. Leave it out."
            )

    def rows(self, data: Data, batch_size: int) -> int:
        """Return how many rows an epoch has, in which each row of both kinds is seen."""
        labelled = self._labelled_of(batch_size)
        more, _ = _of(data)
        rounds = max(-(-len(more) // (batch_size - labelled)), -(-len(data.train) // labelled))
        return rounds * batch_size

    def _labelled_of(self, batch_size: int) -> int:
        if batch_size < 2:
            raise UsageError(
                f"recipe.batch_size is {batch_size}; expected at least 2, for rows with and "
                "without a class."
            )
        return max(round(batch_size / (1 + self.ratio)), 1)

    def batches(self, data: Data, epoch: Epoch) -> Iterator[Batch]:
        """Yield batches from number `start` on: labelled rows, then unlabelled ones. inputs: those
        of x, those of x', and the weight of each row in the batch's mean loss; targets -1 where a
        row has no class."""
        more, train = _of(data)
        size = epoch.batch_size
        labelled = self._labelled_of(size)
        count = self.rows(data, size) // size
        first = _turns(len(train), count * labelled, epoch.order, epoch.weights)
        then = _turns(len(more), count * (size - labelled), epoch.order, None)
        pieces = list(zip(first.split(labelled), then.split(size - labelled), strict=True))
        for number, (known, unknown) in enumerate(pieces[epoch.start :], epoch.start):
            share = size / (size - labelled) * self.weight_at(epoch.number + number / count)
            weights = torch.full((size,), share)
            weights[:labelled] = size / labelled
            targets = torch.full((size,), UNLABELLED)
            targets[:labelled] = train.targets[known].cpu()
            plain = [
                _taken(rows, at, epoch.device) for rows, at in ((train, known), (more, unknown))
            ]
            weak = augment(
                tuple(torch.cat(pair) for pair in zip(*plain, strict=True)),
                data.kind,
                self.augment,
                epoch.rng,
                strength=self.augment_strength,
            )
            strong = self._strong(weak, plain[1], data, labelled, epoch.rng)
            ready = (*data.encoding.prepare(weak), *strong)
            yield Batch((*ready, weights.to(epoch.device)), targets.to(epoch.device))

    def _strong(
        self,
        weak: tuple[Tensor, ...],
        plain: tuple[Tensor, ...],
        data: Data,
        labelled: int,
        rng: torch.Generator,
    ) -> tuple[Tensor, ...]:
        """Return x' ready for the net, of labelled rows as they are; nothing where none is asked
        for."""
        if self.method == "pseudo-labels":
            return ()
        found = changed(
            plain, data.kind, self.strong, rng, strength=self.strong_strength, swapped=self.swapped
        )
        parts = zip(weak, found, strict=True)
        return data.encoding.prepare(tuple(torch.cat([w[:labelled], s]) for w, s in parts))

    def weight_at(self, epochs: float) -> float:
        """Return w after so many epochs."""
        done = min(epochs / self.ramp, 1.0) if self.ramp else 1.0
        return self.weight * exp(-5 * (1 - done) ** 2)

    def step(self, net: Any, batch: Batch, rng: torch.Generator | None = None) -> dict[str, Tensor]:
        """Return {"net": mean loss of the batch}."""
        *views, weights = batch.inputs
        known = batch.targets != UNLABELLED
        members = int(getattr(net, "members", 0))
        if self.method == "pseudo-labels":
            logits = net(*views)
            again = logits[~known]
        else:
            half = len(views) // 2
            pairs = zip(views[:half], views[half:], strict=True)
            answers = net(*(torch.cat([weak, strong[~known]]) for weak, strong in pairs))
            logits, again = answers[: len(known)], answers[len(known) :]
        labelled = self._of_rows(
            logits[known], batch.targets[known], members, smoothing=self.label_smoothing
        )
        shares = logits[~known].detach().float().softmax(-1)
        sure, classes = (shares.mean(1) if members else shares).max(-1)
        asked = self._of_rows(again, classes, members) * (sure >= self.threshold)
        total = (weights[known] * labelled).sum() + (weights[~known] * asked).sum()
        return {"net": total / len(known)}

    def _of_rows(
        self, logits: Tensor, classes: Tensor, members: int, *, smoothing: float = 0.0
    ) -> Tensor:
        """Return the loss of each row, (batch,), the mean over an ensemble's members."""
        weight = logits.new_tensor(self.class_weights) if self.class_weights else None
        if members:
            classes = classes[:, None].expand(-1, members)
            logits = logits.transpose(1, 2)
        found = F.cross_entropy(
            logits, classes, weight=weight, label_smoothing=smoothing, reduction="none"
        )
        return found.mean(1) if members else found

    def compute(
        self, outputs: Tensor, targets: Tensor, *, members: int = 0, smooth: bool = True
    ) -> Tensor:
        """Return the mean loss of labelled rows: see `Supervised`."""
        supervised = Supervised(
            label_smoothing=self.label_smoothing, class_weights=self.class_weights
        )
        return supervised.compute(outputs, targets, members=members, smooth=smooth)


def _of(data: Data) -> tuple[Rows, Rows]:
    """Return the rows without a class and those with one."""
    if data.unlabelled is None or not isinstance(data.train, Rows):
        raise UsageError(
            "The objective 'semi-supervised' learns from rows without a class, but there are none "
            "here. Read them too with --unlabelled, or set objective.name to 'supervised'."
        )
    return data.unlabelled, data.train


def _turns(rows: int, count: int, order: torch.Generator, weights: Tensor | None) -> Tensor:
    """Return `count` rows: all in random order, then all again; by weights if given."""
    if weights is not None:
        return torch.multinomial(weights, count, replacement=True, generator=order)
    rounds = [torch.randperm(rows, generator=order) for _ in range(-(-count // rows))]
    return torch.cat(rounds)[:count]


def _taken(rows: Rows, index: Tensor, device: torch.device | None) -> tuple[Tensor, ...]:
    return tuple(x[index.to(x.device)].to(device) for x in rows.inputs)
