"""JSON tables in their usual shapes."""

from pathlib import Path

import pandas as pd
import pytest

from netwright.data.formats.json import read_json
from netwright.data.ledger import Ledger
from netwright.errors import DataError

TABLE = {"a": [1, 2], "b": ["x", "y"]}
SHAPES = {
    "records": '[{"a": 1, "b": "x"}, {"a": 2, "b": "y"}]',
    "columns of lists": '{"a": [1, 2], "b": ["x", "y"]}',
    "columns of cells": '{"a": {"0": 1, "1": 2}, "b": {"0": "x", "1": "y"}}',
    "rows by label": '{"0": {"a": 1, "b": "x"}, "1": {"a": 2, "b": "y"}}',
    "split": '{"columns": ["a", "b"], "index": [0, 1], "data": [[1, "x"], [2, "y"]]}',
    "under a key": '{"version": 3, "rows": [{"a": 1, "b": "x"}, {"a": 2, "b": "y"}]}',
    "rows with names": '[["a", "b"], [1, "x"], [2, "y"]]',
}


def read(tmp_path: Path, text: str, ledger: Ledger | None = None) -> pd.DataFrame:
    path = tmp_path / "data.json"
    path.write_text(text, encoding="utf-8")
    return read_json(path, Ledger() if ledger is None else ledger)


@pytest.mark.parametrize("shape", SHAPES)
def test_shapes(tmp_path: Path, shape: str) -> None:
    assert read(tmp_path, SHAPES[shape]).to_dict("list") == TABLE


@pytest.mark.parametrize("orient", ["records", "columns", "index", "split", "table"])
def test_what_pandas_writes(tmp_path: Path, orient: str) -> None:
    text = pd.DataFrame(TABLE).to_json(orient=orient)
    frame = read(tmp_path, text)
    assert frame[["a", "b"]].to_dict("list") == TABLE


def test_records_inside_records_become_columns(tmp_path: Path) -> None:
    ledger = Ledger()
    frame = read(tmp_path, '[{"a": 1, "b": {"c": 2, "d": {"e": "x"}}}, {"a": 2}]', ledger)
    assert frame.columns.tolist() == ["a", "b.c", "b.d.e"]
    assert pd.isna(frame["b.c"][1])
    assert "records inside records" in str(next(iter(ledger)))


def test_lists_stay_in_their_cells(tmp_path: Path) -> None:
    assert read(tmp_path, '[{"tags": ["x", "y"]}, {"tags": ["z"]}]')["tags"][0] == ["x", "y"]


@pytest.mark.parametrize(
    ("text", "what"),
    [
        ("[]", "an empty list"),
        ("{}", "no record"),
        ("[{}]", "no record"),
        ("3", "a single int"),
        ('{"a": [1, 2], "b": [1]}', "columns of different lengths"),
        ('[{"a": 1}, 2]', "item 2"),
        ('[{"a": 1}, {"a": }]', "line 1, character 18"),
        ("[" * 100_000, "nests too deeply"),
    ],
)
def test_what_is_no_table_is_refused(tmp_path: Path, text: str, what: str) -> None:
    with pytest.raises(DataError, match=what):
        read(tmp_path, text)
