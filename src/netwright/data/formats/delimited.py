"""Delimited text (.csv, .tsv, .psv, .ssv and kin): every cell a string, an empty cell missing.

Encoding, line ends, separator, quoting, titles and header rows are found out from a sample
(layout.py). A regular file is then parsed by Arrow; a file that Arrow
cannot take (rows of different length, quotes after blanks, lines wrapped in quotes, damaged bytes)
is parsed record by record, where short rows are padded and long rows refused with their line
number. Nothing is shifted silently.
"""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path

import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv as pacsv

from netwright.data.charset import open_text
from netwright.data.dialect import Dialect, long_cells, parse_lines
from netwright.data.layout import Layout, find_layout, no_rows, note_layout
from netwright.data.ledger import Ledger
from netwright.data.tidy import (
    TEXT,
    count_filled,
    is_remark,
    spill_columns,
    trimmed,
    without_blank_rows,
    without_footnotes,
)
from netwright.errors import DataError

__all__ = ["iterate_delimited", "read_delimited"]

# Blocks that Arrow parses at a time: small ones bound memory, but should hold hundreds of rows.
BLOCK_BYTES = 1 << 20
BLOCK_ROWS = 500
MOST_BLOCK_BYTES = 1 << 26
# Rows turned into Arrow columns at a time, which bounds the Python objects alive.
SLOW_ROWS = 50_000


def read_delimited(path: Path, ledger: Ledger, *, expect: Sequence[str] = ()) -> pd.DataFrame:
    """Read a whole file. `expect`: column names known from elsewhere, which tell a header from a
    first row of data.
    """
    layout = _checked_layout(path, expect)
    note_layout(path, layout, ledger)
    first = Ledger()  # of a reading that may turn out to be wrong about quotes
    pieces = list(_tables(path, layout, first, SLOW_ROWS, whole=True))
    table = pa.concat_tables(pieces) if pieces else _empty(layout)
    found, table = _check_swallowed(path, layout, table, ledger)
    if found is layout:
        ledger.entries.extend(first)
    layout = found
    table = without_footnotes(path, layout, trimmed(path, table, ledger), ledger)
    table = without_blank_rows(path, table, ledger)
    table = table.drop_columns(spill_columns(path, layout, count_filled(table), len(table), ledger))
    if not len(table):
        raise no_rows(path, layout)
    return table.to_pandas()


def iterate_delimited(
    path: Path, ledger: Ledger, batch_rows: int, *, expect: Sequence[str] = ()
) -> Iterator[pd.DataFrame]:
    """Yield the rows of a file in frames of `batch_rows`, in bounded memory, with the columns
    `read_delimited` gives.
    """
    layout = _checked_layout(path, expect)
    note_layout(path, layout, ledger)
    quiet = Ledger()  # counts over batches would be noted once a batch
    dropped: list[str] = []
    if layout.header.unnamed:
        rows, filled = 0, dict.fromkeys(layout.header.names, 0)
        for table in _tables(path, layout, quiet, batch_rows):
            table = trimmed(path, table, quiet)
            rows += len(table)
            for name, count in count_filled(table).items():
                filled[name] += count
        dropped = spill_columns(path, layout, filled, rows, ledger)
    tables = _tables(path, layout, ledger, batch_rows)
    clean = _cleaned(path, layout, tables, ledger)
    count = 0
    for table in _rebatched(clean, batch_rows):
        count += len(table)
        yield table.drop_columns(dropped).to_pandas()
    if not count:
        raise no_rows(path, layout)


def _checked_layout(path: Path, expect: Sequence[str]) -> Layout:
    layout = find_layout(path, expect=expect)
    if not layout.rows_seen:
        raise no_rows(path, layout)
    if layout.widest < len(layout.header.names):
        names = ", ".join(map(repr, layout.header.names[:4]))
        raise DataError(
            f"{path}: the header names {len(layout.header.names)} columns ({names}, ...) but no "
            "row below it has more than "
            f"{layout.widest} cells, so that names and cells may not belong together. Expected as "
            "many names as cells: put a "
            f"name that holds a {layout.dialect.name} in quotes, or remove the names too many."
        )
    return layout


