"""Scores of boxes (detection): mean average precision, as COCO measures it.

Of all pictures' boxes of a class, the surest first, each is right where it overlaps a true box of
its class that no surer one has taken by at least a threshold (intersection over union). Average
precision is the mean, over the 101 recalls 0, 0.01, ..., 1, of the best precision at that recall or
beyond, 0 where it is not reached. `map50` is its mean over the classes at 0.5, `map` also over
0.5, 0.55, ..., 0.95. Lin et al. 2014, arXiv:1405.0312, and pycocotools' COCOeval; here no region is
a crowd, and up to MOST boxes of a picture count. Intervals resample pictures.

What is kept of a picture (a row of facts) is float32 (1 + MOST, 6): in its first row the heat map's
loss, the boxes' loss and how many boxes are true; below score, class, left, top, right, bottom of
each box found, the surest first, and score -1 where there is none.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from netwright.data.data import Split
from netwright.data.task import Task
from netwright.evaluate.bootstrap import Array, Measure, replicate
from netwright.evaluate.metrics import check_rows, collect_scores, row_notes
from netwright.evaluate.scores import Scores, primary_metric
from netwright.model.boxes import SURE, stride_of
from netwright.model.model import Model
from netwright.nets.detector import Detections, box_iou, decode
from netwright.objectives.detection import Detection, loss_of_pictures

__all__ = ["box_facts", "facts_of_found", "found_in", "loss_of_boxes", "score_boxes"]

MOST = 100  # boxes of a picture, as in COCO
LEAST = 0.05  # of a score, below which a box is not kept
THRESHOLDS = np.arange(0.5, 0.96, 0.05)
RECALLS = 100  # steps from 0 to 1


def box_facts(model: Model, split: Split, *, batch_size: int = 32) -> Tensor:
    """Return the facts of a split's pictures, (rows, 1 + MOST, 6)."""
    stride = stride_of(model.net)

    def keep(outputs: Tensor, targets: Tensor) -> Tensor:
        heat, box, boxes = loss_of_pictures(outputs, targets, stride=stride)
        found = decode(outputs, stride=stride, min_score=LEAST, max_boxes=MOST)
        facts = facts_of_found(found).to(heat.device)
        facts[:, 0, :3] = torch.stack([heat, box, boxes.to(heat.dtype)], 1)
        return facts

    if not len(split):
        return torch.zeros(0, 1 + MOST, 6)
    return model.forward_rows(split, batch_size=batch_size, reduce=keep)


def facts_of_found(found: Sequence[Detections]) -> Tensor:
    """Return facts of boxes alone, whose losses are not known (0)."""
    facts = torch.zeros(len(found), 1 + MOST, 6)
    facts[:, 1:, 0] = -1
    for row, one in zip(facts, found, strict=True):
        count = min(len(one.scores), MOST)
        row[1 : count + 1, 0] = one.scores[:count].cpu()
        row[1 : count + 1, 1] = one.classes[:count].cpu()
        row[1 : count + 1, 2:] = one.boxes[:count].cpu()
    return facts


def found_in(facts: Tensor, *, least: float = 0.0) -> list[Detections]:
    """Return the boxes of each row of facts with at least a score."""
    kept = [row[1:][row[1:, 0] >= least] for row in facts]
    return [Detections(rows[:, 2:], rows[:, 0], rows[:, 1].long()) for rows in kept]


def loss_of_boxes(objective: Detection, facts: Tensor) -> float:
    """Return what the objective's loss is over a whole split."""
    heat, box, boxes = facts[:, 0, :3].double().sum(0)
    return float((heat + objective.weight * box) / boxes.clamp_min(1))


@dataclass(frozen=True)
class _Kind:
    """A class: its true boxes by picture, and its boxes found, the surest first: which picture each
    is in, and whether it is right at each threshold (found, thresholds)."""

    truths: Array
    pictures: NDArray[np.int64]
    right: NDArray[np.bool_]
    scores: Array


def score_boxes(
    facts: Tensor,
    targets: Tensor,
    task: Task,
    *,
    metric: str | None = None,
    only: Collection[str] | None = None,
    resamples: int = 1000,
    seed: int = 0,
) -> Scores:
    """Score facts (pictures, 1 + MOST, 6) against boxes (pictures, boxes, 5): class, left, top,
    right, bottom, class -1 for none. resamples: 0 leaves out intervals and tables."""
    check_rows(len(facts))
    kinds = _kinds(facts, targets, len(task.classes))

    def measure_of(part: NDArray[np.int64] | None) -> Measure:
        def measure(weights: Array) -> dict[str, Array]:
            if part is None:
                return _measure(kinds, weights)
            whole = np.zeros((len(facts), weights.shape[1]))
            whole[part] = weights
            return _measure(kinds, whole)

        return measure

    point, replicates = replicate(measure_of, len(facts), resamples=resamples, seed=seed)
    primary = primary_metric(task, metric=metric)
    if resamples == 0:
        return collect_scores(point, replicates, primary, metric, len(facts), [], only=only)
    boxes = sum(int(kind.truths.sum()) for kind in kinds)
    notes = [f"{boxes:,} boxes; intervals resample pictures", *row_notes(len(facts))]
    per_class = [_row(name, kind) for name, kind in zip(task.classes, kinds, strict=True)]
    return collect_scores(
        point, replicates, primary, metric, len(facts), notes, only=only, per_class=per_class
    )


