"""Tables: files of rows become Data. Target, splits, columns and encoding are decided here, in this
order.

What the user did not say is guessed from the cells and written to the ledger. Nothing is fitted on
rows outside the training split.
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import torch
from numpy.typing import NDArray

from netwright.data.cells import MARKERS, distinct
from netwright.data.column_cells import read_seconds, read_words
from netwright.data.columns import Column, infer_columns
from netwright.data.data import Data, Rows, Source
from netwright.data.formats.tables import read_table
from netwright.data.ledger import Ledger
from netwright.data.options import ReadOptions
from netwright.data.sources import Found, sha256_of
from netwright.data.splits import split_rows
from netwright.data.table_encoding import TableEncoding
from netwright.data.targets import (
    FEWEST_ROWS,
    Targets,
    build_task,
    choose_targets,
    encode_targets,
    read_targets,
)
from netwright.data.texts import text_data
from netwright.errors import DataError, UsageError, did_you_mean

__all__ = ["read_parts", "read_tables", "table_data"]

Index = NDArray[np.int64]

SPLIT_WORDS = {
    "train": "train", "training": "train", "tr": "train",
    "validation": "validation", "valid": "validation", "val": "validation", "dev": "validation",
    "test": "test", "testing": "test", "holdout": "test",
}  # fmt: skip


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
    frame, given = _join(parts, names, ledger)
    given = _told_splits(frame, options, given, ledger)
    _harmonise(frame, names, given, ledger)
    targets = read_targets(frame, names, options.task, ledger)
    there = targets.there()
    _check_targets(targets, there, given, ledger)
    aside = set(names)
    if options.split is not None and options.split in frame.columns:
        aside.add(options.split)
    groups = _group_cells(frame, options, aside)
    features = frame.drop(columns=[c for c in frame.columns if c in aside])
    splits = _split(targets, there, frame, given, groups, options, ledger)
    splits = _without_new_classes(targets, splits, ledger)
    if not len(features.columns):
        raise DataError(
            f"The table holds nothing but the target {targets.target!r}. Add a column to learn "
            "from."
        )
    columns = infer_columns(features.iloc[splits["train"]], ledger)
    text = _only_text(columns, targets, options)
    if text is not None:
        ledger.note("guessed", "kind", f"text: {text.name!r} is the only column to learn from")
        return _as_text(features, text, targets, splits, source, options, ledger)
    task = build_task(_known(targets, splits["train"]).take(splits["train"]), ledger)
    encoding = TableEncoding.fit(
        features.iloc[splits["train"]], columns, ledger, known=[str(c) for c in frame.columns]
    )
    targets = replace(targets, classes=task.classes)
    rows = {}
    for name, index in splits.items():
        raw = features.iloc[index]
        rows[name] = Rows(
            name,
            encoding.encode(raw, None if name == "train" else ledger),
            encode_targets(targets.take(index), task),
            raw,
            torch.from_numpy(index),
        )
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
    )


def _join(
    parts: Mapping[str, pd.DataFrame], names: Sequence[str], ledger: Ledger
) -> tuple[pd.DataFrame, dict[str, Index]]:
    """Put the parts one below the other; return the frame and the row positions of the fixed
    splits."""
    if len(parts) == 1:
        return next(iter(parts.values())).reset_index(drop=True), {}
    order = [name for name in ("all", "train", "validation", "test") if name in parts]
    first = parts[order[0]]
    given, frames, start = {}, [], 0
    for name in order:
        part = parts[name]
        for column in first.columns:
            if column not in part.columns:
                advice = (
                    "It has no target: use `netwright predict` for rows without one."
                    if column in names
                    else "Both need the same columns."
                )
                raise DataError(
                    f"The {name} rows have no column {column!r}, which the training rows have."
                    f"{did_you_mean(str(column), [str(c) for c in part.columns])} {advice}"
                )
        extra = [str(c) for c in part.columns if c not in first.columns]
        if extra:
            ledger.note(
                "dropped",
                f"{name} rows",
                f"columns that training rows lack: {', '.join(extra)}",
                len(extra),
            )
        frames.append(part[list(first.columns)])
        if name != "all":
            given[name] = np.arange(start, start + len(part), dtype=np.int64)
        start += len(part)
        ledger.note("split", name if name != "all" else "train", "given by the source", len(part))
    return pd.concat(frames, ignore_index=True), given


def _told_splits(
    frame: pd.DataFrame, options: ReadOptions, given: dict[str, Index], ledger: Ledger
) -> dict[str, Index]:
    """Read --split: a column of the table, or a file with a word for each row."""
    if options.split is None:
        return given
    if given:
        raise UsageError(
            f"--split {options.split!r} and a test file (or train and test folders) both say how "
            "to divide the rows. "
            "Give one of them."
        )
    if options.split in frame.columns:
        cells = frame[options.split]
    elif Path(options.split).is_file():
        cells = _split_file(Path(options.split), len(frame), ledger)
    else:
        raise UsageError(
            f"--split {options.split!r} is neither a column of the table nor a file."
            f"{did_you_mean(options.split, [str(c) for c in frame.columns])}"
        )
    column = distinct(cells)
    meant = [SPLIT_WORDS.get(str(word).casefold(), "") for word in column.words]
    for word, meaning in zip(column.words, meant, strict=True):
        if not meaning:
            raise DataError(
                f"--split {options.split!r} holds {word!r}; expected train, validation or test in "
                "each row."
            )
    words = column.take(np.array(meant, dtype=object), "train")
    told = {name: np.flatnonzero(words == name).astype(np.int64) for name in dict.fromkeys(meant)}
    for name, rows in told.items():
        ledger.note("split", name, f"given by {options.split!r}", len(rows))
    return told


def _split_file(path: Path, num_rows: int, ledger: Ledger) -> pd.Series:
    """A file with one word a row: a table with a column of such words, or bare lines."""
    lines = path.read_text(encoding="utf-8-sig").split()
    if len(lines) == num_rows:
        return pd.Series(lines, dtype=object)
    table = read_table(path, ledger)
    for name in table.columns:
        words = {str(word).casefold() for word in distinct(table[name]).words}
        if words and words <= set(SPLIT_WORDS) and len(table) == num_rows:
            return table[name]
    raise DataError(
        f"--split {path.name!r} has {len(lines):,} words, but the table has {num_rows:,} rows; "
        "expected train, validation or test for each row, in order."
    )


def _harmonise(
    frame: pd.DataFrame, names: Sequence[str], given: Mapping[str, Index], ledger: Ledger
) -> None:
    """Spell the labels of the other splits as training spells them: "<=50K." is "<=50K". Changes
    `frame`."""
    for name in names:
        for split in ("validation", "test"):
            if split not in given or pd.api.types.is_numeric_dtype(frame[name].dtype):
                continue
            inside = np.zeros(len(frame), dtype=bool)
            inside[given[split]] = True
            known = set(distinct(frame.loc[~inside, name]).words)
            simple: dict[str, list[str]] = {}
            for word in known:
                simple.setdefault(_simple(word), []).append(word)
            part = distinct(frame.loc[inside, name])
            renamed = {
                word: simple[_simple(word)][0]
                for word in part.words
                if word not in known and len(simple.get(_simple(word), [])) == 1
            }
            if not renamed:
                continue
            words = np.array([renamed.get(word, word) for word in part.words], dtype=object)
            cells = frame[name].to_numpy(dtype=object, copy=True)
            cells[inside] = part.take(words, None)
            frame[name] = cells
            for word, now in renamed.items():
                count = int(part.counts[part.words == word][0])
                ledger.note(
                    "read", f"{split} {name}", f"{word!r} is {now!r}, as training spells it", count
                )


def _simple(word: str) -> str:
    return " ".join(word.casefold().rstrip(" .").split())


def _check_targets(
    targets: Targets, there: NDArray[np.bool_], given: Mapping[str, Index], ledger: Ledger
) -> None:
    missing = int((~there).sum())
    if missing:
        ledger.note("dropped", targets.target, "rows without a target", missing)
    rows = int(there.sum())
    if rows < FEWEST_ROWS:
        raise DataError(
            f"The table has {rows} rows with a target; at least {FEWEST_ROWS} are needed to train, "
            "validate and test. Add rows."
        )
    for name, index in given.items():
        if not there[index].any():
            raise DataError(
                f"No row of the {name} part has a value in the target {targets.target!r}. "
                "Use `netwright predict` for rows without targets."
            )


def _group_cells(frame: pd.DataFrame, options: ReadOptions, aside: set[str]) -> NDArray[Any] | None:
    if options.group is None:
        return None
    _require(frame, options.group, "--group")
    aside.add(options.group)
    cells = distinct(frame[options.group])
    return cells.take(cells.words, "")


def _require(frame: pd.DataFrame, name: str, flag: str) -> None:
    known = [str(c) for c in frame.columns]
    if name not in known:
        raise DataError(
            f"{flag} names the column {name!r}, which the table lacks.{did_you_mean(name, known)}"
        )


def _split(
    targets: Targets,
    there: NDArray[np.bool_],
    frame: pd.DataFrame,
    given: Mapping[str, Index],
    groups: NDArray[Any] | None,
    options: ReadOptions,
    ledger: Ledger,
) -> dict[str, Index]:
    """Divide the rows that have a target; positions are those in the whole frame."""
    kept = np.flatnonzero(there).astype(np.int64)
    place = np.cumsum(there) - 1
    fixed = {name: place[rows[there[rows]]].astype(np.int64) for name, rows in given.items()}
    times = _times(frame, options, ledger)
    labels = targets.labels[kept] if targets.labels is not None else None
    inside = split_rows(
        len(kept),
        labels=labels,
        groups=groups[kept] if groups is not None else None,
        times=times[kept] if times is not None else None,
        given=fixed,
        seed=options.seed,
        ledger=ledger,
    )
    how = (
        f"the latest rows by {options.time_column!r}"
        if times is not None
        else f"whole groups of {options.group!r}, at random"
        if groups is not None
        else "at random, each class in proportion"
        if labels is not None
        else "at random"
    )
    for name in ("train", "validation", "test"):
        if name not in given or len(inside[name]) != len(fixed[name]):
            what = "the rest" if name == "train" else f"held out: {how} (seed {options.seed})"
            ledger.note("split", name, what, len(inside[name]))
    return {name: kept[rows] for name, rows in inside.items()}


def _times(frame: pd.DataFrame, options: ReadOptions, ledger: Ledger) -> NDArray[np.float64] | None:
    if options.time_column is None:
        return None
    _require(frame, options.time_column, "--time-column")
    cells = frame[options.time_column]
    column = infer_columns(frame[[options.time_column]], Ledger())[options.time_column]
    if column.kind == "date":
        return read_seconds(column, cells, ledger)
    values = pd.to_numeric(cells, errors="coerce").to_numpy(np.float64)
    if np.isnan(values).mean() > 0.05:
        shown = distinct(cells).words[:1]
        raise DataError(
            f"--time-column {options.time_column!r} holds neither dates nor numbers (such as "
            f"{shown[0]!r}). "
            "Expected one format of date throughout, such as 2024-01-31."
        )
    return values


def _without_new_classes(
    targets: Targets, splits: dict[str, Index], ledger: Ledger
) -> dict[str, Index]:
    """Drop validation and test rows of classes that no training row has: no net can learn these."""
    if targets.labels is None:
        return splits
    known = set(targets.labels[splits["train"]])
    out = dict(splits)
    for name in ("validation", "test"):
        labels = targets.labels[splits[name]]
        strange = np.array([label not in known for label in labels], dtype=bool)
        if strange.any():
            shown = ", ".join(sorted({str(v) for v in labels[strange]})[:5])
            what = f"rows of classes that training lacks ({shown}) are left out"
            ledger.note("warned", f"{name} split", what, int(strange.sum()))
            out[name] = splits[name][~strange]
            if not len(out[name]):
                raise DataError(
                    f"No row of the {name} part has a class that the training rows have; theirs "
                    "are "
                    f"{', '.join(sorted(map(str, known))[:6])}, here are {shown}. Check the "
                    "target's spelling."
                )
    return out


def _known(targets: Targets, train: Index) -> Targets:
    """The targets with only the classes that training rows have."""
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
    place = {name: np.searchsorted(kept, rows).astype(np.int64) for name, rows in splits.items()}
    known = read_words(replace(column, missing=MARKERS[:1]), features[column.name].iloc[kept])
    assert targets.labels is not None
    return text_data(
        [str(text) for text in known.take(known.words, "")],
        [str(label) for label in targets.labels[kept]],
        given=place,
        target=targets.target,
        source=source,
        options=options,
        ledger=ledger,
    )
