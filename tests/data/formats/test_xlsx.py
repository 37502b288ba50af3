"""Excel workbooks."""

from datetime import datetime
from pathlib import Path
from typing import Any

import openpyxl
import pandas as pd
import pytest

from netwright.data.formats.xlsx import read_xlsx
from netwright.data.ledger import Ledger
from netwright.errors import DataError


def write(tmp_path: Path, **sheets: list[list[Any]]) -> Path:
    book = openpyxl.Workbook()
    book.remove(book.active)
    for name, rows in sheets.items():
        sheet = book.create_sheet(name)
        for row in rows:
            sheet.append(row)
    path = tmp_path / "book.xlsx"
    book.save(path)
    return path


def test_types_are_kept(tmp_path: Path) -> None:
    day = datetime(2024, 5, 1)
    path = write(
        tmp_path, data=[["n", "x", "word", "day"], [1, 0.5, "a", day], [2, 1.5, None, day]]
    )
    frame = read_xlsx(path, Ledger())
    assert pd.api.types.is_integer_dtype(frame["n"])
    assert pd.api.types.is_datetime64_any_dtype(frame["day"])
    assert frame["word"].isna().tolist() == [False, True]


def test_titles_and_empty_columns_are_left_out(tmp_path: Path) -> None:
    rows = [["Report 2024"], [], [None, "year", None, "value"], [None, 2001, None, 5]]
    rows += [[None, 2002 + n, None, 6.5] for n in range(5)]
    ledger = Ledger()
    frame = read_xlsx(write(tmp_path, data=rows), ledger)
    assert frame.columns.tolist()[-2:] == ["year", "value"]
    assert "title rows" in "\n".join(map(str, ledger))


def test_first_sheet_with_a_table_is_read_and_said(tmp_path: Path) -> None:
    path = write(tmp_path, notes=[["about"]], data=[["a", "b"], [1, 2]], more=[["c"], [3]])
    ledger = Ledger()
    assert read_xlsx(path, ledger).to_dict("list") == {"a": [1], "b": [2]}
    assert "sheet 'data'" in str(next(iter(ledger))) and "'more'" in str(next(iter(ledger)))


def test_error_words_are_missing(tmp_path: Path) -> None:
    path = write(tmp_path, data=[["a", "b"], [1, "#DIV/0!"], [2, 5]])
    assert pd.isna(read_xlsx(path, Ledger())["b"][0])


def test_empty_workbook_is_refused(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="no sheet with a header and a row"):
        read_xlsx(write(tmp_path, data=[["a", "b"]]), Ledger())


def test_damaged_workbook_is_refused(tmp_path: Path) -> None:
    path = write(tmp_path, data=[["a"], [1]])
    path.write_bytes(path.read_bytes()[:400])
    with pytest.raises(DataError, match="cannot be opened"):
        read_xlsx(path, Ledger())
