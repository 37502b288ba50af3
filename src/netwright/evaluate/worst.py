"""The worst examples: where the net is most confidently wrong, or its error the largest, and which
classes it mixes up.

They show wrong labels and odd rows sooner than any number does.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import compress
from pathlib import Path
from typing import Any

import numpy as np
import torch
import torch.nn.functional as F
from numpy.typing import ArrayLike
from torch import Tensor

from netwright.data.data import Rows, Split
from netwright.data.grades import called_classes
from netwright.data.task import Task
from netwright.evaluate.check_predictions import as_array
from netwright.evaluate.score_tags import tags_of
from netwright.evaluate.similarity_metrics import worst_queries
from netwright.evaluate.tag_metrics import entities_in, has_entities

__all__ = [
    "Confusion",
    "WorstExample",
    "confused_pairs",
    "worst_examples",
    "worst_pairs",
    "worst_rows",
    "worst_sentences",
]


@dataclass(frozen=True)
class WorstExample:
    """One row. row: its place in the split; source_row: in the file it came from, where that is
    known.

    target, prediction: a class (several joined by "|"), or a number (a list of them, if several).
    probability: what the net gave its own wrong answer; None for numbers. loss: nats for the true
    class, or the mean absolute error. raw: the row as it was read, where the split keeps it.
    """

    row: int
    target: Any
    prediction: Any
    probability: float | None
    loss: float
    raw: Any = None
    source_row: int | None = None


@dataclass(frozen=True)
class Confusion:
    """How many rows of class `target` were called `prediction`, and what share of that class."""

    target: str
    prediction: str
    count: int
    share: float


def worst_examples(
    split: Split, predictions: ArrayLike, targets: ArrayLike, task: Task, *, count: int = 12
) -> list[WorstExample]:
    """Return up to `count` rows with the highest loss, the worst first; of classes only those that
    are wrong.

    predictions: probabilities (rows, classes), or values (rows, outputs) in the target's own unit,
    as targets are.
    """
    p, t = as_array(predictions).astype(np.float64), as_array(targets)
    if len(p) != len(t) or len(p) != len(split):
        raise ValueError(
            f"There are {len(p)} predictions and {len(t)} targets for {len(split)} rows of "
            f"{split.name!r}. Give one of each for every row, in the split's order."
        )
    if not task.is_classification:
        p, t = p.reshape(len(p), -1), t.reshape(len(t), -1)
        loss = np.abs(p - t).mean(1)
        wrong = loss > 0
    elif task.form == "multilabel":
        true = t > 0.5
        q = np.clip(np.where(true, p, 1 - p), 1e-12, 1)
        loss = -np.log(q).mean(1)
        wrong = ((p > 0.5) != true).any(1)
    else:
        t = t.astype(np.int64)
        loss = -np.log(np.clip(p[np.arange(len(p)), t], 1e-12, 1))
        wrong = called_classes(p, ordinal=task.form == "ordinal") != t
    order = np.argsort(-np.where(wrong, loss, -np.inf), kind="stable")[:count]
    return [_example(split, int(i), p, t, float(loss[i]), task) for i in order if wrong[i]]


def worst_rows(
    split: Split, errors: ArrayLike, task: Task, *, count: int = 12
) -> list[WorstExample]:
    """Return the rows that are rebuilt worst, the worst first; `loss` is the mean squared error.

    errors: (rows, 2). target: the row's label, where it has one; prediction: its error.
    """
    squared = as_array(errors)[:, 0]
    flags = [batch.targets.cpu().numpy() for batch in split.batches(65536)]
    labels = {at: name for at, name in enumerate(task.classes)}
    found = []
    for row in np.argsort(-squared, kind="stable")[:count].tolist():
        label = labels.get(int(np.concatenate(flags)[row]), "")
        rows = getattr(split, "rows", None)
        found.append(
            WorstExample(
                row=row,
                target=label,
                prediction="",
                probability=None,
                loss=float(squared[row]),
                raw=_raw(split, row),
                source_row=None if rows is None else int(rows[row]),
            )
        )
    return found


def worst_sentences(
    split: Rows, logits: Tensor, task: Task, *, outside: float = 0.0, count: int = 12
) -> list[WorstExample]:
    """Return up to `count` tagged sentences with the most nats in all, of those with a wrong tag.

    logits (rows, time, tags). Target and prediction are the entities, or the tags that differ.
    """
    targets = split.targets.cpu()
    nats = F.cross_entropy(
        logits.flatten(0, 1), targets.flatten(), reduction="none", ignore_index=-100
    )
    loss = nats.view(targets.shape).sum(1)
    said, true = tags_of(logits, targets, task.classes, outside=outside)
    order = [row for row in loss.argsort(descending=True).tolist() if said[row] != true[row]]
    spans = has_entities(task.classes)
    found = []
    for row in order[:count]:
        # A token whose true tag is not known has no place here.
        tokens = list(compress(split.raw[row], (targets[row] != -100).tolist()))
        spelled = [
            entities_in(tokens, tags) if spans else _differing(tokens, tags, other)
            for tags, other in ((true[row], said[row]), (said[row], true[row]))
        ]
        found.append(
            WorstExample(
                row=row,
                target=spelled[0],
                prediction=spelled[1],
                probability=None,
                loss=float(loss[row]),
                raw=" ".join(split.raw[row]),
                source_row=None if split.rows is None else int(split.rows[row]),
            )
        )
    return found


def _differing(tokens: Sequence[str], tags: Sequence[str], other: Sequence[str]) -> str:
    rows = zip(tokens, tags, other, strict=True)
    return ", ".join(f"{token} ({tag})" for token, tag, said in rows if tag != said)


def worst_pairs(split: Split, vectors: Tensor, *, count: int = 12) -> list[WorstExample]:
    """Return up to `count` rows whose nearest other row is of another class, the worst first. loss:
    how much nearer that is than the nearest of the row's own class."""
    raw, rows = getattr(split, "raw", None), getattr(split, "rows", None)
    targets = split.targets if isinstance(split, Rows) else torch.empty(0)
    return [
        WorstExample(
            row=at,
            target=_named(raw, at, int(targets[at])),
            prediction=_named(raw, other, int(targets[other])),
            probability=None,
            loss=gap,
            raw=_raw(split, at),
            source_row=None if rows is None else int(rows[at]),
        )
        for at, other, gap in worst_queries(vectors, targets, count=count)
    ]


