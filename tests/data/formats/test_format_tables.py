"""The content of a file decides how it is read, the suffix only hints."""

import gzip
from pathlib import Path

import pandas as pd
import pytest

from netwright.data.formats.tables import iterate_table, looks_like_table, read_table
from netwright.data.ledger import Ledger
from netwright.errors import DataError

FRAME = pd.DataFrame({"a": [1, 2, 3], "b": ["x", "y", "z"]})


@pytest.fixture(autouse=True)
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NETWRIGHT_CACHE", str(tmp_path / "cache"))


def saved(path: Path, form: str) -> Path:
    if form == "csv":
        FRAME.to_csv(path, index=False)
    elif form == "gz":
        path.write_bytes(gzip.compress(FRAME.to_csv(index=False).encode()))
    elif form == "parquet":
        FRAME.to_parquet(path)
    elif form == "feather":
        FRAME.to_feather(path)
    elif form == "xlsx":
        FRAME.to_excel(path, index=False)
    else:
        FRAME.to_json(path, orient="records", lines=form == "jsonl")
    return path


@pytest.mark.parametrize("form", ["csv", "gz", "parquet", "feather", "xlsx", "json", "jsonl"])
@pytest.mark.parametrize("suffix", ["", ".csv", ".data"])
def test_every_format_under_any_name(tmp_path: Path, form: str, suffix: str) -> None:
    frame = read_table(saved(tmp_path / f"data{suffix}", form), Ledger())
    assert frame.columns.tolist() == ["a", "b"]
    assert frame["a"].astype(int).tolist() == [1, 2, 3]
    assert frame["b"].tolist() == ["x", "y", "z"]


def test_wrong_suffix_is_said(tmp_path: Path) -> None:
    ledger = Ledger()
    read_table(saved(tmp_path / "data.csv", "parquet"), ledger)
    assert "parquet by its content" in str(next(iter(ledger)))


@pytest.mark.parametrize("form", ["csv", "parquet", "jsonl"])
def test_batches(tmp_path: Path, form: str) -> None:
    batches = list(iterate_table(saved(tmp_path / "data", form), Ledger(), 2))
    assert [len(batch) for batch in batches] == [2, 1]
    assert batches[1].index[0] == 0


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"", "empty"),
        (b"%PDF-1.7 ...", "PDF"),
        (b"\x89PNG\r\n\x1a\n....", "an image"),
        (b"SQLite format 3\0...", "SQLite"),
        (b"\x80\x04\x95....", "pickle"),
        (b"<!DOCTYPE html><html>Sign in</html>", "web page"),
        (b"\0\1\2\3 nothing known \0\0", "binary"),
    ],
)
def test_what_is_no_table_is_named(tmp_path: Path, content: bytes, words: str) -> None:
    path = tmp_path / "data.csv"
    path.write_bytes(content)
    with pytest.raises(DataError, match=words) as refusal:
        read_table(path, Ledger())
    assert "data.csv" in str(refusal.value) and "Expected" in str(refusal.value)


def test_absent_file_is_refused(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="cannot be read"):
        read_table(tmp_path / "absent.csv", Ledger())


@pytest.mark.parametrize(
    ("text", "table"),
    [
        ("1.5\t2\tx\n2.5\t3\ty\n4.5\t3\tz\n", True),
        ("emma\nolivia\nava\n", False),
        ("First Citizen:\nBefore we proceed, hear me.\n\nAll:\nSpeak, speak.\n", False),
        ("one, two\nthree, four\n", False),
    ],
)
def test_running_text_is_no_table(tmp_path: Path, text: str, table: bool) -> None:
    path = tmp_path / "data.txt"
    path.write_text(text)
    assert looks_like_table(path) == table
