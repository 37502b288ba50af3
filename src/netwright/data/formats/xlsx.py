"""Excel workbooks (.xlsx): the first sheet that holds a table; titles above it, several header rows
and blank columns handled.
"""

import zipfile
import zlib
from pathlib import Path
from typing import Any
from xml.etree.ElementTree import ParseError

import pandas as pd

from netwright.data.header import find_header
from netwright.data.ledger import Ledger
from netwright.errors import DataError

__all__ = ["read_xlsx"]

Rows = list[list[Any]]


def read_xlsx(path: Path, ledger: Ledger) -> pd.DataFrame:
    """Read the first sheet with at least two filled rows; numbers, dates and words keep their
    types.
    """
    sheets = _read_sheets(path)
    full = [name for name, rows in sheets.items() if len(rows) > 1]
    if not full:
        raise DataError(
            f"{path} has no sheet with a header and a row of data (sheets: "
            f"{', '.join(map(repr, sheets))}). "
            "Put the table on a sheet of its own and save it again."
        )
    if len(sheets) > 1:
        others = ", ".join(repr(name) for name in sheets if name != full[0])
        ledger.note("guessed", path.name, f"the table is sheet {full[0]!r}; not read: {others}")
    return _frame(path, sheets[full[0]], ledger)


def _read_sheets(path: Path) -> dict[str, Rows]:
    """Return the filled rows of each worksheet, values of formulas as Excel stored them."""
    import openpyxl  # only workbooks pay for it
    from openpyxl.utils.exceptions import InvalidFileException

    try:
        # Given as an open file, since openpyxl judges a path by its suffix.
        with path.open("rb") as file:
            book = openpyxl.load_workbook(file, read_only=True, data_only=True)
            return {sheet.title: _filled_rows(sheet) for sheet in book.worksheets}
    except (
        InvalidFileException,
        zipfile.BadZipFile,
        zlib.error,
        KeyError,
        ValueError,
        OSError,
        EOFError,
        ParseError,
    ) as error:
        raise DataError(
            f"{path} cannot be opened as an Excel workbook: {error}. Save it again as .xlsx or as "
            "CSV."
        ) from error


def _filled_rows(sheet: Any) -> Rows:
    rows = [[_value(cell) for cell in row] for row in sheet.iter_rows(values_only=True)]
    return [row for row in rows if any(cell is not None for cell in row)]


def _value(cell: Any) -> Any:
    """Return a cell's value; blanks and Excel's own error words are no value."""
    if isinstance(cell, str):
        cell = cell.strip()
        missing = cell in ("", "#N/A", "#DIV/0!", "#VALUE!", "#REF!", "#NAME?", "#NUM!", "#NULL!")
        return None if missing else cell
    return cell


def _frame(path: Path, rows: Rows, ledger: Ledger) -> pd.DataFrame:
    width = max(map(len, rows))
    rows = [row + [None] * (width - len(row)) for row in rows]
    filled = [at for at in range(width) if any(row[at] is not None for row in rows)]
    if len(filled) < width:
        ledger.note("dropped", path.name, "columns without a single cell", width - len(filled))
    rows = [[row[at] for at in filled] for row in rows]
    header = find_header([["" if c is None else str(c) for c in row] for row in rows[:300]])
    name = path.name
    if not header.rows:
        ledger.note("guessed", name, f"no header ({header.why}): names column_1, column_2, ...")
    elif len(header.rows) > 1:
        what = "header of several rows, their names joined with _"
        ledger.note("guessed", name, what, len(header.rows))
    else:
        ledger.note("guessed", name, f"header in row {header.rows[0] + 1} ({header.why})")
    if header.titles:
        ledger.note("dropped", name, "title rows above the table", len(header.titles))
    if header.renamed:
        what = "duplicate column names made unique with a number"
        ledger.note("read", name, what, header.renamed)
    if header.unnamed:
        shown = ", ".join(header.names[at] for at in header.unnamed[:5])
        what = f"columns without a name are called {shown}"
        ledger.note("guessed", name, what, len(header.unnamed))
    body = rows[header.first :]
    if not body:
        raise DataError(f"{path} holds a header and no rows below it. Expected at least one row.")
    return pd.DataFrame(
        {
            column: pd.Series([row[at] for row in body]).infer_objects()
            for at, column in enumerate(header.names)
        }
    )
