"""Supervised learning: one net, one loss between its outputs and the targets.

loss is "cross-entropy" (class ids), "binary-cross-entropy" (several labels a row), "focal" or
"hinge" (both), "cumulative" (ordered grades: one logit a threshold, Frank and Hall 2001, ECML),
"mse", "mae", "huber" or "quantile" (numbers). FITTING says which of them a task can have.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import ClassVar

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from netwright.data.augment import augment
from netwright.data.data import Batch, Data, Rows
from netwright.data.mixing import cutmix, mixup
from netwright.data.task import Form
from netwright.errors import UsageError, did_you_mean
from netwright.objectives._losses import (
    focal_of_classes,
    focal_of_labels,
    hinge_of_classes,
    hinge_of_labels,
    pinball,
)
from netwright.objectives._objective import Epoch

__all__ = ["FITTING", "LOSSES", "Supervised"]

_OF_CLASSES = ("cross-entropy", "focal", "hinge")
_OF_NUMBERS = ("mse", "mae", "huber", "quantile")
FITTING: dict[Form, tuple[str, ...]] = {
    "binary": _OF_CLASSES,
    "multiclass": _OF_CLASSES,
    "multilabel": ("binary-cross-entropy", "focal", "hinge"),
    "ordinal": ("cumulative",),
    "regression": _OF_NUMBERS,
    "forecasting": _OF_NUMBERS,
    "language-modelling": ("cross-entropy",),
    "tagging": ("cross-entropy",),
    "translation": ("cross-entropy",),
}
LOSSES = tuple(dict.fromkeys(loss for losses in FITTING.values() for loss in losses))


@dataclass(frozen=True, kw_only=True)
class Supervised:
    """class_weights: weight of each class in the mean, or empty. label_smoothing: 0..1,
    cross-entropy only. gamma: of the focal loss. quantiles: of the quantile loss, rising, 0.5 (the
    prediction) among them; the first and the last are the ends of an interval. form: of the task
    that the loss is to fit; None: rows have several labels where targets are shaped as outputs."""

    takes: ClassVar[tuple[str, ...]] = ("outputs", "nodes", "rows or masked tokens")
    groups: ClassVar[tuple[str, ...]] = ("net",)

    loss: str = "cross-entropy"
    label_smoothing: float = 0.0
    class_weights: tuple[float, ...] = ()
    gamma: float = 2.0
    quantiles: Sequence[float] = (0.05, 0.5, 0.95)
    augment: tuple[str, ...] = ()
    augment_strength: float = 1.0
    form: Form | None = None

    def __post_init__(self) -> None:
        if self.loss not in LOSSES:
            raise UsageError(
                f"There is no loss named {self.loss!r}.{did_you_mean(self.loss, LOSSES)}"
            )
        if self.form is not None and self.loss not in (fitting := FITTING.get(self.form, ())):
            raise UsageError(
                f"objective.loss is {self.loss!r}, which does not judge {self.form}. "
                f"Losses that do: {', '.join(fitting) or 'none'}."
            )
        if not self.gamma >= 0:
            raise UsageError(f"objective.gamma is {self.gamma}; expected 0 or more.")
        given = list(self.quantiles)
        rising = all(a < b for a, b in pairwise([0.0, *given, 1.0]))
        if not rising or 0.5 not in given:
            raise UsageError(
                f"objective.quantiles is {given}; expected rising numbers between 0 and 1 with 0.5 "
                "among them, such as [0.05, 0.5, 0.95]."
            )

    def batches(self, data: Data, epoch: Epoch) -> Iterator[Batch]:
        """Yield one shuffled epoch of the training split from batch `start` on, augmented and ready
        for the net. weights: one a row; rows are then drawn with replacement in their proportion.
        """
        mixing = [name for name in self.augment if name in ("mixup", "cutmix")]
        changing = [name for name in self.augment if name not in ("mixup", "cutmix")]
        source = data.train
        if epoch.weights is not None:
            assert isinstance(source, Rows)
            drawn = torch.multinomial(
                epoch.weights, len(source), replacement=True, generator=epoch.order
            )
            source = source.select(drawn)
        for batch in epoch.rows(source):
            inputs, targets = batch
            if changing:
                inputs = augment(
                    inputs, data.kind, changing, epoch.rng, strength=self.augment_strength
                )
            inputs = data.encoding.prepare(inputs)
            if mixing:
                inputs, targets = self._mix(inputs, targets, mixing, data.task.outputs, epoch.rng)
            yield Batch(inputs, targets)

    def step(
        self, net: nn.Module, batch: Batch, rng: torch.Generator | None = None
    ) -> dict[str, Tensor]:
        """Return {"net": mean loss of the batch}."""
        return {
            "net": self.compute(
                net(*batch.inputs), batch.targets, members=getattr(net, "members", 0)
            )
        }

    def compute(
        self, outputs: Tensor, targets: Tensor, *, members: int = 0, smooth: bool = True
    ) -> Tensor:
        """Return the mean loss. outputs (batch, outputs), (batch, time, vocab), or (batch, members,
        outputs) of an ensemble.

        targets: int64 class ids (batch,) or (batch, time) with -100 where nothing is asked, class
        probabilities (batch, classes), or floats (batch, outputs).
        """
        if members:
            outputs, targets = outputs.flatten(0, 1), targets.repeat_interleave(members, dim=0)
        if outputs.dim() == 3 and self.loss == "cross-entropy":
            targets = targets[:, : outputs.shape[1]]  # beyond it all rows are padding
            outputs, targets = outputs.flatten(0, 1), targets.flatten()
        if self.loss == "cross-entropy":
            weight = self._weight(outputs)
            smoothing = self.label_smoothing if smooth else 0.0
            return F.cross_entropy(outputs, targets, weight=weight, label_smoothing=smoothing)
        if self.loss == "cumulative":
            above = targets[:, None] > torch.arange(outputs.shape[1], device=targets.device)
            return F.binary_cross_entropy_with_logits(outputs, above.to(outputs.dtype))
        if self.loss == "quantile":
            return pinball(outputs, targets, self.quantiles)
        if self.loss in ("focal", "hinge"):
            return self._by_margin(outputs, targets)
        if outputs.shape != targets.shape:
            raise ValueError(
                f"The {self.loss} loss needs outputs and targets of one shape, but got "
                f"{tuple(outputs.shape)} and "
                f"{tuple(targets.shape)}. Give the targets one column for each output."
            )
        if self.loss == "binary-cross-entropy":
            return F.binary_cross_entropy_with_logits(
                outputs, targets, pos_weight=self._weight(outputs)
            )
        return {"mse": F.mse_loss, "mae": F.l1_loss, "huber": F.smooth_l1_loss}[self.loss](
            outputs, targets
        )

    def _by_margin(self, outputs: Tensor, targets: Tensor) -> Tensor:
        several = targets.shape == outputs.shape if self.form is None else self.form == "multilabel"
        weight = self._weight(outputs)
        if self.loss == "hinge":
            return (hinge_of_labels if several else hinge_of_classes)(outputs, targets, weight)
        focal = focal_of_labels if several else focal_of_classes
        return focal(outputs, targets, weight, gamma=self.gamma)

    def _weight(self, outputs: Tensor) -> Tensor | None:
        return outputs.new_tensor(self.class_weights) if self.class_weights else None

    def _mix(
        self,
        inputs: tuple[Tensor, ...],
        targets: Tensor,
        names: Sequence[str],
        classes: int,
        rng: torch.Generator,
    ) -> tuple[tuple[Tensor, ...], Tensor]:
        # With both asked for, a coin decides for each batch, as in timm's recipes.
        pick = names[int(torch.randint(len(names), (1,), generator=rng))]
        mixed, first, second, share = (mixup if pick == "mixup" else cutmix)(inputs, targets, rng)
        if targets.is_floating_point():
            share = share.view(-1, *[1] * (first.dim() - 1))
            return mixed, share * first + (1 - share) * second
        share = share[:, None]
        soft = share * F.one_hot(first, classes) + (1 - share) * F.one_hot(second, classes)
        return mixed, soft
