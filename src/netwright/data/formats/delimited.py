"""Delimited text (.csv, .tsv, .psv, .ssv and kin): every cell a string, an empty cell missing.

Encoding, line ends, separator, quoting, titles and header rows are found out from a sample (charset.py, dialect.py,
header.py). A regular file is then parsed by Arrow; a file that Arrow cannot take (rows of different length, quotes after
blanks, lines wrapped in quotes, damaged bytes) is parsed record by record, where short rows are padded and long rows
refused with their line number. Nothing is shifted silently.
"""

import csv
import io
import itertools
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv as pacsv

from netwright.data.charset import Charset, open_text, sniff_charset
from netwright.data.dialect import Dialect, parse_lines, score_dialect, sniff_dialect
from netwright.data.header import Header, classify, find_header, typed_columns
from netwright.data.ledger import Action, Ledger
from netwright.errors import DataError

__all__ = ["Layout", "find_layout", "iterate_delimited", "read_delimited"]

SAMPLE_CHARACTERS = 1 << 18
SAMPLE_ROWS = 1_000
BLOCK_BYTES = 1 << 23
SLOW_ROWS = 50_000  # rows turned into Arrow columns at a time, which bounds the Python objects alive
FILLED_SHARE = 0.05  # a nameless trailing column with fewer cells than this share is spill-over, not a column
TAIL_ROWS = 60
SUFFIX_HINTS = {".tsv": "\t", ".tab": "\t", ".psv": "|", ".ssv": ";"}


@dataclass(frozen=True)
class Layout:
    """How a delimited file is laid out. skip_lines: physical lines before the first row of data. score: 0..1, how sure."""

    charset: Charset
    dialect: Dialect
    header: Header
    skip_lines: int
    rows_seen: int
    score: float
    typed: dict[int, str]
    cr_only: bool

    @property
    def is_regular(self) -> bool:
        """Whether Arrow's parser reads this dialect as it is meant."""
        dialect = self.dialect
        odd = dialect.wrapped or dialect.skip_spaces or dialect.escape or dialect.separator == " "
        return not odd and self.charset.errors == "strict"


def read_delimited(path: Path, ledger: Ledger, *, expect: Sequence[str] = ()) -> pd.DataFrame:
    """Read a whole file. `expect`: column names known from elsewhere, which tell a header from a first row of data."""
    layout = _checked_layout(path, expect)
    _note_layout(path, layout, ledger)
    pieces = list(_tables(path, layout, ledger, SLOW_ROWS, whole=True))
    table = pa.concat_tables(pieces).unify_dictionaries() if pieces else _empty(layout)
    layout, table = _check_swallowed(path, layout, table, ledger)
    table = _without_footnotes(path, layout, _trimmed(path, table, ledger), ledger)
    table = _without_blank_rows(path, table, ledger)
    table = table.drop_columns(_spill_columns(path, layout, _filled(table), len(table), ledger))
    if not len(table):
        raise _no_rows(path, layout)
    return table.to_pandas()


def iterate_delimited(
    path: Path, ledger: Ledger, batch_rows: int, *, expect: Sequence[str] = ()
) -> Iterator[pd.DataFrame]:
    """Yield the rows of a file in frames of `batch_rows`, in bounded memory, with the columns `read_delimited` gives."""
    layout = _checked_layout(path, expect)
    _note_layout(path, layout, ledger)
    quiet = Ledger()  # counts over batches would be noted once a batch
    dropped: list[str] = []
    if layout.header.unnamed:
        rows, filled = 0, dict.fromkeys(layout.header.names, 0)
        for table in _tables(path, layout, quiet, batch_rows):
            table = _trimmed(path, table, quiet)
            rows += len(table)
            for name, count in _filled(table).items():
                filled[name] += count
        dropped = _spill_columns(path, layout, filled, rows, ledger)
    tables = _tables(path, layout, ledger, batch_rows)
    clean = _cleaned(path, layout, tables, ledger)
    count = 0
    for table in _rebatched(clean, batch_rows):
        count += len(table)
        yield table.drop_columns(dropped).to_pandas()
    if not count:
        raise _no_rows(path, layout)


def find_layout(path: Path, *, expect: Sequence[str] = ()) -> Layout:
    """Find out encoding, dialect and header of a text file. The answer is kept while the file is unchanged."""
    state = path.stat()
    return _find_layout(path.resolve(), state.st_size, state.st_mtime_ns, tuple(expect))


