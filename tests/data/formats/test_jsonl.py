"""JSON lines."""

from pathlib import Path

import pandas as pd
import pytest

from netwright.data.formats.jsonl import read_jsonl
from netwright.data.ledger import Ledger
from netwright.errors import DataError


def write(tmp_path: Path, text: str) -> Path:
    path = tmp_path / "data.jsonl"
    path.write_text(text, encoding="utf-8")
    return path


def test_records_become_rows(tmp_path: Path) -> None:
    path = write(tmp_path, '{"a": 1, "b": "é"}\n\n{"a": 2, "c": true}\n')
    frame = read_jsonl(path, Ledger())
    assert frame["a"].tolist() == [1, 2]
    assert frame["b"][0] == "é" and pd.isna(frame["b"][1])
    assert frame["c"].tolist()[1] is True


@pytest.mark.parametrize(("line", "why"), [('{"a": 2', "line 3"), ("17", "17 is no record")])
def test_broken_line_is_refused_with_its_number(tmp_path: Path, line: str, why: str) -> None:
    path = write(tmp_path, f'{{"a": 1}}\n{{"a": 2}}\n{line}\n')
    with pytest.raises(DataError, match=why) as refusal:
        read_jsonl(path, Ledger())
    assert "line 3" in str(refusal.value)
