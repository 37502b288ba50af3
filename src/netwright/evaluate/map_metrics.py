"""Scores of maps (segmentation): of each picture only counts are kept, whatever its size.

A row of facts holds, for C classes: pixels by true and called class (C * C), nats of all pixels
asked (1), and for the soft Dice sum(p t) and sum(p) + sum(t) of each class (2 C).
IoU of a class = right / (true or called), Dice = 2 right / (true + called), over all pixels of all
pictures; `iou` and `dice` are means over the classes. Intervals resample pictures.
"""

from collections.abc import Collection, Sequence
from typing import Any

import numpy as np
import torch
import torch.nn.functional as F
from numpy.typing import NDArray
from torch import Tensor

from netwright.data.mask_encoding import NOT_ASKED
from netwright.data.task import Task
from netwright.evaluate.bootstrap import Array, Measure, replicate
from netwright.evaluate.metrics import check_rows, collect_scores, row_notes
from netwright.evaluate.scores import Scores, primary_metric
from netwright.objectives.segmentation import soft_dice_loss, soft_overlap

__all__ = [
    "dice_of_rows",
    "facts_of_constant",
    "facts_of_logits",
    "facts_of_maps",
    "loss_of_facts",
    "score_maps",
]


def facts_of_logits(outputs: Tensor, targets: Tensor) -> Tensor:
    """Return facts float64 (batch, C * C + 1 + 2 C) of outputs (batch, C, height, width) and class
    ids (batch, height, width)."""
    targets = targets.long()
    nats = F.cross_entropy(outputs, targets, ignore_index=NOT_ASKED, reduction="none")
    overlap = soft_overlap(outputs, targets)
    return torch.cat(
        [
            _counts(outputs.argmax(1), targets, outputs.shape[1]),
            nats.double().sum((1, 2))[:, None],
            *(part.double() for part in overlap),
        ],
        1,
    )


def facts_of_maps(said: Tensor, targets: Tensor, classes: int) -> Tensor:
    """Return facts of class ids that were said (rows, height, width) with certainty: their nats are
    not known (NaN)."""
    counts = _counts(said.long(), targets.long(), classes)
    table = counts.view(-1, classes, classes)
    right, total = table.diagonal(dim1=1, dim2=2), table.sum(1) + table.sum(2)
    return torch.cat([counts, counts.new_full((len(counts), 1), torch.nan), right, total], 1)


def facts_of_constant(shares: Tensor, targets: Tensor) -> Tensor:
    """Return facts of the answer `shares` (C,), the same for every pixel of (rows, height,
    width)."""
    logits = shares.clamp_min(1e-12).log().float()[None, :, None, None]
    pieces = [
        facts_of_logits(logits.expand(-1, -1, *row.shape[1:]), row) for row in targets.split(1)
    ]
    return torch.cat(pieces)


def _counts(said: Tensor, targets: Tensor, classes: int) -> Tensor:
    """Return how many pixels of each true class were called what, (rows, C * C)."""
    asked = targets != NOT_ASKED
    cells = torch.where(asked, targets * classes + said, classes * classes)
    rows = torch.arange(len(said), device=said.device).view(-1, 1, 1) * (classes * classes + 1)
    flat = torch.bincount((cells + rows).flatten(), minlength=len(said) * (classes * classes + 1))
    return flat.view(len(said), -1)[:, :-1].double()


def loss_of_facts(facts: Tensor, classes: int, *, dice: float) -> float:
    """Return what the objective's loss is over a whole split; classes are not weighted."""
    square = classes * classes
    pixels = facts[:, :square].sum().clamp_min(1)
    common, total = facts[:, square + 1 :].sum(0).split(classes)
    loss = facts[:, square].sum() / pixels
    return float(loss + dice * soft_dice_loss(common, total))


def dice_of_rows(facts: Tensor, classes: int) -> Tensor:
    """Return each picture's own mean Dice (rows,), over the classes that are in it or were called;
    NaN where nothing is asked."""
    table = facts[:, : classes * classes].view(-1, classes, classes)
    right, total = table.diagonal(dim1=1, dim2=2), table.sum(1) + table.sum(2)
    return torch.where(total > 0, 2 * right / total, torch.nan).nanmean(1)


def score_maps(
    facts: Tensor,
    task: Task,
    *,
    metric: str | None = None,
    only: Collection[str] | None = None,
    resamples: int = 1000,
    seed: int = 0,
) -> Scores:
    """Score facts (pictures, C * C + 1 + 2 C). resamples: 0 leaves out intervals and tables."""
    classes = len(task.classes)
    check_rows(len(facts))
    table = facts[:, : classes**2 + 1].numpy()

    def measure_of(part: NDArray[np.int64] | None) -> Measure:
        rows = table if part is None else table[part]

        def measure(weights: Array) -> dict[str, Array]:
            return _measure(rows.T @ weights, classes)

        return measure

    point, replicates = replicate(measure_of, len(table), resamples=resamples, seed=seed)
    primary = primary_metric(task, metric=metric)
    if resamples == 0:
        return collect_scores(point, replicates, primary, metric, len(table), [], only=only)
    counts = table[:, : classes**2].sum(0).reshape(classes, classes)
    notes = [f"{int(counts.sum()):,} pixels; intervals resample pictures", *row_notes(len(table))]
    return collect_scores(
        point, replicates, primary, metric, len(table), notes,
        only=only, per_class=_per_class(counts, task.classes),
        confusion=counts.astype(np.int64).tolist(),
    )  # fmt: skip


def _measure(sums: Array, classes: int) -> dict[str, Array]:
    """sums (C * C + 1, resamples) -> each metric (resamples,). A class that is neither there nor
    called has no IoU and no Dice."""
    counts = sums[:-1].reshape(classes, classes, -1)
    pixels = counts.sum((0, 1))
    right = np.einsum("iir->ir", counts)
    both = counts.sum(0) + counts.sum(1)
    with np.errstate(invalid="ignore", divide="ignore"):
        iou, dice = right / (both - right), 2 * right / both
        there = np.maximum((both > 0).sum(0), 1)
        return {
            "accuracy": right.sum(0) / pixels,
            "iou": np.nansum(iou, axis=0) / there,
            "dice": np.nansum(dice, axis=0) / there,
            "log_loss": sums[-1] / pixels,
        }


def _per_class(counts: Array, names: Sequence[str]) -> list[dict[str, Any]]:
    right = np.diagonal(counts)
    true, called = counts.sum(1), counts.sum(0)
    total = max(counts.sum(), 1)
    return [
        {
            "class": name,
            "iou": _share(right[k], true[k] + called[k] - right[k]),
            "dice": _share(2 * right[k], true[k] + called[k]),
            "precision": _share(right[k], called[k]),
            "recall": _share(right[k], true[k]),
            "share": float(true[k] / total),
            "share_called": float(called[k] / total),
        }
        for k, name in enumerate(names)
    ]


def _share(part: float, whole: float) -> float | None:
    return float(part / whole) if whole else None
