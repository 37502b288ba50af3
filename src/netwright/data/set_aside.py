"""Rows that are learned for their own sake: to be rebuilt (reconstruction) or to be drawn anew
(generation). Labels are set aside: no net is asked for them.

reconstruction: of two classes the rarer is the anomaly; known anomalies are left out of training,
and an error is judged by how well it ranks them. generation: a class is given to a net that draws.
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
import torch
from numpy.typing import NDArray
from torch import Tensor

from netwright.data.ledger import Ledger
from netwright.data.task import Task
from netwright.errors import DataError

__all__ = [
    "ANOMALY", "FEWEST", "NORMAL", "NOT_KNOWN", "SELF", "WITHOUT_LABELS", "SetAside", "set_aside",
]  # fmt: skip

SELF = ("reconstruction", "generation")  # whose inputs are also what is asked for
WITHOUT_LABELS = (*SELF, "contrastive")
NOT_KNOWN, NORMAL, ANOMALY = -1, 0, 1  # targets of rows that are rebuilt
FEWEST = 10  # rows, to train, validate and test

Index = NDArray[np.int64]
Words = Sequence[str | None]


@dataclass(frozen=True, eq=False)
class SetAside:
    """What the labels of all rows say. ids: int64 (rows,), of reconstruction NOT_KNOWN, NORMAL or
    ANOMALY, of generation the class to draw (0 where there are none). strata: words that a split
    keeps in proportion, None where there is but one."""

    task: Task
    ids: Tensor
    strata: NDArray[np.object_] | None

    def trained_on(self, splits: Mapping[str, Index], ledger: Ledger) -> dict[str, Index]:
        """Return the splits without the known anomalies of the training rows."""
        if self.task.form != "reconstruction":
            return dict(splits)
        train = splits["train"]
        known = self.ids[torch.from_numpy(train)].numpy() == ANOMALY
        if known.any():
            what = f"known anomalies ({self.task.positive!r}) are not trained on"
            ledger.note("dropped", "train", what, int(known.sum()))
        return {**splits, "train": train[~known]}

    def counts(self, train: Index) -> tuple[int, ...]:
        """Return how many training rows each class has that is drawn."""
        if self.task.form != "generation" or not self.task.classes:
            return ()
        ids = self.ids[torch.from_numpy(train)]
        return tuple(torch.bincount(ids, minlength=len(self.task.classes)).tolist())


def set_aside(labels: Words, name: str, *, target: str, ledger: Ledger) -> SetAside:
    """Set the labels of all rows aside (None where a row has none). name: of WITHOUT_LABELS.
    target: what the labels are called, "" where there are none."""
    words = np.array(["" if label is None else str(label) for label in labels], dtype=object)
    if len(words) < FEWEST:
        raise DataError(
            f"There are {len(words)} rows; at least {FEWEST} are needed to train, validate and "
            "test. Add rows."
        )
    counted = Counter(word for word in words if word)
    strata = words if len(counted) > 1 else None
    if name == "contrastive":
        if counted:
            ledger.note("read", target, "classes are set aside: rows are told from each other")
        task = Task(name=name, form="contrastive", target="")
        return SetAside(task, torch.full((len(words),), NOT_KNOWN), strata)
    if name == "generation":
        return _to_draw(words, sorted(counted, key=_order), target, strata, ledger)
    if len(counted) == 2:
        return _with_anomalies(words, counted, target, strata, ledger)
    if target:
        what = "one class only" if len(counted) == 1 else f"{len(counted)} classes"
        ledger.note("guessed", target, f"{what}, so no row is known to be an anomaly: set aside")
    task = Task(name=name, form="reconstruction", target=target)
    return SetAside(task, torch.full((len(words),), NOT_KNOWN), strata)


def _with_anomalies(
    words: NDArray[np.object_],
    counted: Mapping[str, int],
    target: str,
    strata: NDArray[np.object_] | None,
    ledger: Ledger,
) -> SetAside:
    rare, common = sorted(counted, key=lambda word: (counted[word], _order(word)))
    ids = np.full(len(words), NOT_KNOWN)
    ids[words == common], ids[words == rare] = NORMAL, ANOMALY
    what = f"{rare!r}, the rarer of the two, is the anomaly; {common!r} is normal"
    ledger.note("guessed", target, what, counted[rare])
    task = Task(
        name="reconstruction", form="reconstruction", target=target, classes=(common, rare),
        positive=rare,
    )  # fmt: skip
    return SetAside(task, torch.from_numpy(ids), strata)


def _to_draw(
    words: NDArray[np.object_],
    classes: list[str],
    target: str,
    strata: NDArray[np.object_] | None,
    ledger: Ledger,
) -> SetAside:
    without = int((words == "").sum())
    if len(classes) < 2 or without:
        if classes:
            why = f"{without:,} rows have none" if without else "there is but one"
            ledger.note("dropped", target, f"no class is given to the net: {why}")
        task = Task(name="generation", form="generation", target="")
        return SetAside(task, torch.zeros(len(words), dtype=torch.int64), strata)
    number = {label: at for at, label in enumerate(classes)}
    shown = ", ".join(classes[:6]) + (", ..." if len(classes) > 6 else "")
    ledger.note("guessed", target, f"{len(classes)} classes to draw: {shown}")
    task = Task(name="generation", form="generation", target=target, classes=tuple(classes))
    return SetAside(task, torch.tensor([number[word] for word in words]), strata)


def _order(word: str) -> tuple[float, str]:
    """Sort as numbers where they are, so that "10" comes after "9"."""
    value = pd.to_numeric(word, errors="coerce")
    return (float("inf") if np.isnan(value) else float(value)), word
