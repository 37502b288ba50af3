"""Tables larger than memory become Data: test, validation and a sample in memory, training
streamed.

First pass: the rows with the lowest hashes of their row numbers are kept, a uniform sample; the
lowest of them are the test, the next validate, and on the rest the encoding is fitted as on any
table. Second pass: exact counts of the training rows, of classes, and the target's mean and
deviation.
"""

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd
import torch
from numpy.typing import NDArray

from netwright.data.cells import MARKERS, PLAIN, WEAK_MARKERS, NumberFormat, distinct, guess_numbers
from netwright.data.data import Data, Rows, Source
from netwright.data.known_targets import encode_known_targets
from netwright.data.ledger import Ledger
from netwright.data.memory import data_budget
from netwright.data.options import ReadOptions
from netwright.data.row_groups import Pieces, as_pieces, estimate_bytes, read_piece
from netwright.data.sources import Found
from netwright.data.stream import StreamedRows, row_hashes
from netwright.data.tables import table_data
from netwright.data.targets import choose_targets
from netwright.data.task import Task
from netwright.errors import DataError, UsageError

__all__ = ["memory_limit", "must_stream", "streamed_data"]

Hashes = NDArray[np.uint64]

# A frame takes about five times its size on its way to tensors (measured); larger ones than this
# are streamed even where there is room, so that two gigabytes are enough for any table.
MOST_BYTES = 300_000_000
SAMPLE_SHARE = 1 / 3  # of the limit, for the rows kept in memory
MOST_SAMPLE, FEWEST_SAMPLE = 300_000, 2_000
BUFFER_SHARE = 1 / 8  # of the limit, for the rows that are mixed at a time
TEST_SHARE, VALIDATION_SHARE = 0.2, 0.1
# Of the rows kept in memory; the rest fits the encoding.
TEST_OF_SAMPLE, VALIDATION_OF_SAMPLE = 0.4, 0.1
MOST_VALIDATION = 20_000


def memory_limit(megabytes: float | None) -> int:
    """Return how many bytes a table may take in memory: as told, else a share of what is free."""
    return int(megabytes * 1e6) if megabytes is not None else min(data_budget(), MOST_BYTES)


def must_stream(found: Found, limit: int) -> bool:
    """Whether a source's tables are estimated to be larger than `limit` bytes in memory."""
    sizes = [estimate_bytes(path) for part in found.parts.values() for path in part]
    return all(size is not None for size in sizes) and sum(s for s in sizes if s) > limit


def streamed_data(
    found: Found, source: Source, options: ReadOptions, ledger: Ledger, *, limit: int
) -> Data:
    """Build Data whose training rows stay on disk."""
    _check_options(found, options)
    main = found.parts.get("all") or found.parts["train"]
    pieces = as_pieces(main, ledger, limit=limit)
    ledger.note(
        "read", found.name, f"about {pieces.rows * pieces.row_bytes / 1e6:,.0f} MB in memory, more "
        "than the "
        f"{limit / 1e6:,.0f} MB allowed: training rows are read from disk in pieces", pieces.rows,
    )  # fmt: skip
    size = int(np.clip(limit * SAMPLE_SHARE / pieces.row_bytes, FEWEST_SAMPLE, MOST_SAMPLE))
    sample, hashes, numbers = sample_rows(pieces, size, options.seed)
    parts: dict[str, pd.DataFrame] = {}
    positions: dict[str, NDArray[np.int64]] = {}
    given = {}
    for name in ("test", "validation"):
        if name in found.parts:
            others = as_pieces(found.parts[name], ledger, limit=limit)
            share = TEST_OF_SAMPLE if name == "test" else VALIDATION_OF_SAMPLE
            given[name] = sample_rows(others, max(int(size * share), 500), options.seed)
            parts[name], _, positions[name] = given[name]
    wanted = {
        "test": min(TEST_SHARE * pieces.rows, TEST_OF_SAMPLE * size),
        "validation": min(
            VALIDATION_SHARE * pieces.rows, VALIDATION_OF_SAMPLE * size, MOST_VALIDATION
        ),
    }
    start = 0
    for name, count in wanted.items():
        if name not in given:
            rows = np.sort(np.argsort(hashes)[start : start + int(count)])
            parts[name], positions[name] = sample.iloc[rows], numbers[rows]
            start += int(count)
    lowest = int(np.sort(hashes)[start])
    rest = hashes >= np.uint64(lowest)
    parts["train"], positions["train"] = sample[rest], numbers[rest]
    notes = Ledger()
    parts = {name: part.reset_index(drop=True) for name, part in parts.items()}
    data = table_data(parts, source=source, options=replace(options, test=None), ledger=notes)
    for entry in notes:
        if entry.action != "split":
            ledger.note(entry.action, entry.where, entry.what, entry.count)
    if data.task.form == "multi-task":
        raise UsageError(
            f"Several tasks need the whole table, but {found.name!r} is larger than memory allows. "
            "Give one --target, or use fewer rows."
        )
    names = choose_targets(sample, options.target, Ledger())
    train = _stream(data, pieces, names, sample, lowest, options.seed, limit)
    return _exact(data, train, positions, given, ledger)