def _named(raw: Any, at: int, number: int) -> str:
    """Name the class of a row by its folder, or by its number: it is none of the task's."""
    item = raw[at] if isinstance(raw, list) else None
    return Path(item).parent.name if isinstance(item, str | Path) else f"class {number}"


def confused_pairs(
    confusion: Sequence[Sequence[int]], classes: Sequence[str], *, count: int = 5
) -> list[Confusion]:
    """Return the pairs of classes most often mixed up, by number of rows. confusion: row true,
    column predicted.
    """
    table = np.asarray(confusion, dtype=np.int64)
    errors = table * (1 - np.eye(len(table), dtype=np.int64))
    order = np.argsort(-errors, axis=None, kind="stable")[:count]
    pairs = [(int(i) // len(table), int(i) % len(table)) for i in order]
    return [
        Confusion(classes[i], classes[j], int(table[i, j]), float(table[i, j] / table[i].sum()))
        for i, j in pairs
        if errors[i, j] > 0
    ]


def _example(
    split: Split, row: int, p: np.ndarray, t: np.ndarray, loss: float, task: Task
) -> WorstExample:
    target: Any
    prediction: Any
    probability: float | None = None
    if not task.is_classification:
        target, prediction = _numbers(t[row]), _numbers(p[row])
    elif task.form == "multilabel":
        names = np.array(task.classes)
        target, prediction = "|".join(names[t[row] > 0.5]), "|".join(names[p[row] > 0.5])
        called = np.where(t[row] > 0.5, 1 - p[row], p[row])
        probability = float(called.max())  # of the label it is most wrong about
    else:
        guess = int(called_classes(p[row : row + 1], ordinal=task.form == "ordinal")[0])
        target, prediction = task.classes[int(t[row])], task.classes[guess]
        probability = float(p[row, guess])
    rows = getattr(split, "rows", None)
    return WorstExample(
        row=row,
        target=target,
        prediction=prediction,
        probability=probability,
        loss=loss,
        raw=_raw(split, row),
        source_row=None if rows is None else int(rows[row]),
    )


def _numbers(values: np.ndarray) -> float | list[float]:
    return float(values[0]) if len(values) == 1 else [float(v) for v in values]


def _raw(split: Split, row: int) -> Any:
    raw = getattr(split, "raw", None)
    if raw is None:
        return None
    return raw.iloc[row].to_dict() if hasattr(raw, "iloc") else raw[row]