def _kinds(facts: Tensor, targets: Tensor, classes: int) -> list[_Kind]:
    found, truths = found_in(facts), targets.float()
    rows: list[tuple[int, int, float, NDArray[np.bool_]]] = []
    for picture, (one, true) in enumerate(zip(found, truths, strict=True)):
        true = true[true[:, 0] >= 0]
        right = _right(one, true)
        rows += [
            (kind, picture, score, hit)
            for kind, score, hit in zip(
                one.classes.tolist(), one.scores.tolist(), right, strict=True
            )
        ]
    rows.sort(key=lambda row: -row[2])
    ids = targets[:, :, 0].long().numpy()
    return [
        _Kind(
            (ids == k).sum(1).astype(np.float64),
            np.array([row[1] for row in rows if row[0] == k], dtype=np.int64),
            np.array([row[3] for row in rows if row[0] == k], dtype=bool).reshape(
                -1, len(THRESHOLDS)
            ),
            np.array([row[2] for row in rows if row[0] == k], dtype=np.float64),
        )
        for k in range(classes)
    ]


def _right(found: Detections, true: Tensor) -> NDArray[np.bool_]:
    """Return which boxes of a picture, the surest first, are right at each threshold, (found,
    thresholds)."""
    overlap = box_iou(found.boxes, true[:, 1:])
    overlap[found.classes[:, None] != true[None, :, 0].long()] = -1
    overlaps = overlap.double().numpy()
    free = np.ones((len(THRESHOLDS), len(true)), dtype=bool)
    right = np.zeros((len(overlaps), len(THRESHOLDS)), dtype=bool)
    if not len(true):
        return right
    each = np.arange(len(THRESHOLDS))
    for at, row in enumerate(overlaps):
        usable = np.where(free, row, -1.0)
        best = usable.argmax(1)
        # Overlaps are float32: 0.7 may be a little less.
        right[at] = usable[each, best] >= THRESHOLDS - 1e-6
        free[each[right[at]], best[right[at]]] = False
    return right


def _measure(kinds: Sequence[_Kind], weights: Array) -> dict[str, Array]:
    """weights (pictures, resamples) -> map50 and map (resamples,). A class that no picture has is
    no part of the mean."""
    each = np.stack([_precisions(kind, weights) for kind in kinds])  # (classes, thresholds, ...)
    there = np.isfinite(each[:, 0]).sum(0)
    with np.errstate(invalid="ignore"):
        means = np.where(there > 0, np.nansum(each, 0) / there, np.nan)
    return {"map50": means[0], "map": means.mean(0)}


def _precisions(kind: _Kind, weights: Array) -> Array:
    """Return the average precision at each threshold, (thresholds, resamples); NaN where the class
    is in no picture."""
    asked = kind.truths @ weights
    drawn = weights[kind.pictures]  # (found, resamples)
    called = np.maximum(drawn.cumsum(0), 1e-12)
    found = np.empty((len(THRESHOLDS), weights.shape[1]))
    for at, right in enumerate(kind.right.T):
        hits = (drawn * right[:, None]).cumsum(0)
        # The best precision here or beyond; each of the 101 recalls is read where it is reached.
        best = np.maximum.accumulate((hits / called)[::-1], axis=0)[::-1]
        reached = np.floor(RECALLS * hits / np.maximum(asked, 1e-12) + 1e-9) + 1
        steps = np.diff(reached, axis=0, prepend=0)
        found[at] = (best * steps).sum(0) / (RECALLS + 1)
    return np.where(asked > 0, found, np.nan)


def _row(name: str, kind: _Kind) -> dict[str, Any]:
    """Say how good a class is: over all scores, and of the boxes that `predict` would give."""
    precisions = _precisions(kind, np.ones((len(kind.truths), 1)))[:, 0]
    sure = kind.scores >= SURE
    hits, called, asked = int(kind.right[sure, 0].sum()), int(sure.sum()), int(kind.truths.sum())
    return {
        "class": name,
        "map50": float(precisions[0]) if asked else None,
        "map": float(precisions.mean()) if asked else None,
        "precision": hits / called if called else None,
        "recall": hits / asked if asked else None,
        "support": asked,
        "called": called,
    }