@lru_cache(maxsize=64)
def _find_layout(path: Path, size: int, changed: int, expect: tuple[str, ...]) -> Layout:
    charset = sniff_charset(path)
    with open_text(path, charset) as file:
        head = file.read(SAMPLE_CHARACTERS)
        complete = len(head) < SAMPLE_CHARACTERS
        sample = head if complete else _with_quotes(head, file)
    hint = SUFFIX_HINTS.get(path.suffix.lower(), "")
    dialect = sniff_dialect(sample, complete=complete, hint=hint)
    records = parse_lines(io.StringIO(head, newline=""), dialect)
    with _long_cells():
        numbered = list(itertools.islice(records, SAMPLE_ROWS + 1))
    if not complete and len(numbered) <= SAMPLE_ROWS:
        numbered.pop()  # the sample ends within this record
    rows = [cells for _, cells in numbered]
    header = find_header(rows, expect=expect)
    skipped = numbered[header.first - 1][0] if header.first else 0
    return Layout(
        charset,
        dialect,
        header,
        skipped,
        sum(any(cell.strip() for cell in row) for row in rows[header.first :]),
        score_dialect(head, dialect, complete=complete),
        typed_columns(rows[header.first :][:200], len(header.names)),
        "\r" in head and "\n" not in head,
    )


def _with_quotes(head: str, file: io.TextIOBase | object) -> str:
    """Return the sample; with the lines around the first quote of the file when the sample has none."""
    if '"' in head:
        return head
    head = head[: max(head.rfind("\n"), head.rfind("\r")) + 1]
    assert hasattr(file, "read")
    before = ""
    while piece := file.read(SAMPLE_CHARACTERS):
        if '"' in piece:
            found = before[-SAMPLE_CHARACTERS:] + piece + file.read(SAMPLE_CHARACTERS)
            lines = found.splitlines(keepends=True)
            return head + "".join(lines[1:-1])
        before = piece
    return head


def _checked_layout(path: Path, expect: Sequence[str]) -> Layout:
    layout = find_layout(path, expect=expect)
    if not layout.rows_seen or (layout.rows_seen == 1 and not layout.header.rows and _words(layout)):
        raise _no_rows(path, layout)
    return layout


def _words(layout: Layout) -> bool:
    return not layout.typed


def _no_rows(path: Path, layout: Layout) -> DataError:
    names = layout.header.names
    if layout.header.rows and any(names):
        shown = ", ".join(repr(name) for name in names[:5]) + (", ..." if len(names) > 5 else "")
        what = f"holds one line ({shown}) and no rows below it"
    else:
        what = "holds no rows"
    return DataError(
        f"{path} {what}. Expected a header and at least one row of data; export or download it again."
    )


def _note_layout(path: Path, layout: Layout, ledger: Ledger) -> None:
    """Write down what was found out about the file."""
    name, charset, dialect, header = path.name, layout.charset, layout.dialect, layout.header

    def note(action: Action, what: str, count: int | None = None) -> None:
        ledger.note(action, name, what, count)

    if not charset.plain:
        note(
            "warned" if charset.errors == "replace" else "guessed",
            f"text encoding {charset.name}: {charset.why}",
        )
    elif charset.name == "utf-8-sig":
        note("read", "UTF-8 byte-order mark taken off")
    if layout.cr_only:
        note("read", "lines end with a carriage return alone (old Mac style)")
    quoting = {None: "no quoting", '"': "double quotes", "'": "single quotes"}[dialect.quote]
    extra = (", quotes may stand after blanks" if dialect.skip_spaces else "") + (
        ", backslash escapes" if dialect.escape else ""
    )
    if len(header.names) > 1:
        note("guessed", f"separator {dialect.name}, {quoting}{extra}")
    else:
        note("guessed", "one column, no separator reads consistently")
    if dialect.wrapped:
        note("read", "each line is wrapped in quotes as a whole: unwrapped and split again")
    if not header.rows:
        note("guessed", f"no header ({header.why}): names {header.names[0]} to {header.names[-1]}")
    elif len(header.rows) > 1:
        note("guessed", "header of several rows, their names joined with _", len(header.rows))
    else:
        note("guessed", f"header {_nth(header.rows[0])} ({header.why})")
    if header.titles:
        note("dropped", "title rows above the table", len(header.titles))
    if header.renamed:
        note("read", "duplicate column names made unique with a number", header.renamed)
    if header.row_names:
        note("read", "the header is one name short, as R writes row names: first column column_1")


def _nth(row: int) -> str:
    return "in the first row" if row == 0 else f"in row {row + 1}"


