"""Targets of a task that is settled: cells of any source become what the net is trained on."""

from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd
import torch
from numpy.typing import NDArray
from torch import Tensor

from netwright.data.cells import (
    MARKERS,
    WEAK_MARKERS,
    Distinct,
    NumberFormat,
    distinct,
    guess_numbers,
    parse_numbers,
)
from netwright.data.labels import multilabel_table, simple_label, unquoted, whole_label
from netwright.data.ledger import Ledger
from netwright.data.task import Task
from netwright.errors import DataError

__all__ = ["encode_known_targets", "match_labels"]


def encode_known_targets(
    frame: pd.DataFrame,
    names: Sequence[str],
    task: Task,
    ledger: Ledger,
    *,
    numbers: Mapping[str, NumberFormat] | None = None,
) -> tuple[Tensor, NDArray[np.int64]]:
    """Return the targets in the columns `names`, of the rows that have a known one, and the
    positions of these. numbers: how they are written, where that was found out before."""
    if task.form == "multi-task":
        return _several(frame, names, task, ledger)
    if task.form in ("binary", "multiclass", "ordinal"):
        ids = match_labels(distinct(frame[names[0]]).without(MARKERS), task, ledger)
        kept = np.flatnonzero(ids >= 0)
        return torch.from_numpy(ids[kept]), kept
    if task.form == "multilabel" and len(names) == 1:
        values = multilabel_table(distinct(frame[names[0]]).without(MARKERS), task.classes)
    else:
        forms = numbers or {}
        values = np.stack([_numbers(frame[n], n, forms.get(n)) for n in names], axis=1)
    kept = np.flatnonzero(np.isfinite(values).all(1))
    if task.form == "regression":
        values = (values - np.array(task.target_mean)) / np.array(task.target_std)
    return torch.from_numpy(values[kept].astype(np.float32)), kept


def _several(
    frame: pd.DataFrame, names: Sequence[str], task: Task, ledger: Ledger
) -> tuple[Tensor, NDArray[np.int64]]:
    """Return (rows, tasks), NaN where a target is not known, of the rows that have one of them."""
    columns = torch.full((len(frame), len(names)), torch.nan)
    for number, (name, own) in enumerate(zip(names, task.tasks, strict=True)):
        found, kept = encode_known_targets(frame, (name,), own, ledger)
        columns[torch.from_numpy(kept), number] = found.float().flatten()
    there = np.flatnonzero(torch.isfinite(columns).any(1).numpy())
    return columns[torch.from_numpy(there)], there


def _numbers(cells: pd.Series, name: str, form: NumberFormat | None) -> NDArray[np.float64]:
    if pd.api.types.is_numeric_dtype(cells.dtype):
        return cells.to_numpy(np.float64, na_value=np.nan)
    known = distinct(cells).without(MARKERS + WEAK_MARKERS)
    values = parse_numbers(known.words, form or guess_numbers(known)[0])
    if np.isnan(values).any():
        word = known.words[np.isnan(values)][0]
        raise DataError(
            f"The target {name!r} holds {word!r}; the model learned numbers. Correct or empty that "
            "cell."
        )
    return known.take(values, np.nan).astype(np.float64)


def match_labels(known: Distinct, task: Task, ledger: Ledger) -> NDArray[np.int64]:
    """Return the class id of each row, -1 where missing or not learned; spelling may differ a
    little. The ledger is told which classes were not learned, and how many rows they have."""
    position = {label: at for at, label in enumerate(task.classes)}
    simple = {simple_label(label): at for label, at in position.items()}
    words = [whole_label(word) for word in unquoted(known.words)]
    ids: list[int] = []
    for word in words:
        # A folder of another source may lie deeper: "reviews/pos" is "pos".
        found = position.get(word, simple.get(simple_label(word)))
        last = simple.get(simple_label(word.rpartition("/")[2]), -1)
        ids.append(last if found is None else found)
    strange = [word for word, at in zip(words, ids, strict=True) if at < 0]
    if strange:
        several = f"{len(strange)} classes that were" if len(strange) > 1 else "a class that was"
        shown = ", ".join(map(repr, strange[:3])) + (", ..." if len(strange) > 3 else "")
        rows = int(known.counts[np.array(ids) < 0].sum())
        ledger.note("warned", task.target, f"rows of {several} not learned: {shown}", rows)
    return known.take(np.array(ids, dtype=np.int64), -1).astype(np.int64)