def _check_options(found: Found, options: ReadOptions) -> None:
    told = {
        "--time-column": options.time_column,
        "--group": options.group,
        "--split": options.split,
        "--horizon": options.horizon,
    }
    for flag, value in told.items():
        if value is not None:
            raise UsageError(
                f"{flag} {value!r} needs the whole table, but {found.name!r} is larger than memory "
                "allows. Leave "
                f"{flag} out and give the test rows as a file of their own (--test), or use fewer "
                "rows."
            )
    if options.task == "forecasting":
        raise UsageError(
            f"Forecasting needs the whole table, but {found.name!r} is larger than memory allows. "
            "Use fewer rows."
        )


def sample_rows(
    pieces: Pieces, size: int, seed: int
) -> tuple[pd.DataFrame, Hashes, NDArray[np.int64]]:
    """Return the `size` rows with the lowest hashes, in row order, with their hashes and row
    numbers."""
    kept: list[tuple[pd.DataFrame, Hashes, NDArray[np.int64]]] = []
    bound, held = np.uint64(2**64 - 1), 0
    for frame, hashes, numbers in _hashed(pieces, seed):
        low = np.flatnonzero(hashes <= bound)
        kept.append((frame.iloc[low], hashes[low], numbers[low]))
        held += len(low)
        if held > 2 * size:
            kept = [_lowest(kept, size)]
            held, bound = size, kept[0][1].max()
    return _lowest(kept, size)


def _hashed(pieces: Pieces, seed: int) -> Iterator[tuple[pd.DataFrame, Hashes, NDArray[np.int64]]]:
    for piece in pieces.pieces:
        numbers = np.arange(piece.first, piece.first + piece.rows, dtype=np.int64)
        yield read_piece(piece), row_hashes(piece.first, piece.rows, seed), numbers


def _lowest(
    kept: list[tuple[pd.DataFrame, Hashes, NDArray[np.int64]]], size: int
) -> tuple[pd.DataFrame, Hashes, NDArray[np.int64]]:
    frame = pd.concat([part[0] for part in kept], ignore_index=True)
    hashes = np.concatenate([part[1] for part in kept])
    numbers = np.concatenate([part[2] for part in kept])
    rows = np.sort(np.argsort(hashes)[:size])
    return frame.iloc[rows].reset_index(drop=True), hashes[rows], numbers[rows]


