"""Tables: files of rows become Data. Target, splits, columns and encoding are decided here, in this
order.

What the user did not say is guessed from the cells and written to the ledger. Nothing is fitted on
rows outside the training split.
"""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd
import torch
from numpy.typing import NDArray

from netwright.data.cells import MARKERS
from netwright.data.column_cells import as_typed, read_seconds, read_words
from netwright.data.columns import Column, infer_columns
from netwright.data.data import Data, Rows, Source
from netwright.data.formats.tables import read_table
from netwright.data.guard import guard_columns, guard_groups, guard_rows
from netwright.data.ledger import Ledger
from netwright.data.notes import merge_notes
from netwright.data.options import ReadOptions
from netwright.data.several_targets import build_tasks, encode_several, seen_in_training
from netwright.data.sources import Found, sha256_of
from netwright.data.table_encoding import TableEncoding
from netwright.data.table_splits import (
    check_targets,
    drop_new_classes,
    group_cells,
    harmonise_labels,
    join_parts,
    split_table,
    told_splits,
)
from netwright.data.targets import (
    Targets,
    build_task,
    choose_targets,
    encode_targets,
    read_targets,
)
from netwright.data.task import Task
from netwright.data.texts import text_data
from netwright.data.unlabelled import rows_to_learn
from netwright.errors import DataError

__all__ = ["read_parts", "read_tables", "table_data"]

Index = NDArray[np.int64]


def read_tables(found: Found, options: ReadOptions, ledger: Ledger) -> Data:
    """Read the table files of a source as Data."""
    source = Source(found.name, tuple(str(p) for p in found.paths), sha256_of(found.paths))
    return table_data(read_parts(found, ledger), source=source, options=options, ledger=ledger)


def read_parts(found: Found, ledger: Ledger) -> dict[str, pd.DataFrame]:
    """Read each part's files ("all", "train", "validation", "test"), one below the other."""
    parts = {}
    for name, paths in found.parts.items():
        frames = [read_table(path, ledger) for path in paths]
        parts[name] = frames[0] if len(frames) == 1 else pd.concat(frames, ignore_index=True)
    return parts


def table_data(
    parts: Mapping[str, pd.DataFrame], *, source: Source, options: ReadOptions, ledger: Ledger
) -> Data:
    """Build Data from the frames of a source: one called "all", or some of "train", "validation",
    "test"."""
    first = parts["all"] if "all" in parts else parts["train"]
    names = choose_targets(first, options.target, ledger)
    frame, given = join_parts(parts, names, ledger)
    given = told_splits(frame, options, given, ledger)
    harmonise_labels(frame, names, given, ledger)
    targets = read_targets(frame, names, options.task, ledger, order=options.order)
    there = targets.there()
    check_targets(targets, there, given, options, ledger)
    aside = set(names)
    if options.split is not None and options.split in frame.columns:
        aside.add(options.split)
    groups = group_cells(frame, options, aside)
    features = frame.drop(columns=[c for c in frame.columns if c in aside])
    splits = split_table(targets, there, frame, given, groups, options, ledger)
    splits = drop_new_classes(targets, splits, ledger)
    more = rows_to_learn(there, given, targets.target, options, ledger)
    if not len(features.columns):
        raise DataError(
            f"The table holds nothing but the target {targets.target!r}. Add a column to learn "
            "from."
        )
    notes = Ledger()
    fitted = np.concatenate([splits["train"], more])
    columns = infer_columns(features, notes, rows=fitted)
    merge_notes(notes, ledger)
    text = _only_text(columns, targets, options)
    if text is not None:
        ledger.note("guessed", "kind", f"text: {text.name!r} is the only column to learn from")
        places = splits | {"unlabelled": more}
        return _as_text(features, text, targets, places, source, options, ledger)
    targets = _known(targets, splits["train"], ledger)
    task = _task_of(targets.take(splits["train"]), ledger)
    _warn_order(features, columns, options, ledger)
    notes = Ledger()
    features = as_typed(features, columns)
    encoding = TableEncoding.fit(
        features.iloc[fitted], columns, notes, known=[str(c) for c in frame.columns]
    )
    merge_notes(notes, ledger)
    encode = encode_several if targets.parts else encode_targets
    rows = {}
    for name, index in (splits | ({"unlabelled": more} if len(more) else {})).items():
        raw = features.iloc[index]
        notes = Ledger()
        rows[name] = Rows(
            name,
            encoding.encode(raw, notes),
            torch.full((len(more),), -1)
            if name == "unlabelled"
            else encode(targets.take(index), task),
            raw,
            torch.from_numpy(index),
        )
        if name not in ("train", "unlabelled"):  # fitting has said it all of the training rows
            merge_notes(notes, ledger, where=f"{name} rows, ")
    _guard(features, encoding, rows["train"], task, targets, splits, ledger)
    if groups is not None:
        assert options.group is not None
        guard_groups(groups, splits, options.group, ledger)
    ids = rows["train"].targets
    counts: tuple[int, ...] = ()
    if task.form == "multilabel":
        counts = tuple(int(n) for n in ids.sum(0))
    elif task.is_classification:
        counts = tuple(torch.bincount(ids, minlength=len(task.classes)).tolist())
    return Data(
        kind="table",
        task=task,
        encoding=encoding,
        train=rows["train"],
        validation=rows["validation"],
        test=rows["test"],
        source=source,
        ledger=ledger,
        class_counts=counts,
        blocks=_blocks(splits, given, groups, options),
        unlabelled=rows.get("unlabelled"),
    )


