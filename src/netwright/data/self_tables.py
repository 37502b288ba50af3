"""Tables whose rows are rebuilt or drawn anew: a label column is set aside, all others are learned.

Rows to be drawn are numbers alone; to be rebuilt, all columns that differ between rows.
"""

from collections.abc import Mapping

import numpy as np
import pandas as pd
import torch
from numpy.typing import NDArray

from netwright.data.cells import MARKERS, distinct
from netwright.data.column_cells import as_typed
from netwright.data.columns import Column, infer_columns
from netwright.data.data import Data, Rows, Source
from netwright.data.guard import guard_groups, guard_rows
from netwright.data.labelled import Labels, labelled_data
from netwright.data.labels import unquoted, whole_label
from netwright.data.ledger import Ledger
from netwright.data.notes import merge_notes
from netwright.data.options import ReadOptions
from netwright.data.set_aside import SetAside, set_aside
from netwright.data.table_encoding import TableEncoding
from netwright.data.table_splits import group_cells, join_parts, split_table, told_splits
from netwright.data.targets import USUAL_NAMES, Targets, choose_targets
from netwright.errors import DataError, UsageError

__all__ = ["self_table"]

Index = NDArray[np.int64]
MOST_CLASSES = 50  # a column of more different words is no label


def self_table(
    parts: Mapping[str, pd.DataFrame], *, source: Source, options: ReadOptions, ledger: Ledger
) -> Data:
    """Build Data from the frames of a source, as `table_data` does, for --task reconstruction and
    --task generation."""
    name = str(options.task)
    if options.horizon is not None:
        raise UsageError(f"--horizon {options.horizon} asks for a forecast, not for {name}.")
    label = _label_column(parts["all"] if "all" in parts else parts["train"], options, ledger)
    frame, given = join_parts(parts, [label] if label else [], ledger)
    given = told_splits(frame, options, given, ledger)
    aside = {label, options.split} - {None, ""}
    labels = _labels(frame, label, told=options.target is not None)
    rows = set_aside(labels, name, target=label, ledger=ledger)
    groups = group_cells(frame, options, aside := {str(one) for one in aside})
    features = frame.drop(columns=[c for c in frame.columns if c in aside])
    strata = Targets(task_name=name, form="multiclass", names=(label,), labels=rows.strata)
    everywhere = np.ones(len(frame), dtype=bool)
    splits = split_table(strata, everywhere, frame, given, groups, options, ledger)
    splits = rows.trained_on(splits, ledger)
    notes = Ledger()
    columns = infer_columns(features, notes, rows=splits["train"])
    merge_notes(notes, ledger)
    used = _learned(columns, name, ledger)
    features = as_typed(features, used)
    # To be drawn, numbers must come back as they were. To be rebuilt, what is far out is brought
    # nearer smoothly, so that a few rows are not all that an error is made of.
    encoding = TableEncoding.fit(
        features.iloc[splits["train"]],
        used,
        ledger,
        known=map(str, frame.columns),
        scaling="plain" if name == "generation" else "bent",
    )
    guard_rows(features[encoding.columns], splits, ledger)
    if groups is not None:
        assert options.group is not None
        guard_groups(groups, splits, options.group, ledger)
    return _data(features, rows, splits, encoding, source, ledger)


def _label_column(frame: pd.DataFrame, options: ReadOptions, ledger: Ledger) -> str:
    """Return the column that is told, or has a label's usual name; "" where there is none."""
    if options.target is not None:
        names = choose_targets(frame, options.target, ledger)
        if len(names) > 1:
            raise UsageError(
                f"--target names {len(names)} columns ({', '.join(names)}); for {options.task} it "
                "is one column of labels, which is set aside. Name one, or leave it out."
            )
        return names[0]
    for usual in USUAL_NAMES:
        for column in map(str, frame.columns):
            if column.strip().casefold() == usual and 2 <= frame[column].nunique() <= MOST_CLASSES:
                ledger.note("guessed", column, "labels, by its name: set aside (or name --target)")
                return column
    return ""


def _labels(frame: pd.DataFrame, label: str, *, told: bool) -> list[str | None]:
    if not label:
        return [None] * len(frame)
    known = distinct(frame[label]).without(MARKERS)
    words = np.array([whole_label(word) for word in unquoted(known.words)], dtype=object)
    if told and len(words) > MOST_CLASSES:
        raise DataError(
            f"--target {label!r} holds {len(words):,} different values; expected a column of "
            f"labels, at most {MOST_CLASSES} different ones. Leave --target out to learn the "
            "column like the others."
        )
    return list(known.take(words, None))


def _learned(columns: Mapping[str, Column], name: str, ledger: Ledger) -> Mapping[str, Column]:
    """Return the columns without those that cannot be drawn."""
    used = {n: c for n, c in columns.items() if c.used}
    if name == "generation":
        left = [n for n, c in used.items() if c.kind != "numeric"]
        if left:
            what = f"no numbers, so they are not drawn: {', '.join(left[:8])}"
            ledger.note("dropped", "columns", what, len(left))
        used = {n: c for n, c in used.items() if c.kind == "numeric"}
    if not used:
        holds = "; ".join(f"{c.name}: {c.why or c.kind}" for c in list(columns.values())[:5])
        wanted = "numbers" if name == "generation" else "values"
        raise DataError(
            f"No column of the table holds {wanted} that differ between rows ({holds or 'none'}). "
            f"For {name} give a table that has some, or a folder of pictures."
        )
    return used


def _data(
    features: pd.DataFrame,
    rows: SetAside,
    splits: Mapping[str, Index],
    encoding: TableEncoding,
    source: Source,
    ledger: Ledger,
) -> Data:
    parts = {}
    for name, index in splits.items():
        raw, where, notes = features.iloc[index], torch.from_numpy(index), Ledger()
        parts[name] = Rows(name, encoding.encode(raw, notes), rows.ids[where], raw, where)
        if name != "train":
            merge_notes(notes, ledger, where=f"{name} rows, ")
    labels = Labels(rows.task, rows.ids, **_positions(splits), counts=rows.counts(splits["train"]))
    return labelled_data("table", labels, parts, encoding, source=source, ledger=ledger)


def _positions(splits: Mapping[str, Index]) -> dict[str, torch.Tensor]:
    return {name: torch.from_numpy(index) for name, index in splits.items()}