def _tables(
    path: Path, layout: Layout, ledger: Ledger, batch_rows: int, *, whole: bool = False
) -> Iterator[pa.Table]:
    """Yield the rows as tables of strings: by Arrow as far as the file is regular, then record by
    record.
    """
    done = 0
    if layout.is_regular:
        try:
            if whole:
                yield _read_arrow(path, layout)
                return
            for batch in _open_arrow(path, layout):
                done += batch.num_rows
                yield pa.Table.from_batches([batch])
            return
        except pa.ArrowInvalid:
            # Rows of different length or cells longer than a block: read again from here, record by
            # record.
            pass
    yield from _read_records(path, layout, ledger, batch_rows, done)


def _arrow_options(
    layout: Layout,
) -> tuple[pacsv.ReadOptions, pacsv.ParseOptions, pacsv.ConvertOptions]:
    names = list(layout.header.names)
    block = int(BLOCK_ROWS * layout.row_characters)
    encoding = "utf8" if layout.charset.plain else layout.charset.name
    return (
        pacsv.ReadOptions(
            column_names=names,
            skip_rows=layout.skip_lines,
            block_size=max(BLOCK_BYTES, min(MOST_BLOCK_BYTES, block)),
            encoding=encoding,
        ),
        pacsv.ParseOptions(
            delimiter=layout.dialect.separator,
            quote_char=layout.dialect.quote or False,
            newlines_in_values=layout.dialect.quote is not None,
        ),
        pacsv.ConvertOptions(
            column_types=dict.fromkeys(names, TEXT),
            strings_can_be_null=True,
            null_values=[""],
            check_utf8=not layout.charset.plain,
        ),
    )


def _read_arrow(path: Path, layout: Layout) -> pa.Table:
    read, parse, convert = _arrow_options(layout)
    return pacsv.read_csv(path, read_options=read, parse_options=parse, convert_options=convert)


def _open_arrow(path: Path, layout: Layout) -> Iterator[pa.RecordBatch]:
    read, parse, convert = _arrow_options(layout)
    with pacsv.open_csv(
        path, read_options=read, parse_options=parse, convert_options=convert
    ) as reader:
        yield from reader


def _read_records(
    path: Path, layout: Layout, ledger: Ledger, batch_rows: int, done: int
) -> Iterator[pa.Table]:
    """Parse record by record from row `done` on, padding short rows and refusing long ones."""
    width = len(layout.header.names)
    short: list[int] = []
    cut = 0
    batch: list[list[str]] = []
    blank_kept = False
    with open_text(path, layout.charset) as file, long_cells():
        line = 1
        for number, cells in parse_lines(file, layout.dialect):
            start, line = line, number + 1
            if number <= layout.skip_lines:
                continue
            if done:
                done -= bool(cells)  # Arrow counts no empty lines
                continue
            if not any(cells):
                # One blank row of several is enough to know where footnotes begin.
                if blank_kept:
                    continue
                blank_kept = True
            else:
                blank_kept = False
            if len(cells) > width:
                if any(cell.strip() for cell in cells[width:]):
                    raise _too_long(path, start, cells, width, layout)
                cells, cut = cells[:width], cut + 1
            elif len(cells) < width:
                if cells and not is_remark(cells, width):
                    short.append(start)
                cells = cells + [""] * (width - len(cells))
            batch.append(cells)
            if len(batch) == batch_rows:
                yield _columns(batch, layout)
                batch = []
    if batch:
        yield _columns(batch, layout)
    if short:
        shown = ", ".join(map(str, short[:5])) + (", ..." if len(short) > 5 else "")
        ledger.note(
            "warned",
            path.name,
            f"rows with too few cells padded at the end: line {shown}",
            len(short),
        )
    if cut:
        ledger.note("dropped", path.name, "empty cells beyond the last column", cut)