def _tables(
    path: Path, layout: Layout, ledger: Ledger, batch_rows: int, *, whole: bool = False
) -> Iterator[pa.Table]:
    """Yield the rows as tables of strings: by Arrow as far as the file is regular, then record by record."""
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
            # Rows of different length or cells longer than a block: read again from here, record by record.
            pass
    yield from _read_records(path, layout, ledger, batch_rows, done)


def _arrow_options(
    layout: Layout,
) -> tuple[pacsv.ReadOptions, pacsv.ParseOptions, pacsv.ConvertOptions]:
    names = list(layout.header.names)
    encoding = "utf8" if layout.charset.plain else layout.charset.name
    return (
        pacsv.ReadOptions(
            column_names=names,
            skip_rows=layout.skip_lines,
            block_size=BLOCK_BYTES,
            encoding=encoding,
        ),
        pacsv.ParseOptions(
            delimiter=layout.dialect.separator,
            quote_char=layout.dialect.quote or False,
            newlines_in_values=layout.dialect.quote is not None,
        ),
        pacsv.ConvertOptions(
            column_types=dict.fromkeys(names, pa.string()),
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
    with open_text(path, layout.charset) as file, _long_cells():
        line = 1
        for number, cells in parse_lines(file, layout.dialect):
            start, line = line, number + 1
            if number <= layout.skip_lines:
                continue
            if not any(cells):
                # One blank row in a row is enough to know where footnotes begin.
                if blank_kept or done:
                    continue
                blank_kept = True
            else:
                blank_kept = False
                if done:
                    done -= 1
                    continue
            if len(cells) > width:
                if any(cell.strip() for cell in cells[width:]):
                    raise _too_long(path, start, cells, width, layout)
                cells, cut = cells[:width], cut + 1
            elif len(cells) < width:
                if cells and not _is_note(cells, width):
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
            "warned", path.name, f"rows with too few cells padded at the end: line {shown}", len(short)
        )
    if cut:
        ledger.note("dropped", path.name, "empty cells beyond the last column", cut)


def _is_note(cells: Sequence[str], width: int) -> bool:
    """Tell whether a row looks like a remark under a table: few cells, words among them."""
    filled = [cell for cell in cells if cell and cell.strip()]
    few = len(filled) <= max(1, width // 5)
    kinds = {classify(cell) for cell in filled}
    # Words, or a line of asterisks or dashes drawn across the page.
    return width > 2 and few and ("T" in kinds or kinds == {"E"})


def _too_long(
    path: Path, line: int, cells: Sequence[str], width: int, layout: Layout
) -> DataError:
    start = layout.dialect.separator.join(cells)[:60]
    return DataError(
        f"{path}, line {line}: {len(cells)} cells where the table has {width} columns ({start!r} ...). Expected every row "
        f"to have {width}: put the cell that holds a {layout.dialect.name} in quotes, or remove the extra cell."
    )


def _columns(rows: list[list[str]], layout: Layout) -> pa.Table:
    columns = [
        pa.array([cell or None for cell in column], pa.string())
        for column in zip(*rows, strict=True)
    ]
    return pa.table(columns, names=list(layout.header.names))


def _empty(layout: Layout) -> pa.Table:
    return pa.table({name: pa.array([], pa.string()) for name in layout.header.names})


def _filled(table: pa.Table) -> dict[str, int]:
    return {name: len(table) - table.column(name).null_count for name in table.column_names}


def _trimmed(path: Path, table: pa.Table, ledger: Ledger) -> pa.Table:
    """Take blanks off both ends of every cell; a cell of blanks is empty."""
    cells, where = 0, []
    for at, name in enumerate(table.column_names):
        column = table.column(at)
        trimmed = pc.utf8_trim_whitespace(column)
        if pc.sum(pc.binary_length(column)).as_py() == pc.sum(pc.binary_length(trimmed)).as_py():
            continue
        cells += pc.sum(pc.not_equal(trimmed, column)).as_py()
        where.append(name)
        blank = pc.equal(trimmed, "")
        table = table.set_column(at, name, pc.if_else(blank, pa.scalar(None, pa.string()), trimmed))
    if cells:
        shown = ", ".join(where[:5]) + (", ..." if len(where) > 5 else "")
        ledger.note("read", path.name, f"blanks around cells taken off in columns {shown}", cells)
    return table


def _without_blank_rows(path: Path, table: pa.Table, ledger: Ledger) -> pa.Table:
    blank = _blank_rows(table)
    if blank is None:
        return table
    count = pc.sum(blank).as_py()
    if count:
        ledger.note("dropped", path.name, "rows without a single filled cell", count)
    return table.filter(pc.invert(blank))


def _blank_rows(table: pa.Table) -> pa.ChunkedArray | None:
    """Return which rows are empty, or None when none is."""
    blank = None
    for name in table.column_names:
        column = table.column(name)
        if not column.null_count:
            return None
        empty = pc.is_null(column)
        blank = empty if blank is None else pc.and_(blank, empty)
        if not pc.any(blank).as_py():
            return None
    return blank


def _without_footnotes(path: Path, layout: Layout, table: pa.Table, ledger: Ledger) -> pa.Table:
    """Drop remarks under the table: sparse rows of words after a blank row, or words under a column of numbers."""
    width, count = len(layout.header.names), len(table)
    tail = [
        [cell or "" for cell in row.values()]
        for row in table.slice(max(0, count - TAIL_ROWS)).to_pylist()
    ]
    notes, keep, sure = 0, len(tail), False
    while keep and len(tail) < count + 1:
        row = tail[keep - 1]
        filled = [at for at, cell in enumerate(row) if cell]
        if filled:
            fits = any(at and classify(row[at]) == layout.typed.get(at) for at in filled)
            if fits or not _is_note(row, width):
                break
            notes += 1
            sure = sure or (
                filled == [0] and 0 in layout.typed and classify(row[0]) == "T" and notes == 1
            )
        else:
            sure = sure or notes > 0
        keep -= 1
    if not notes or not sure or not keep:
        return table
    ledger.note("dropped", path.name, "footnotes below the table", notes)
    return table.slice(0, count - (len(tail) - keep))


def _spill_columns(
    path: Path, layout: Layout, filled: dict[str, int], rows: int, ledger: Ledger
) -> list[str]:
    """Name the columns to drop: empty ones without a name, and trailing ones without a name that are nearly empty."""
    names, unnamed = layout.header.names, set(layout.header.unnamed)
    if not layout.header.rows:
        trailing = list(
            itertools.takewhile(lambda at: not filled[names[at]], range(len(names) - 1, 0, -1))
        )
        unnamed = set(trailing)
    dropped = [at for at in unnamed if not filled[names[at]]]
    if dropped:
        what = "columns without a name and without a single cell"
        ledger.note("dropped", path.name, what, len(dropped))
    for at in range(len(names) - 1, 0, -1):
        if at in dropped:
            continue
        if at not in unnamed or filled[names[at]] > FILLED_SHARE * rows:
            break
        dropped.append(at)
        what = f"trailing column {at + 1} without a name: cells lost, of {rows:,} rows"
        ledger.note("dropped", path.name, what, filled[names[at]])
    kept = sorted(unnamed - set(dropped))
    if layout.header.rows and kept:
        shown = ", ".join(names[at] for at in kept[:5]) + (", ..." if len(kept) > 5 else "")
        ledger.note("guessed", path.name, f"columns without a name are called {shown}", len(kept))
    return [names[at] for at in sorted(dropped)]


def _cleaned(
    path: Path, layout: Layout, tables: Iterator[pa.Table], ledger: Ledger
) -> Iterator[pa.Table]:
    """Trim, check and filter tables one by one; the last one loses its footnotes."""
    quiet = Ledger()
    held: pa.Table | None = None
    for table in tables:
        _check_swallowed(path, layout, table, None)
        if held is not None:
            yield _without_blank_rows(path, held, quiet)
        held = _trimmed(path, table, quiet)
    if held is not None:
        held = _without_footnotes(path, layout, held, ledger)
        yield _without_blank_rows(path, held, quiet)


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
    """Find a stray quote that swallowed the lines up to the next one; read without quoting where that is consistent."""
    dialect, width = layout.dialect, len(layout.header.names)
    if dialect.quote is None or dialect.separator == " " or width < 2:
        return layout, table
    for name in table.column_names:
        column = table.column(name)
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
        plain = Layout(**{**layout.__dict__, "dialect": inner})
        try:
            again = _read_arrow(path, plain) if ledger is not None else None
        except pa.ArrowInvalid:
            again = None
        if again is None:
            raise DataError(
                f"{path}: a quote in column {name!r} is never closed and takes in whole lines ({cell[:60]!r} ...). "
                'Expected quotes in pairs: close it, or double it ("") where it is part of the text.'
            )
        assert ledger is not None
        what = "quotes do not come in pairs: read as ordinary characters (no quoting)"
        ledger.note("guessed", path.name, what)
        return plain, again
    return layout, table


@contextmanager
def _long_cells() -> Iterator[None]:
    """Let the csv module read cells longer than 128 kB (texts), and set its limit back."""
    before = csv.field_size_limit(min(sys.maxsize, 2**31 - 1))
    try:
        yield
    finally:
        csv.field_size_limit(before)
