"""Tables of every format: what a file is decides its content, and only then its suffix.

table = read_table(path, ledger)
"""

from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import pandas as pd

from netwright.data.archives import unpack
from netwright.data.formats.delimited import iterate_delimited, read_delimited
from netwright.data.formats.feather import read_feather
from netwright.data.formats.json import read_json
from netwright.data.formats.jsonl import read_jsonl
from netwright.data.formats.parquet import iterate_parquet, read_parquet
from netwright.data.formats.xlsx import read_xlsx
from netwright.data.layout import find_layout
from netwright.data.ledger import Ledger
from netwright.data.sniff import describe_content, sniff_content
from netwright.errors import DataError

__all__ = ["iterate_table", "looks_like_table", "read_table", "table_format"]

TABLE_SUFFIXES = frozenset({".csv", ".tsv", ".tab", ".psv", ".ssv"})
# a text without a table's suffix is a table where this share of rows has a cell for each column
AGREEMENT = 0.95

READERS: dict[str, Callable[[Path, Ledger], pd.DataFrame]] = {
    "parquet": read_parquet,
    "feather": read_feather,
    "xlsx": read_xlsx,
    "json": read_json,
    "jsonl": read_jsonl,
}
EXPECTED_SUFFIXES = {
    "parquet": (".parquet", ".pq"),
    "feather": (".feather", ".arrow", ".ipc"),
    "xlsx": (".xlsx", ".xlsm"),
    "json": (".json",),
    "jsonl": (".jsonl", ".ndjson", ".json"),
}


def read_table(path: Path, ledger: Ledger, *, expect: Sequence[str] = ()) -> pd.DataFrame:
    """Read a table. Cells of delimited text are strings or missing; other formats keep their types.

    `expect`: column names known from elsewhere (a model, the training file), which tell a header
    from a row of data.
    """
    path, content = table_format(path)
    _note_suffix(path, content, ledger)
    if content == "text":
        return read_delimited(path, ledger, expect=expect)
    return READERS[content](path, ledger)


def iterate_table(path: Path, ledger: Ledger, batch_rows: int) -> Iterator[pd.DataFrame]:
    """Yield a table in frames of `batch_rows`: Parquet and delimited text in bounded memory, other
    formats from one read.
    """
    if batch_rows < 1:
        raise ValueError(f"batch_rows is {batch_rows}; expected at least 1.")
    path, content = table_format(path)
    _note_suffix(path, content, ledger)
    if content == "parquet":
        yield from iterate_parquet(path, ledger, batch_rows)
    elif content == "text":
        yield from iterate_delimited(path, ledger, batch_rows)
    else:
        frame = READERS[content](path, ledger)
        for start in range(0, len(frame), batch_rows):
            yield frame.iloc[start : start + batch_rows].reset_index(drop=True)


def table_format(path: Path) -> tuple[Path, str]:
    """Return the file to read (a gzip file is unpacked) and its content; what is no table raises
    DataError.
    """
    content = sniff_content(path)
    if content in ("gz", "bz2", "xz", "zip"):
        unpacked = unpack(path)
        if unpacked.is_dir():
            files = [file for file in sorted(unpacked.rglob("*")) if file.is_file()]
            if len(files) != 1:
                raise DataError(
                    f"{path} is an archive of {len(files)} files. Expected one table; give the "
                    "archive as SOURCE or one of its files."
                )
            unpacked = files[0]
        path, content = unpacked, sniff_content(unpacked)
    if content != "text" and content not in READERS:
        raise describe_content(path, content)
    if content == "json" and path.suffix.lower() in TABLE_SUFFIXES and _is_delimited(path):
        return path, "text"
    return path, content


def looks_like_table(path: Path) -> bool:
    """Tell whether a text file reads as a table by its suffix or its rows, and not as prose."""
    if path.suffix.lower() in TABLE_SUFFIXES:
        return True
    return _is_delimited(path)


def _is_delimited(path: Path) -> bool:
    layout = find_layout(path)
    if len(layout.header.names) < 2 or layout.agreement < AGREEMENT:
        return False
    # A few lines of prose may have equally many commas by chance, but hardly a column of numbers.
    return layout.rows_seen >= 10 or (layout.rows_seen >= 2 and bool(layout.typed))


def _note_suffix(path: Path, content: str, ledger: Ledger) -> None:
    suffix = path.suffix.lower()
    known = {s: kind for kind, suffixes in EXPECTED_SUFFIXES.items() for s in suffixes}
    said = known.get(suffix, "text" if suffix in TABLE_SUFFIXES else "")
    if said and said != content and suffix not in EXPECTED_SUFFIXES.get(content, ()):
        name = "delimited text" if content == "text" else content
        ledger.note("guessed", path.name, f"{name} by its content, in spite of the suffix {suffix}")
