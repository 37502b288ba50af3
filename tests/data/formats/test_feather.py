"""Feather keeps types."""

from pathlib import Path

import pandas as pd
import pytest

from netwright.data.formats.feather import read_feather
from netwright.data.ledger import Ledger
from netwright.errors import DataError


def test_types_are_kept(tmp_path: Path) -> None:
    path = tmp_path / "data.feather"
    frame = pd.DataFrame({"n": [1, 2], "word": ["x", None], "flag": [True, False]})
    frame.to_feather(path)
    pd.testing.assert_frame_equal(read_feather(path, Ledger()), frame)


def test_damaged_file_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "data.feather"
    path.write_bytes(b"ARROW1\0\0 and nothing more")
    with pytest.raises(DataError, match="damaged Feather"):
        read_feather(path, Ledger())