def _too_long(path: Path, line: int, cells: Sequence[str], width: int, layout: Layout) -> DataError:
    start = layout.dialect.separator.join(cells)[:60]
    return DataError(
        f"{path}, line {line}: {len(cells)} cells where the table has {width} columns ({start!r} "
        "...). Expected every row "
        f"to have {width}: put the cell that holds a {layout.dialect.name} in quotes, or remove "
        "the extra cell."
    )


def _columns(rows: list[list[str]], layout: Layout) -> pa.Table:
    columns = [
        pa.array([cell or None for cell in column], TEXT) for column in zip(*rows, strict=True)
    ]
    return pa.table(columns, names=list(layout.header.names))


def _empty(layout: Layout) -> pa.Table:
    return pa.table({name: pa.array([], TEXT) for name in layout.header.names})


def _cleaned(
    path: Path, layout: Layout, tables: Iterator[pa.Table], ledger: Ledger
) -> Iterator[pa.Table]:
    """Trim, check and filter tables one by one; the last one loses its footnotes."""
    quiet = Ledger()
    held: pa.Table | None = None
    for table in tables:
        _check_swallowed(path, layout, table, None)
        if held is not None:
            yield without_blank_rows(path, held, quiet)
        held = trimmed(path, table, quiet)
    if held is not None:
        held = without_footnotes(path, layout, held, ledger)
        yield without_blank_rows(path, held, quiet)


def _rebatched(tables: Iterator[pa.Table], batch_rows: int) -> Iterator[pa.Table]:
    """Cut tables of any length into tables of `batch_rows`; the last may be shorter."""
    held: list[pa.Table] = []
    rows = 0
    for table in tables:
        held.append(table)
        rows += len(table)
        if rows < batch_rows:
            continue
        joined = pa.concat_tables(held)
        start = 0
        while rows - start >= batch_rows:
            yield joined.slice(start, batch_rows)
            start += batch_rows
        held, rows = [joined.slice(start)], rows - start
    if rows:
        yield pa.concat_tables(held)


def _check_swallowed(
    path: Path, layout: Layout, table: pa.Table, ledger: Ledger | None
) -> tuple[Layout, pa.Table]:
    """Find a stray quote that swallowed the lines up to the next one; read without quoting where
    that is consistent.
    """
    dialect, width = layout.dialect, len(layout.header.names)
    if dialect.quote is None or dialect.separator == " " or width < 2:
        return layout, table
    for name in table.column_names:
        column = table.column(name)
        # A plain search first: hardly any column has line ends in its cells.
        if not any(pc.any(pc.match_substring(column, end)).as_py() for end in "\r\n"):
            continue
        many = pc.and_(
            pc.greater_equal(pc.count_substring(column, dialect.separator), width - 1),
            pc.match_substring_regex(column, r"[\r\n]"),
        )
        if not pc.any(many).as_py():
            continue
        cell = column.filter(many)[0].as_py()
        lines = [line for line in cell.splitlines() if line][1:-1]
        inner = Dialect(dialect.separator, None)
        if not lines or {len(row) for _, row in parse_lines(lines, inner)} != {width}:
            continue
        plain = replace(layout, dialect=inner)
        fault = DataError(
            f"{path}: a quote in column {name!r} is never closed and takes in whole lines "
            f"({cell[:60]!r} ...). "
            'Expected quotes in pairs: close it, or double it ("") where it is text.'
        )
        if ledger is None:
            raise fault
        try:
            again = pa.concat_tables(_tables(path, plain, ledger, SLOW_ROWS, whole=True))
        except DataError:
            raise fault from None
        what = "quotes do not come in pairs: read as ordinary characters (no quoting)"
        ledger.note("guessed", path.name, what)
        return plain, again
    return layout, table
