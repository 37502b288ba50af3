"""The .ts format: header, channels, gaps, labels; a broken line is named by its number."""

from pathlib import Path

import numpy as np
import pytest

from netwright.data.formats.ts import read_ts
from netwright.errors import DataError

HEADER = "# a comment\n@problemName Toy\n@timeStamps false\n@classLabel true up down\n@data\n"


def write(folder: Path, text: str) -> Path:
    file = folder / "toy.ts"
    file.write_text(text, encoding="utf-8")
    return file


def test_univariate(tmp_path: Path) -> None:
    read = read_ts(write(tmp_path, HEADER + "1,2,3:up\n3,?,1:down\n"))
    assert (read.name, read.labels, read.classes) == ("Toy", ["up", "down"], ("up", "down"))
    np.testing.assert_array_equal(read.values[0], np.array([[1], [2], [3]], dtype="f4"))
    np.testing.assert_array_equal(read.values[1][:, 0], np.array([3, np.nan, 1], dtype="f4"))


def test_channels_become_columns_and_unequal_ones_are_filled(tmp_path: Path) -> None:
    read = read_ts(write(tmp_path, HEADER + "1,2,3:4,5:up\n"))
    np.testing.assert_array_equal(
        read.values[0], np.array([[1, 4], [2, 5], [3, np.nan]], dtype="f4")
    )


def test_without_class_labels(tmp_path: Path) -> None:
    read = read_ts(write(tmp_path, "@classLabel false\n@data\n1,2\n3,4\n"))
    assert read.labels is None
    assert len(read.values) == 2


@pytest.mark.parametrize(
    ("text", "word"),
    [
        (HEADER + "1,2:up\n1,x:up\n", "line 7"),
        (HEADER + "1,2:up\n1,2:3,4:up\n", "2 channels"),
        (HEADER + "1,2:sideways\n", "sideways"),
        (HEADER + ":up\n", "empty"),
        (HEADER, "no series"),
        ("1,2,3\n", "before @data"),
        ("@timeStamps true\n@data\n(0,1),(1,2):a\n", "time stamps"),
        ("@targetLabel true\n@data\n1,2:3.5\n", "@classLabel"),
    ],
)
def test_what_breaks_the_format_is_named(tmp_path: Path, text: str, word: str) -> None:
    with pytest.raises(DataError, match=word):
        read_ts(write(tmp_path, text))


def test_real_archive(shared_data: Path) -> None:
    folder = shared_data / "time_series" / "ucr_uea" / "BasicMotions"
    read = read_ts(folder / "BasicMotions_TRAIN.ts")
    assert len(read.values) == 40
    assert {row.shape for row in read.values} == {(100, 6)}
    assert sorted(set(read.labels or ())) == sorted(read.classes)
