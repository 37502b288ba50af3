"""Parquet keeps types, and batches are bounded."""

from pathlib import Path

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from netwright.data.formats.parquet import iterate_parquet, read_parquet
from netwright.data.ledger import Ledger
from netwright.errors import DataError


def frame() -> pd.DataFrame:
    return pd.DataFrame(
        {
            "n": range(1000),
            "x": [0.5] * 1000,
            "c": pd.Categorical(["a", "b"] * 500),
            "t": pd.date_range("2024-01-01", periods=1000, freq="h"),
        }
    )


def test_types_are_kept(tmp_path: Path) -> None:
    path = tmp_path / "data.parquet"
    frame().to_parquet(path)
    read = read_parquet(path, Ledger())
    assert read.shape == (1000, 4)
    assert pd.api.types.is_integer_dtype(read["n"])
    assert isinstance(read["c"].dtype, pd.CategoricalDtype)
    assert pd.api.types.is_datetime64_any_dtype(read["t"])


def test_stored_index_is_dropped_and_said(tmp_path: Path) -> None:
    path = tmp_path / "data.parquet"
    frame().iloc[[5, 1, 9]].to_parquet(path)
    ledger = Ledger()
    assert read_parquet(path, ledger).columns.tolist() == ["n", "x", "c", "t"]
    assert [entry.action for entry in ledger] == ["dropped"]


def test_batches_are_bounded_and_complete(tmp_path: Path) -> None:
    path = tmp_path / "data.parquet"
    frame().to_parquet(path, row_group_size=300)
    batches = list(iterate_parquet(path, Ledger(), 128))
    assert max(map(len, batches)) <= 128
    assert pd.concat(batches)["n"].tolist() == list(range(1000))


def test_duplicate_names_are_made_unique(tmp_path: Path) -> None:
    path = tmp_path / "data.parquet"
    pq.write_table(pa.table([pa.array([1]), pa.array([2])], names=["a", "a"]), path)
    assert read_parquet(path, Ledger()).columns.tolist() == ["a", "a_2"]


def test_damaged_file_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "data.parquet"
    frame().to_parquet(path)
    path.write_bytes(path.read_bytes()[:-200])
    with pytest.raises(DataError, match="damaged Parquet"):
        read_parquet(path, Ledger())


def test_file_without_rows_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "data.parquet"
    frame().iloc[:0].to_parquet(path)
    with pytest.raises(DataError, match="holds 0 rows"):
        read_parquet(path, Ledger())
