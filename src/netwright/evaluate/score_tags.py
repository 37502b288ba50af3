"""score_tags: logits of every token beside its tag become Scores."""

from collections.abc import Collection, Sequence
from typing import Any

import numpy as np
import torch
import torch.nn.functional as F
from numpy.typing import NDArray
from torch import Tensor

from netwright.data.task import Task
from netwright.errors import TrainingError
from netwright.evaluate.bootstrap import Measure, replicate
from netwright.evaluate.check_predictions import check_rows
from netwright.evaluate.metrics import collect_scores, row_notes
from netwright.evaluate.scores import Scores, primary_metric
from netwright.evaluate.tag_metrics import has_entities, measure_tags, span_counts
from netwright.model.tags import less_outside

__all__ = ["best_outside", "score_tags", "tags_of"]

# What may be taken from the logit of "O": beyond e^4 to 1 nothing but O would be called O.
OUTSIDE = tuple(step / 4 for step in range(17))


def tags_of(
    logits: Tensor, targets: Tensor, classes: Sequence[str], *, outside: float = 0.0
) -> tuple[list[list[str]], list[list[str]]]:
    """Return the tags said and the true ones of each sentence, of the steps that have a target."""
    keep = (targets != -100).numpy()
    said = less_outside(logits, outside).argmax(-1).numpy()
    true = targets.numpy()
    return (
        [[classes[i] for i in row[mask]] for row, mask in zip(said, keep, strict=True)],
        [[classes[i] for i in row[mask]] for row, mask in zip(true, keep, strict=True)],
    )


def best_outside(logits: Tensor, targets: Tensor, classes: Sequence[str]) -> float:
    """Return what to take from the logit of "O" for the best entity F1 on these sentences.

    A net that knows rare entities half gives each less than half, so that the most likely tag is
    always "O"; F1 is highest at a lower threshold (Lipton et al. 2014, arXiv:1402.1892). 0 where
    tags are of no spans.
    """
    if not has_entities(classes) or classes[0] != "O":
        return 0.0
    scored = {}
    for value in OUTSIDE:
        counts = span_counts(*tags_of(logits, targets, classes, outside=value)).values()
        right, called, true = sum(counts, np.zeros((len(targets), 3))).sum(0)
        scored[value] = 2 * right / max(called + true, 1)
    # The best of many is luck in part: the mean of neighbours says more than each alone.
    smooth = {v: np.mean([scored[u] for u in OUTSIDE if abs(u - v) <= 0.25]) for v in OUTSIDE}
    return max(OUTSIDE, key=lambda value: (smooth[value], -value))


def score_tags(
    logits: Tensor,
    targets: Tensor,
    task: Task,
    *,
    outside: float = 0.0,
    metric: str | None = None,
    only: Collection[str] | None = None,
    resamples: int = 1000,
    seed: int = 0,
) -> Scores:
    """Score logits (rows, time, tags) against tag ids (rows, time), -100 where nothing is asked.

    outside: taken from the logit of "O" before a tag is chosen. Intervals resample sentences.
    resamples: 0 leaves out intervals and tables: the quick form between epochs.
    """
    asked = targets != -100
    check_rows(int(asked.sum()))
    if not bool(torch.isfinite(logits[asked]).all()):
        raise TrainingError(
            "Logits of some tokens are not finite numbers. Training has diverged: lower recipe.lr "
            "or set recipe.clip."
        )
    classes = task.classes
    nats = F.cross_entropy(
        logits.flatten(0, 1), targets.flatten(), reduction="none", ignore_index=-100
    ).view(targets.shape)
    right = (less_outside(logits, outside).argmax(-1) == targets) & asked
    by_type: dict[str, NDArray[np.int64]] = {}
    total = None
    if has_entities(classes):
        by_type = span_counts(*tags_of(logits, targets, classes, outside=outside))
        total = sum(by_type.values(), np.zeros((len(targets), 3), dtype=np.int64))
    per_row = (right.sum(1).numpy(), asked.sum(1).numpy(), nats.sum(1).double().numpy())

    def measure_of(part: NDArray[np.int64] | None) -> Measure:
        if part is None:
            return measure_tags(*per_row, total)
        hits, tokens, loss = (column[part] for column in per_row)
        return measure_tags(hits, tokens, loss, None if total is None else total[part])

    point, replicates = replicate(measure_of, len(targets), resamples=resamples, seed=seed)
    primary = primary_metric(task, metric=metric)
    notes = [f"{int(asked.sum()):,} tokens"]
    if resamples == 0:
        return collect_scores(
            point, replicates, primary, metric, len(targets), notes, only=only
        )  # fmt: skip
    notes += row_notes(len(targets))
    said = less_outside(logits, outside).argmax(-1)[asked].numpy()
    cells = np.bincount(targets[asked].numpy() * len(classes) + said, minlength=len(classes) ** 2)
    return collect_scores(
        point, replicates, primary, metric, len(targets), notes,
        only=only,
        per_class=_by_type(by_type) or _by_tag(cells.reshape(len(classes), -1), classes),
        confusion=cells.reshape(len(classes), -1).tolist(),
    )  # fmt: skip


def _by_type(counts: dict[str, NDArray[np.int64]]) -> list[dict[str, Any]]:
    return [_row(kind, *table.sum(0).tolist()) for kind, table in counts.items()]


def _by_tag(cells: NDArray[np.int64], classes: Sequence[str]) -> list[dict[str, Any]]:
    called, true = cells.sum(0), cells.sum(1)
    return [
        _row(name, int(cells[k, k]), int(called[k]), int(true[k])) for k, name in enumerate(classes)
    ]


def _row(name: str, right: int, called: int, true: int) -> dict[str, Any]:
    return {
        "class": name,
        "precision": right / called if called else 0.0,
        "recall": right / true if true else 0.0,
        "f1": 2 * right / (called + true) if called + true else 0.0,
        "support": true,
        "called": called,
    }
