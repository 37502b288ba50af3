"""The worst examples: where the net is most confidently wrong, or its error the largest, and which
classes it mixes up.

They show wrong labels and odd rows sooner than any number does.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import ArrayLike
from torch import Tensor

from netwright.data.data import Rows, Split
from netwright.data.task import Task
from netwright.evaluate.check_predictions import as_array
from netwright.evaluate.similarity_metrics import worst_queries

__all__ = ["Confusion", "WorstExample", "confused_pairs", "worst_examples", "worst_pairs"]


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
        wrong = p.argmax(1) != t
    order = np.argsort(-np.where(wrong, loss, -np.inf), kind="stable")[:count]
    return [_example(split, int(i), p, t, float(loss[i]), task) for i in order if wrong[i]]


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
        guess = int(p[row].argmax())
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
