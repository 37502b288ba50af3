"""Row groups: a table too large for memory as pieces of a Parquet file, each read on its own.

A Parquet file with row groups of a fit size is read where it lies. Anything else (delimited text,
one huge row group) is written once, in bounded memory, as Parquet into the cache folder.
"""

import os
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from netwright.data.archives import cache_folder, hash_file
from netwright.data.formats.parquet import to_frame
from netwright.data.formats.tables import iterate_table, table_format
from netwright.data.ledger import Ledger
from netwright.errors import DataError

__all__ = ["Piece", "Pieces", "as_pieces", "estimate_bytes", "read_piece"]

# Text as Arrow strings: its bytes and an offset a cell, about as many again.
TEXT_FACTOR = 2.0
FEWEST_PIECES = 8  # fewer cannot be shuffled well
PIECE_SHARE = 1 / 16  # of the memory limit, at most, for one piece
FIRST_ROWS = 1000  # read to learn how large a row is


@dataclass(frozen=True)
class Piece:
    """One row group. first: the number of its first row in the source."""

    path: Path
    group: int
    first: int
    rows: int


@dataclass(frozen=True)
class Pieces:
    """All row groups of a source in order; row_bytes: estimated size of a row in memory."""

    pieces: tuple[Piece, ...]
    row_bytes: float

    @property
    def rows(self) -> int:
        """How many rows there are in all."""
        return sum(piece.rows for piece in self.pieces)


def estimate_bytes(path: Path) -> int | None:
    """Estimate what a table would take in memory; None for formats that are only read whole."""
    path, content = table_format(path)
    if content == "text":
        return int(path.stat().st_size * TEXT_FACTOR)
    if content == "parquet":
        return _parquet_bytes(pq.read_metadata(path))
    return None


def _parquet_bytes(metadata: pq.FileMetaData) -> int:
    total = 0
    for group in range(metadata.num_row_groups):
        total += sum(_group_bytes(metadata.row_group(group)))
    return total


def _group_bytes(group: pq.RowGroupMetaData) -> list[int]:
    sizes = []
    for at in range(group.num_columns):
        column = group.column(at)
        fixed = column.physical_type not in ("BYTE_ARRAY", "FIXED_LEN_BYTE_ARRAY")
        # Words repeated in a dictionary take their room again for each cell.
        sizes.append(
            group.num_rows * 8
            if fixed
            else max(column.total_uncompressed_size, group.num_rows * 16)
        )
    return sizes


def as_pieces(paths: tuple[Path, ...], ledger: Ledger, *, limit: int) -> Pieces:
    """Return the row groups of a source's files; limit: bytes of memory that all may take
    together."""
    pieces: list[Piece] = []
    total = first = 0
    for path in paths:
        file = _fit_file(path, ledger, limit)
        metadata = pq.read_metadata(file)
        total += _parquet_bytes(metadata)
        for group in range(metadata.num_row_groups):
            rows = metadata.row_group(group).num_rows
            if rows:
                pieces.append(Piece(file, group, first, rows))
            first += rows
    if not first:
        raise DataError(f"{paths[0].name} holds no rows. Expected at least one; export it again.")
    return Pieces(tuple(pieces), total / first)


def _fit_file(path: Path, ledger: Ledger, limit: int) -> Path:
    """Return the file itself if its row groups are small and many, else a copy whose are."""
    found, content = table_format(path)
    if content == "parquet":
        metadata = pq.read_metadata(found)
        groups = [sum(_group_bytes(metadata.row_group(g))) for g in range(metadata.num_row_groups)]
        if len(groups) >= FEWEST_PIECES and max(groups) <= limit * PIECE_SHARE:
            return found
    size = estimate_bytes(found) or found.stat().st_size
    rows = _piece_rows(found, size, limit)
    copy = cache_folder() / "tables" / f"{hash_file(found)}-{rows}.parquet"
    if not copy.is_file():
        _write(found, copy, rows, ledger)
    ledger.note(
        "read", path.name, f"written once as row groups of {rows:,} rows, to be read in pieces"
    )
    return copy


def _piece_rows(path: Path, size: int, limit: int) -> int:
    quiet = Ledger()
    frame = next(iterate_table(path, quiet, FIRST_ROWS))
    row_bytes = max(float(frame.memory_usage(index=False, deep=True).sum()) / len(frame), 1.0)
    most = limit * PIECE_SHARE / row_bytes
    many = size / row_bytes / FEWEST_PIECES
    return int(np.clip(min(most, many), 100, 1 << 17))


def _write(path: Path, copy: Path, rows: int, ledger: Ledger) -> None:
    copy.parent.mkdir(parents=True, exist_ok=True)
    unfinished = copy.with_name(f"{copy.name}.{os.getpid()}")
    writer: pq.ParquetWriter | None = None
    try:
        for frame in iterate_table(path, ledger, rows):
            if writer is None:
                schema = _schema(frame)
                writer = pq.ParquetWriter(unfinished, schema)
            writer.write_table(pa.Table.from_pandas(frame, schema=schema, preserve_index=False))
    except (pa.ArrowException, OSError) as error:
        raise DataError(
            f"{path.name} is larger than memory allows and cannot be written in pieces to "
            f"{copy.parent}: "
            f"{error}. Free some room there, or set NETWRIGHT_CACHE to a folder with more."
        ) from error
    finally:
        if writer is not None:
            writer.close()
        if writer is None or not unfinished.is_file():
            unfinished.unlink(missing_ok=True)
    unfinished.replace(copy)


def _schema(frame: pd.DataFrame) -> pa.Schema:
    """The first frame's types; a column empty so far may hold words later."""
    schema = pa.Schema.from_pandas(frame, preserve_index=False)
    fields = [
        field.with_type(pa.large_string()) if pa.types.is_null(field.type) else field
        for field in schema
    ]
    return pa.schema(fields)


def read_piece(piece: Piece, columns: list[str] | None = None) -> pd.DataFrame:
    """Read one row group as a frame, some columns or all."""
    with pq.ParquetFile(piece.path) as file:
        names = file.schema_arrow.names
        # Names may have been made unique in reading; then all columns are read.
        some = columns if columns is not None and set(columns) <= set(names) else None
        if len(set(names)) < len(names):
            some = None
        table = file.read_row_group(piece.group, columns=some)
    return to_frame(piece.path, table, Ledger())