def _stream(
    data: Data,
    pieces: Pieces,
    names: tuple[str, ...],
    sample: pd.DataFrame,
    lowest: int,
    seed: int,
    limit: int,
) -> StreamedRows:
    columns = getattr(data.encoding, "columns", None) or [getattr(data.encoding, "column", "")]
    forms: dict[str, NumberFormat] = {}
    if data.task.form == "regression":
        for name in names:
            forms[name] = guess_numbers(distinct(sample[name]).without(MARKERS + WEAK_MARKERS))[0]
    largest = max(piece.rows for piece in pieces.pieces) * pieces.row_bytes
    return StreamedRows(
        "train",
        pieces.pieces,
        (0,) * len(pieces.pieces),
        data.encoding,
        data.task,
        names,
        tuple(columns),
        lowest=lowest,
        seed=seed,
        together=int(np.clip(limit * BUFFER_SHARE / largest, 2, 64)),
        numbers={name: form for name, form in forms.items() if form != PLAIN},
    )


def _exact(
    data: Data,
    train: StreamedRows,
    positions: dict[str, NDArray[np.int64]],
    given: dict[str, Any],
    ledger: Ledger,
) -> Data:
    """Count the training rows and take the target's figures over all of them."""
    before = data.task
    total = np.zeros(max(len(before.classes), before.outputs), dtype=np.float64)
    squares = np.zeros_like(total)
    counts, dropped = [], 0
    for piece in train.pieces:
        frame = read_piece(piece, list(train.targets))
        frame = frame[row_hashes(piece.first, piece.rows, train.seed) >= np.uint64(train.lowest)]
        y, kept = encode_known_targets(
            frame, train.targets, before, Ledger(), numbers=train.numbers
        )
        counts.append(len(kept))
        dropped += len(frame) - len(kept)
        if y.ndim == 1:
            total += np.bincount(y.numpy(), minlength=len(total))
        else:
            total += y.double().sum(0).numpy()
            squares += (y.double() ** 2).sum(0).numpy()
    rows = sum(counts)
    if not rows:
        raise DataError(f"No training row has a target {before.target!r}. Choose another --target.")
    if dropped:
        what = "rows without a target, or of a class that the sample lacks"
        ledger.note("dropped", before.target, what, dropped)
    task, shift, scale = _exact_task(before, total, squares, rows)
    splits = {}
    for name in ("validation", "test"):
        split = data.splits()[name]
        assert isinstance(split, Rows) and split.rows is not None
        targets = ((split.targets - shift) / scale) if task.form == "regression" else split.targets
        # table_data numbers the parts one below the other: train, validation, test.
        start = len(positions["train"]) + (len(positions["validation"]) if name == "test" else 0)
        where = torch.from_numpy(positions[name])[split.rows - start]
        splits[name] = replace(split, targets=targets, rows=where)
        told = (
            "given by the source, a sample of it"
            if name in given
            else "held out by a hash of the row number"
        )
        ledger.note("split", name, told, len(split))
    ledger.note("split", "train", "the rest, read from disk", rows)
    classes = tuple(int(n) for n in total) if task.is_classification else ()
    return replace(
        data,
        task=task,
        train=replace(train, counts=tuple(counts), task=task),
        validation=splits["validation"],
        test=splits["test"],
        ledger=ledger,
        class_counts=classes,
    )


def _exact_task(
    task: Task, total: NDArray[np.float64], squares: NDArray[np.float64], rows: int
) -> tuple[Task, torch.Tensor, torch.Tensor]:
    """Return the task with exact figures, and how targets standardised by the old ones change."""
    if task.form == "regression":
        mean = total / rows
        std = np.sqrt(np.maximum(squares / rows - mean**2, 1e-12))
        old_mean, old_std = np.array(task.target_mean), np.array(task.target_std)
        now = replace(
            task,
            target_mean=tuple((old_mean + mean * old_std).tolist()),
            target_std=tuple((std * old_std).tolist()),
        )
        return now, torch.tensor(mean, dtype=torch.float32), torch.tensor(std, dtype=torch.float32)
    if task.form == "binary":
        # The rarer class over all rows; the sample may have been too small to tell.
        rarer = task.classes[int(np.argmin(total))] if total[0] != total[1] else task.positive
        task = replace(task, positive=rarer)
    return task, torch.zeros(1), torch.ones(1)
