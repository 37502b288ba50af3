"""Table splits: from what the source fixes, what the user told, or by chance; labels spelled alike
in all."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from netwright.data.cells import distinct
from netwright.data.column_cells import read_seconds
from netwright.data.columns import infer_columns
from netwright.data.formats.tables import read_table
from netwright.data.labels import simple_label
from netwright.data.ledger import Ledger
from netwright.data.options import ReadOptions
from netwright.data.splits import split_there
from netwright.data.targets import FEWEST_ROWS, Targets
from netwright.errors import DataError, UsageError, did_you_mean

__all__ = [
    "check_targets",
    "drop_new_classes",
    "group_cells",
    "harmonise_labels",
    "join_parts",
    "split_table",
    "told_splits",
]

Index = NDArray[np.int64]

SPLIT_WORDS = {
    "train": "train", "training": "train", "tr": "train",
    "validation": "validation", "valid": "validation", "val": "validation", "dev": "validation",
    "test": "test", "testing": "test", "holdout": "test",
}  # fmt: skip


def join_parts(
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


def told_splits(
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
    """A file with one word a row, a table with a column of such words, or the numbers of the rows
    that are the test, from 0 on."""
    lines = path.read_text(encoding="utf-8-sig").split()
    if len(lines) == num_rows:
        return pd.Series(lines, dtype=object)
    if lines and all(line.isdecimal() for line in lines):
        return _test_rows(path, np.array(lines, dtype=np.int64), num_rows)
    table = read_table(path, ledger)
    for name in table.columns:
        words = {str(word).casefold() for word in distinct(table[name]).words}
        if words and words <= set(SPLIT_WORDS) and len(table) == num_rows:
            return table[name]
    raise DataError(
        f"--split {path.name!r} has {len(lines):,} words, but the table has {num_rows:,} rows; "
        "expected train, validation or test for each row, in order."
    )


def _test_rows(path: Path, rows: Index, num_rows: int) -> pd.Series:
    if rows.max() >= num_rows or len(np.unique(rows)) < len(rows):
        raise DataError(
            f"--split {path.name!r} numbers test rows up to {rows.max():,} in {len(rows):,} lines; "
            f"expected different numbers from 0 to {num_rows - 1:,}. Correct the file."
        )
    words = np.full(num_rows, None, dtype=object)
    words[rows] = "test"
    return pd.Series(words, dtype=object)


def harmonise_labels(
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
                simple.setdefault(simple_label(word), []).append(word)
            part = distinct(frame.loc[inside, name])
            renamed = {
                word: simple[simple_label(word)][0]
                for word in part.words
                if word not in known and len(simple.get(simple_label(word), [])) == 1
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


def check_targets(
    targets: Targets,
    there: NDArray[np.bool_],
    given: Mapping[str, Index],
    options: ReadOptions,
    ledger: Ledger,
) -> None:
    missing = int((~there).sum())
    if missing and not options.unlabelled:
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


def group_cells(frame: pd.DataFrame, options: ReadOptions, aside: set[str]) -> NDArray[Any] | None:
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


def split_table(
    targets: Targets,
    there: NDArray[np.bool_],
    frame: pd.DataFrame,
    given: Mapping[str, Index],
    groups: NDArray[Any] | None,
    options: ReadOptions,
    ledger: Ledger,
) -> dict[str, Index]:
    """Divide the rows that have a target; positions are those in the whole frame."""
    times, labels = _times(frame, options, ledger), targets.strata()
    found = split_there(
        there,
        labels=labels,
        groups=groups,
        times=times,
        given=given,
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
        if name not in given or len(found[name]) != int(there[given[name]].sum()):
            what = "the rest" if name == "train" else f"held out: {how} (seed {options.seed})"
            ledger.note("split", name, what, len(found[name]))
    return found


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


def drop_new_classes(
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
