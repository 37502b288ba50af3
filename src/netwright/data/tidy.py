"""What is taken off a table after parsing: blanks around cells, empty rows, remarks below it,
spill-over columns.
"""

import itertools
from collections.abc import Sequence
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc

from netwright.data.header import classify
from netwright.data.layout import Layout
from netwright.data.ledger import Ledger

__all__ = [
    "TEXT",
    "count_filled",
    "is_remark",
    "spill_columns",
    "trimmed",
    "without_blank_rows",
    "without_footnotes",
]

# A nameless trailing column with a smaller share of filled cells is spill-over, not a column.
FILLED_SHARE = 0.05
# What pandas holds words in, so that handing a table over copies nothing.
TEXT = pa.large_string()
TAIL_ROWS = 60


def is_remark(cells: Sequence[str], width: int) -> bool:
    """Tell whether a row looks like a remark under a table: few cells, words among them."""
    filled = [cell for cell in cells if cell and cell.strip()]
    few = len(filled) <= max(1, width // 5)
    kinds = {classify(cell) for cell in filled}
    # Words, or a line of asterisks or dashes drawn across the page.
    return width > 2 and few and ("T" in kinds or kinds == {"E"})


def count_filled(table: pa.Table) -> dict[str, int]:
    return {name: len(table) - table.column(name).null_count for name in table.column_names}


def trimmed(path: Path, table: pa.Table, ledger: Ledger) -> pa.Table:
    """Take blanks off both ends of every cell; a cell of blanks is empty."""
    cells, where = 0, []
    for at, name in enumerate(table.column_names):
        column = table.column(at)
        # The ASCII function is eight times as fast, and right for most columns.
        plain = pc.all(pc.string_is_ascii(column)).as_py() is not False
        trimmed = pc.ascii_trim_whitespace(column) if plain else pc.utf8_trim_whitespace(column)
        if pc.sum(pc.binary_length(column)).as_py() == pc.sum(pc.binary_length(trimmed)).as_py():
            continue
        cells += pc.sum(pc.not_equal(trimmed, column)).as_py()
        where.append(name)
        blank = pc.equal(trimmed, "")
        table = table.set_column(at, name, pc.if_else(blank, pa.scalar(None, TEXT), trimmed))
    if cells:
        shown = ", ".join(where[:5]) + (", ..." if len(where) > 5 else "")
        ledger.note("read", path.name, f"blanks around cells taken off in columns {shown}", cells)
    return table


def without_blank_rows(path: Path, table: pa.Table, ledger: Ledger) -> pa.Table:
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


def without_footnotes(path: Path, layout: Layout, table: pa.Table, ledger: Ledger) -> pa.Table:
    """Drop remarks under the table: sparse rows of words after a blank row, or words under a column
    of numbers.
    """
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
            if fits or not is_remark(row, width):
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


def spill_columns(
    path: Path, layout: Layout, filled: dict[str, int], rows: int, ledger: Ledger
) -> list[str]:
    """Name the columns to drop: empty ones without a name, and trailing ones without a name that
    are nearly empty.
    """
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
