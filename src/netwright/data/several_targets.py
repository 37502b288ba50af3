"""Several target columns of different kinds: each is a task of its own, learned by one net.

Every column is read as if it were the only target. A row may lack some of its targets, but not all:
what is not known is NaN and nothing is asked there. Targets are stored side by side, (rows, tasks):
a class's id, or the standardised number.
"""

from dataclasses import replace

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from netwright.data.data import Data, Rows, Split
from netwright.data.ledger import Ledger
from netwright.data.targets import Targets, build_task, encode_targets
from netwright.data.task import Form, Task
from netwright.errors import DataError

__all__ = [
    "build_tasks",
    "data_of_task",
    "encode_several",
    "seen_in_training",
    "targets_of_task",
]


def seen_in_training(targets: Targets, train: NDArray[np.int64], ledger: Ledger) -> Targets:
    """Return the targets without classes that training rows lack: elsewhere these are unknown."""
    parts = []
    for part in targets.parts:
        if part.labels is None:
            parts.append(part)
            continue
        seen = {label for label in part.labels[train] if label is not None}
        strange = np.array([label is not None and label not in seen for label in part.labels])
        if strange.any():
            what = "cells of classes that training rows lack count as missing"
            ledger.note("warned", part.target, what, int(strange.sum()))
        labels = part.labels.copy()
        labels[strange] = None
        classes = tuple(name for name in part.classes if name in seen)
        if len(classes) < 2:
            raise DataError(
                f"The training rows hold {len(classes)} class of {part.target!r}; at least two are "
                "needed. Leave that target out, or divide the rows in another way."
            )
        form: Form = "binary" if len(classes) == 2 else "multiclass"
        parts.append(replace(part, labels=labels, classes=classes, form=form))
    return replace(targets, parts=tuple(parts))


def build_tasks(targets: Targets, ledger: Ledger) -> Task:
    """Return the task of tasks, their figures taken from these rows: those of training."""
    tasks = []
    for part in targets.parts:
        known = part.take(part.there())
        if not len(known.there()):
            raise DataError(
                f"No training row has a value in the target {part.target!r}. Leave it out, or "
                "divide the rows in another way."
            )
        tasks.append(build_task(known, ledger))
    return Task(
        name=targets.task_name,
        form="multi-task",
        target=targets.target,
        outputs=sum(task.outputs for task in tasks),
        target_names=targets.names,
        tasks=tuple(tasks),
    )


def encode_several(targets: Targets, task: Task) -> Tensor:
    """Return float32 (rows, tasks), NaN where a target is not known."""
    columns = []
    for part, own in zip(targets.parts, task.tasks, strict=True):
        there = part.there()
        column = torch.full((len(there),), torch.nan)
        column[torch.from_numpy(there)] = encode_targets(part.take(there), own).float().flatten()
        columns.append(column)
    return torch.stack(columns, 1)


def targets_of_task(targets: Tensor, task: Task, number: int) -> tuple[Tensor, Tensor]:
    """Return which rows' target `number` is known, int64 (known,), and it: ids (known,), or numbers
    (known, 1)."""
    column = targets[:, number]
    known = torch.isfinite(column).nonzero()[:, 0]
    own = column[known]
    return known, own.long() if task.tasks[number].is_classification else own[:, None]


def _rows_of_task(split: Split, task: Task, number: int) -> Rows:
    """Return the rows of a split whose target `number` is known, with that target alone."""
    assert isinstance(split, Rows)  # several tasks are never streamed
    known, targets = targets_of_task(split.targets, task, number)
    return replace(split.select(known), targets=targets)


def data_of_task(data: Data, number: int) -> Data:
    """Return the data as if target `number` were the only one."""
    task = data.task.tasks[number]
    train, validation, test = (
        _rows_of_task(split, data.task, number)
        for split in (data.train, data.validation, data.test)
    )
    counts: tuple[int, ...] = ()
    if task.is_classification:
        counts = tuple(torch.bincount(train.targets, minlength=len(task.classes)).tolist())
    return replace(
        data, task=task, train=train, validation=validation, test=test, class_counts=counts
    )