def _blocks(
    splits: Mapping[str, Index],
    given: Mapping[str, Index],
    groups: NDArray[Any] | None,
    options: ReadOptions,
) -> torch.Tensor | None:
    """Return which rows stay together where training and validation rows are divided anew; None
    where time or the user divided them."""
    if options.time_column is not None or "validation" in given:
        return None
    pool = np.concatenate([splits["train"], splits["validation"]])
    if groups is None:
        return torch.arange(len(pool))
    return torch.from_numpy(np.unique(groups[pool].astype(str), return_inverse=True)[1])


def _warn_order(
    features: pd.DataFrame, columns: Mapping[str, Column], options: ReadOptions, ledger: Ledger
) -> None:
    """Say when rows in order of time were divided at random: neighbours then stand in both
    parts."""
    if options.time_column or options.group or options.split or options.test:
        return
    for column in columns.values():
        if column.kind == "date" and len(features) >= 20:
            steps = np.diff(read_seconds(column, features[column.name]))
            if np.isfinite(steps).all() and ((steps >= 0).all() or (steps <= 0).all()):
                what = "rows are in its order, but were divided at random; if later rows are to be "
                what += f"predicted, divide by time: --time-column {column.name!r}"
                ledger.note("warned", column.name, what)


def _guard(
    features: pd.DataFrame,
    encoding: TableEncoding,
    train: Rows,
    task: Task,
    targets: Targets,
    splits: Mapping[str, Index],
    ledger: Ledger,
) -> None:
    guard_rows(features[encoding.columns], splits, ledger, labels=targets.labels)
    names = (
        [name for one in encoding.features for name in [one.column.name] * len(one.names)],
        encoding.category_names(),
    )
    if task.form != "multilabel":
        classes = task.is_classification
        guard_columns(
            (train.inputs[0], train.inputs[1]), names, train.targets, ledger, classes=classes
        )


def _task_of(targets: Targets, ledger: Ledger) -> Task:
    return build_tasks(targets, ledger) if targets.parts else build_task(targets, ledger)


def _known(targets: Targets, train: Index, ledger: Ledger) -> Targets:
    """The targets with only the classes that training rows have."""
    if targets.parts:
        return seen_in_training(targets, train, ledger)
    if targets.labels is None:
        return targets
    seen = set(targets.labels[train])
    classes = tuple(c for c in targets.classes if c in seen)
    if len(classes) < 2:
        raise DataError(
            f"The training rows hold one class of {targets.target!r} only, {classes[0]!r}; at "
            "least two are needed. "
            "Add rows of another class, or divide the rows in another way."
        )
    form = "multiclass" if targets.form == "binary" and len(classes) > 2 else targets.form
    return replace(
        targets,
        classes=classes,
        form="binary" if form == "multiclass" and len(classes) == 2 else form,
    )


def _only_text(
    columns: Mapping[str, Column], targets: Targets, options: ReadOptions
) -> Column | None:
    """The column of texts, if it is all there is to learn from or if the task says so."""
    if targets.labels is None or targets.form == "ordinal":
        return None
    texts = [c for c in columns.values() if c.kind == "text"]
    used = [c for c in columns.values() if c.used]
    if options.task == "text-classification":
        texts = texts or [c for c in used if c.kind == "categorical"]
        if len(texts) != 1:
            raise DataError(
                f"--task text-classification needs one column of texts; the table has {len(texts)}"
                f" ({', '.join(c.name for c in texts) or 'none'}). Leave the others out of the "
                "file, "
                "or use --task classification, which uses all columns."
            )
        return texts[0]
    return texts[0] if len(used) == 1 and len(texts) == 1 else None


def _as_text(
    features: pd.DataFrame,
    column: Column,
    targets: Targets,
    splits: Mapping[str, Index],
    source: Source,
    options: ReadOptions,
    ledger: Ledger,
) -> Data:
    kept = np.sort(np.concatenate(list(splits.values())))
    place = {
        name: np.searchsorted(kept, rows).astype(np.int64)
        for name, rows in splits.items()
        if name != "unlabelled"
    }
    known = read_words(replace(column, missing=MARKERS[:1]), features[column.name].iloc[kept])
    assert targets.labels is not None
    return text_data(
        [str(text) for text in known.take(known.words, "")],
        ["" if label is None else str(label) for label in targets.labels[kept]],
        given=place,
        column=column.name,
        target=targets.target,
        source=source,
        options=options,
        ledger=ledger,
    )
