"""One label a row (a picture, a text, a series): class ids, the Task, and the three splits as
positions.
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from netwright.data.ledger import Ledger
from netwright.data.options import ReadOptions
from netwright.data.splits import split_rows
from netwright.data.task import Task
from netwright.errors import DataError

__all__ = ["Labels", "label_rows"]


@dataclass(frozen=True)
class Labels:
    """ids: class id of each row (int64). train, validation, test: positions of each split's rows,
    sorted.
    """

    task: Task
    ids: Tensor
    train: Tensor
    validation: Tensor
    test: Tensor
    counts: tuple[int, ...]

    def splits(self) -> dict[str, Tensor]:
        """Return {"train", "validation", "test"}."""
        return {"train": self.train, "validation": self.validation, "test": self.test}


def label_rows(
    labels: Sequence[str],
    *,
    given: Mapping[str, NDArray[np.int64]] | None,
    target: str,
    name: str,
    options: ReadOptions,
    ledger: Ledger,
) -> Labels:
    """Number the classes in sorted order and split the rows, keeping the splits that are given.

    name: the task's, such as "text-classification".
    """
    values = np.array([str(label) for label in labels], dtype=object)
    if len(set(values)) < 2:
        only = values[0] if len(values) else "none"
        raise DataError(
            f"All {len(values):,} rows have the label {only!r}; a classifier needs at least two "
            "classes. "
            "Check the folder or the label column."
        )
    splits = split_rows(len(values), labels=values, given=given, seed=options.seed)
    train = splits["train"]
    counted = Counter(values[train])
    classes = tuple(sorted(counted))
    if len(classes) < 2:
        raise DataError(
            f"The training rows all have the label {classes[0]!r}. Add rows of other classes to "
            "them."
        )
    number = {label: at for at, label in enumerate(classes)}
    known = np.array([label in number for label in values])
    if not known.all():
        strange = sorted(set(values[~known]))
        ledger.note(
            "dropped",
            target,
            "rows outside the training part with a label it does not have: "
            f"{', '.join(strange[:5])}",
            int((~known).sum()),
        )
    ids = torch.tensor([number.get(label, -1) for label in values], dtype=torch.int64)
    positive = None
    if len(classes) == 2:
        positive = min(classes, key=lambda label: (counted[label], label))
        ledger.note("guessed", target, f"the positive class is the rarer one, {positive!r}")
    task = Task(
        name=name,
        form="binary" if len(classes) == 2 else "multiclass",
        target=target,
        classes=classes,
        positive=positive,
        outputs=len(classes),
    )
    parts = {key: torch.from_numpy(np.sort(index[known[index]])) for key, index in splits.items()}
    return Labels(
        task,
        ids,
        parts["train"],
        parts["validation"],
        parts["test"],
        tuple(counted[label] for label in classes),
    )
