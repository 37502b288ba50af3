"""Two texts, line by line translations of each other, become Data."""

from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
import pandas as pd
import torch

from netwright.data.data import Data, Rows, Source
from netwright.data.formats.text import lines_of, read_text
from netwright.data.labelled import Given, note_splits, refuse_columns
from netwright.data.ledger import Ledger
from netwright.data.options import ReadOptions
from netwright.data.pair_encoding import PairEncoding, fit_pair_encoding
from netwright.data.sentence_encoding import IGNORED
from netwright.data.sources import Found, sha256_of
from netwright.data.splits import split_rows
from netwright.data.table_splits import told_splits
from netwright.data.task import Task, parse_task
from netwright.data.text_encoding import PADDING
from netwright.errors import DataError, UsageError, did_you_mean

__all__ = ["pair_rows", "read_pairs", "read_translation"]

Pair = tuple[str, str]
FEWEST = 20  # pairs that can be divided into splits and learned from


def read_translation(found: Found, options: ReadOptions, ledger: Ledger) -> Data:
    """Read line-aligned files: two, or two for each split. options.target: the language that is
    written."""
    refuse_columns(_without_target(options), found.name)
    if options.task is not None and parse_task(options.task)[0] != "translation":
        raise UsageError(
            f"--task {options.task} does not fit {found.name}, two texts of which one translates "
            "the other. Leave --task out, or use --task translation."
        )
    source, target = _direction(found, options.target, ledger)
    pairs: list[Pair] = []
    given: Given = {}
    for name in found.parts:
        part = read_pairs(found, name, source, target, ledger)
        if name != "all":
            rows = np.arange(len(pairs), len(pairs) + len(part), dtype=np.int64)
            given = {**given, name: rows}
        pairs += part
    if len(pairs) < FEWEST:
        raise DataError(
            f"{found.name} has {len(pairs)} pairs of lines; a translator needs at least {FEWEST}. "
            "Give longer texts."
        )
    task = Task(name="translation", form="translation", target=target, source=source)
    return _data(pairs, given, task, found, options, ledger)


def read_pairs(found: Found, part: str, source: str, target: str, ledger: Ledger) -> list[Pair]:
    """Return the pairs of one split; texts of unequally many lines are a DataError."""
    files = dict(zip(found.detail["languages"], found.parts[part], strict=True))
    first, second = (lines_of(read_text(files[name], ledger)) for name in (source, target))
    if len(first) != len(second):
        raise DataError(
            f"{files[source].name} has {len(first):,} lines and {files[target].name} has "
            f"{len(second):,}. Expected a line of one for each line of the other; export both "
            "again, or find the line that was lost."
        )
    pairs = [(a.strip(), b.strip()) for a, b in zip(first, second, strict=True)]
    kept = [pair for pair in pairs if all(pair)]
    if len(kept) < len(pairs):
        name = files[target].name
        ledger.note("dropped", name, "pairs with an empty line", len(pairs) - len(kept))
    if not kept:
        raise DataError(f"{files[source].name} and {files[target].name} hold no pair of texts.")
    return kept


def pair_rows(
    name: str,
    pairs: Sequence[Pair],
    encoding: PairEncoding,
    ledger: Ledger,
    rows: Sequence[int] | np.ndarray | None = None,
) -> Rows:
    """Return pairs as a split. rows: their places in the source."""
    noted = Ledger()
    inputs = encoding.encode(pairs, noted)
    for entry in noted:
        ledger.note(entry.action, f"{name} {entry.where}", entry.what, entry.count)
    where = torch.arange(len(pairs)) if rows is None else torch.as_tensor(rows)
    targets = encoding.targets([target for _, target in pairs])
    sizes = (inputs[0] != PADDING).sum(1) + (targets != IGNORED).sum(1)
    return Rows(name, inputs, targets, list(pairs), where, sizes)


def _data(
    pairs: Sequence[Pair],
    named: Given,
    task: Task,
    found: Found,
    options: ReadOptions,
    ledger: Ledger,
) -> Data:
    given = told_splits(pd.DataFrame(index=range(len(pairs))), options, dict(named), ledger)
    index: Mapping[str, np.ndarray] = split_rows(
        len(pairs), given=given, seed=options.seed, ledger=ledger
    )
    note_splits(index, named, given, options.seed, ledger, how="at random")
    encoding = fit_pair_encoding([pairs[at] for at in index["train"]], ledger)
    splits = {
        name: pair_rows(name, [pairs[at] for at in rows], encoding, ledger, rows)
        for name, rows in index.items()
    }
    _note_repeats(splits, ledger)
    return Data(
        kind="text-pair",
        task=task,
        encoding=encoding,
        train=splits["train"],
        validation=splits["validation"],
        test=splits["test"],
        source=Source(found.name, tuple(map(str, found.paths)), sha256_of(found.paths)),
        ledger=ledger,
    )


def _direction(found: Found, told: str | None, ledger: Ledger) -> Pair:
    """Return the languages that are read and written: as told, else as the source's name or the
    order of the files has it."""
    first, second = found.detail["languages"]
    if told is not None:
        if told not in (first, second):
            raise UsageError(
                f"--target {told!r} is no side of {found.name}, which has {first!r} and "
                f"{second!r}.{did_you_mean(told, (first, second))}"
            )
        return (second, first) if told == first else (first, second)
    words = Path(found.name).name.replace("-", "_").replace(".", "_").split("_")
    if {first, second} <= set(words) and words.index(second) < words.index(first):
        first, second = second, first
    ledger.note(
        "guessed", "task", f"translation from {first} into {second} (--target {first} turns it)"
    )
    return first, second


def _note_repeats(splits: Mapping[str, Rows], ledger: Ledger) -> None:
    seen = {source.lower() for source, _ in splits["train"].raw}
    for name in ("validation", "test"):
        count = sum(source.lower() in seen for source, _ in splits[name].raw)
        if count:
            ledger.note("warned", name, "texts that are also among the training ones", count)


def _without_target(options: ReadOptions) -> ReadOptions:
    return ReadOptions(
        time_column=options.time_column, group=options.group, horizon=options.horizon
    )
