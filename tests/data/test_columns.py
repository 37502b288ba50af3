"""What each column of a table holds."""

import json

import numpy as np
import pandas as pd
import pytest

from netwright.data.column_cells import as_typed, read_numbers, read_words
from netwright.data.columns import Column, infer_columns
from netwright.data.ledger import Ledger

ROWS = 40
RNG = np.random.default_rng(0)


def infer(name: str, cells: list[object] | pd.Series, ledger: Ledger | None = None) -> Column:
    frame = pd.DataFrame(
        {name: cells if isinstance(cells, pd.Series) else pd.Series(cells, dtype=object)}
    )
    return infer_columns(frame, ledger if ledger is not None else Ledger())[name]


WORDS = ["red", "green", "blue", "green"] * 10
TEXTS = [f"a long remark about item {n} and {n * 7} more of it" for n in range(ROWS)]


@pytest.mark.parametrize(
    ("name", "cells", "kind"),
    [
        ("size", [str(v) for v in RNG.normal(size=ROWS)], "numeric"),
        ("size", [str(v % 5) for v in range(ROWS)], "numeric"),
        ("size", RNG.normal(size=ROWS).tolist(), "numeric"),
        ("education_num", [str(v % 5) for v in range(ROWS)], "numeric"),
        ("region_code", [str(v % 5) for v in range(ROWS)], "categorical"),
        ("colour", WORDS, "categorical"),
        ("zip", [f"0{1000 + n % 30}" for n in range(ROWS)], "categorical"),
        ("smokes", ["yes", "No"] * 20, "boolean"),
        ("flag", [0, 1] * 20, "boolean"),
        ("flag", [True, False] * 20, "boolean"),
        ("when", [f"2024-01-{1 + n % 28:02d}" for n in range(ROWS)], "date"),
        ("date", [f"202401{1 + n % 28:02d}" for n in range(ROWS)], "date"),
        ("remark", TEXTS, "text"),
        ("RowNumber", [str(n) for n in range(1, ROWS + 1)], "identifier"),
        ("n", list(range(ROWS)), "identifier"),
        ("CustomerId", RNG.permutation(10_000)[:ROWS].tolist(), "identifier"),
        ("population", RNG.permutation(10_000)[:ROWS].tolist(), "numeric"),
        ("year", list(range(1900, 1900 + ROWS)), "numeric"),
        ("hash", [f"{n:032x}" for n in RNG.integers(1 << 60, size=ROWS)], "identifier"),
        ("invoice", [f"INV-{n}" for n in range(ROWS)], "identifier"),
        ("surname", [f"name{chr(97 + n % 26)}" for n in range(ROWS)], "categorical"),
        ("same", ["x"] * ROWS, "constant"),
        ("same", [3.0] * ROWS, "constant"),
        ("nothing", [None, "", "NA", "?"] * 10, "empty"),
        ("nothing", [np.nan] * ROWS, "empty"),
        ("once", ["x", None] * 20, "categorical"),
    ],
)
def test_kinds(name: str, cells: list[object], kind: str) -> None:
    assert infer(name, cells).kind == kind


def test_spans_of_time_are_numbers_of_seconds() -> None:
    spans = pd.Series(pd.to_timedelta(np.arange(ROWS) ** 2, unit="min"))
    column = infer("took", spans)
    assert column.kind == "numeric"
    assert read_numbers(column, spans)[:3].tolist() == [0, 60, 240]


def test_dates_with_a_type_are_dates() -> None:
    assert infer("when", pd.Series(pd.date_range("2024-01-01", periods=ROWS))).kind == "date"


def test_missing_markers_that_occur_are_noted_with_counts() -> None:
    ledger = Ledger()
    column = infer("size", ["1.5", "NA", "2", "NA", "-", "3"] * 8, ledger)
    assert column.kind == "numeric"
    said = {(entry.what, entry.count) for entry in ledger if entry.where == "size"}
    assert said == {("'NA' means missing", 16), ("'-' means missing", 8)}


def test_none_is_a_word_among_words_and_missing_among_numbers() -> None:
    assert (
        len(
            read_words(
                infer("alley", ["none", "grass", "stone", "pavé"] * 10), pd.Series(["none"])
            ).words
        )
        == 1
    )
    numbers = infer("alley", ["none", "1.5", "2"] * 10)
    assert np.isnan(read_numbers(numbers, pd.Series(["none"]))).all()


def test_na_among_two_letter_codes_is_a_word() -> None:
    codes = ["NA", "DE", "FR", "IT", "ES", "US", "CH", "AT", "PL", "SE", "NO", "FI"] * 4
    column = infer("land", codes)
    assert "NA" in read_words(column, pd.Series(codes, dtype=object)).words


def test_a_few_odd_words_among_numbers_are_missing_and_warned_of() -> None:
    ledger = Ledger()
    cells = [str(n / 7) for n in range(99)] + ["broken"]
    assert infer("size", cells, ledger).kind == "numeric"
    assert any("'broken'" in entry.what and entry.action == "warned" for entry in ledger)


def test_sentinels_are_warned_of() -> None:
    ledger = Ledger()
    infer("size", [*(n / 7 for n in range(90)), *[-999.0] * 10], ledger)
    assert any("-999" in entry.what and entry.count == 10 for entry in ledger)
    ledger = Ledger()
    infer("size", [float(n * 11) for n in range(90)], ledger)
    assert not any(entry.action == "warned" for entry in ledger)


def test_dropped_columns_are_noted() -> None:
    ledger = Ledger()
    frame = pd.DataFrame({"id": range(ROWS), "x": RNG.normal(size=ROWS), "c": 1})
    infer_columns(frame, ledger)
    assert {entry.where for entry in ledger if entry.action == "dropped"} == {"id", "c"}


def test_what_a_column_holds_is_decided_on_the_training_rows() -> None:
    frame = pd.DataFrame(
        {"x": ["a"] * 30 + ["b"] * 10, "y": ["1.5"] * 15 + ["2.5"] * 15 + ["1,000.5"] * 10}
    )
    columns = infer_columns(frame, Ledger(), rows=np.arange(30))
    assert columns["x"].kind == "constant"
    assert columns["y"].kind == "boolean"
    # How numbers are written is read off all rows, so that none is misread later.
    assert columns["y"].numbers.thousands == ","


def test_the_target_is_left_out() -> None:
    frame = pd.DataFrame({"x": RNG.normal(size=ROWS), "y": WORDS})
    assert set(infer_columns(frame, Ledger(), target="y")) == {"x"}


def test_columns_round_trip_through_json() -> None:
    for cells in (WORDS, ["$1,000", "$2"] * 20, [f"2024-01-{1 + n % 28:02d}" for n in range(ROWS)]):
        column = infer("x", list(cells))
        assert Column.from_dict(json.loads(json.dumps(column.to_dict()))) == column


def test_typed_frames_hold_the_same_values() -> None:
    frame = pd.DataFrame(
        {
            "n": ["1", "NA", "2.5", "7"] * 10,
            "d": ["2024-01-05", None] * 20,
            "w": WORDS,
            "id": range(ROWS),
        }
    )
    columns = infer_columns(frame, Ledger())
    typed = as_typed(frame, columns)
    assert typed["n"].dtype == np.float64
    assert str(typed["d"].dtype) == "datetime64[us]"
    assert typed["w"].tolist() == WORDS
    assert list(typed.columns) == list(frame.columns)
    np.testing.assert_array_equal(read_numbers(columns["n"], frame["n"]), typed["n"])
