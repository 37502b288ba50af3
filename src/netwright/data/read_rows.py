"""Rows for a model that is there already: to predict (`read_rows`) or to score it
(`read_labelled`)."""

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import torch
from numpy.typing import NDArray

from netwright.data.arrays import arrays_as_frames, read_arrays
from netwright.data.cells import MARKERS, distinct
from netwright.data.data import Encoding, Rows
from netwright.data.known_targets import encode_known_targets, match_labels
from netwright.data.ledger import Ledger
from netwright.data.samples import read_frame, read_samples
from netwright.data.set_aside import NOT_KNOWN
from netwright.data.sources import Found, locate
from netwright.data.task import Task
from netwright.errors import DataError, UsageError, did_you_mean

__all__ = ["note_found", "read_labelled", "read_rows"]


def note_found(found: Found, ledger: Ledger) -> None:
    """Note what `locate` left out or guessed."""
    if found.detail.get("ignored"):
        ledger.note("dropped", found.name, "hidden files left out", found.detail["ignored"])
    left = found.detail.get("left_out")
    if left:
        shown = ", ".join(left[:5]) + (", ..." if len(left) > 5 else "")
        what = f"files of another kind, or outside of the class folders, left out: {shown}"
        ledger.note("dropped", found.name, what, len(left))
    if found.detail.get("not_read"):
        names = ", ".join(found.detail["not_read"])
        ledger.note("dropped", found.name, f"tables that are no split were not read: {names}")
    if found.detail.get("training_part"):
        part = found.detail["training_part"]
        ledger.note("guessed", found.name, f"nothing is called train: {part!r} is what there is")
    if found.detail.get("replaced_test"):
        ledger.note("dropped", found.name, "the source's own test part: --test replaces it")


def read_rows(source: str | Path, encoding: Encoding, ledger: Ledger) -> Any:
    """Read the rows of `source` as `encoding.encode` takes them, in the source's order."""
    found = locate(source)
    note_found(found, ledger)
    if _wants_frame(encoding, found):
        return _frame(found, encoding, ledger)
    return read_samples(found, encoding.kind, ledger)[0]


def read_labelled(
    source: str | Path, encoding: Encoding, task: Task, ledger: Ledger, *, target: str | None = None
) -> Rows:
    """Read rows with their targets, encoded as the model's training rows were, to score it.

    target: the target's name in this source, where it is another one. Rows without a target, or of
    a class that was not learned, are left out and counted.
    """
    if task.form in ("forecasting", "language-modelling", "generation"):
        raise UsageError(
            f"A {task.form} model cannot be scored on another source; its test scores are in the "
            "run's metrics.json."
        )
    found = locate(source)
    note_found(found, ledger)
    if task.form == "reconstruction":
        return _to_rebuild(found, encoding, task, ledger, target=target)
    if _wants_frame(encoding, found):
        frame = _frame(found, encoding, ledger)
        names = _target_names(frame, task, target)
        raw: Any = frame.drop(columns=list(names))
    else:
        raw, labels = read_samples(found, encoding.kind, ledger)
        if labels is None:
            raise DataError(
                f"{found.name!r} has no labels. To score a model give a folder for each class; to "
                "predict use "
                "`netwright predict`."
            )
        names = (task.target,)
        frame = pd.DataFrame({task.target: pd.Series(labels, dtype=object)})
    targets, kept = encode_known_targets(frame, names, task, ledger)
    _check_kept(kept, len(frame), task, ledger)
    raw = raw.iloc[kept] if isinstance(raw, pd.DataFrame) else _take(raw, kept)
    return Rows("evaluate", encoding.encode(raw, ledger), targets, raw, torch.from_numpy(kept))


def _to_rebuild(
    found: Found, encoding: Encoding, task: Task, ledger: Ledger, *, target: str | None
) -> Rows:
    """Read rows that need no label; where they have one, errors are judged by how they rank it."""
    labels: pd.Series | None = None
    if _wants_frame(encoding, found):
        raw: Any = _frame(found, encoding, ledger)
        if target or (task.classes and task.target in raw.columns):
            (name,) = _target_names(raw, task, target)
            labels = raw.pop(name)
    else:
        raw, words = read_samples(found, encoding.kind, ledger)
        labels = None if words is None else pd.Series(words, dtype=object)
    ids = np.full(len(raw), NOT_KNOWN)
    if labels is not None and task.classes:  # normal, and what is none
        ids = match_labels(distinct(labels).without(MARKERS), task, ledger)
    rows = torch.arange(len(raw))
    return Rows("evaluate", encoding.encode(raw, ledger), torch.from_numpy(ids), raw, rows)


def _take(raw: Any, kept: NDArray[np.int64]) -> Any:
    return raw[kept] if isinstance(raw, np.ndarray) else [raw[at] for at in kept]


def _wants_frame(encoding: Encoding, found: Found) -> bool:
    """Whether the rows are a table's: also texts in a column, series in time, arrays of columns."""
    if encoding.kind == "table":
        return True
    return encoding.kind in ("text", "series") and found.kind in ("table", "builtin")


def _frame(found: Found, encoding: Encoding, ledger: Ledger) -> pd.DataFrame:
    if found.kind == "npz":
        arrays = read_arrays(found, ledger)
        if arrays.kind == "table":
            return pd.concat(arrays_as_frames(arrays).values(), ignore_index=True)
    # A text's encoding knows one column, others several.
    expect = getattr(encoding, "columns", ()) or (getattr(encoding, "column", ""),)
    return read_frame(found, ledger, expect=[name for name in expect if name])


def _target_names(frame: pd.DataFrame, task: Task, target: str | None) -> tuple[str, ...]:
    names = tuple(target.split(",")) if target else task.target_names or (task.target,)
    known = [str(name) for name in frame.columns]
    for name in names:
        if name not in known:
            raise DataError(
                f"The rows have no column {name!r} to score against.{did_you_mean(name, known)} "
                "Name it with --target, "
                "or use `netwright predict` for rows without targets."
            )
    expected = len(task.target_names) or 1
    if len(names) != expected:
        raise UsageError(
            f"--target names {len(names)} columns, but the model learned {expected}: {task.target}."
        )
    return names


def _check_kept(kept: NDArray[np.int64], rows: int, task: Task, ledger: Ledger) -> None:
    if len(kept) < rows:
        ledger.note(
            "dropped", task.target, "rows without a known target are not scored", rows - len(kept)
        )
    if not len(kept):
        raise DataError(
            f"No row has a target {task.target!r} that the model knows, so there is nothing to "
            "score."
        )
