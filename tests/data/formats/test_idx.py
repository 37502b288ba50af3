"""IDX files: what is read equals what was written, and every damage is named."""

import gzip
from pathlib import Path

import numpy as np
import pytest

from netwright.data.formats.idx import read_idx
from netwright.errors import DataError


def idx_bytes(values: np.ndarray, code: int) -> bytes:
    header = bytes([0, 0, code, values.ndim])
    sizes = b"".join(int(n).to_bytes(4, "big") for n in values.shape)
    return header + sizes + values.astype(values.dtype.newbyteorder(">")).tobytes()


@pytest.mark.parametrize(
    ("dtype", "code"), [("u1", 8), ("i1", 9), ("i2", 11), ("i4", 12), ("f4", 13), ("f8", 14)]
)
def test_reads_every_type(tmp_path: Path, dtype: str, code: int) -> None:
    values = np.arange(24, dtype=dtype).reshape(2, 3, 4)
    file = tmp_path / "x-idx3"
    file.write_bytes(idx_bytes(values, code))
    read = read_idx(file)
    np.testing.assert_array_equal(read, values)
    assert read.dtype == np.dtype(dtype)


def test_gzip_is_told_by_content_not_by_name(tmp_path: Path) -> None:
    values = np.arange(6, dtype="u1")
    file = tmp_path / "labels"
    file.write_bytes(gzip.compress(idx_bytes(values, 8)))
    np.testing.assert_array_equal(read_idx(file), values)


@pytest.mark.parametrize(
    ("damage", "word"),
    [
        (lambda b: b[:-1], "cut short"),
        (lambda b: b + b"x", "after its end"),
        (lambda b: b[:6], "header"),
        (lambda b: b"PK\x03\x04" + b, "504b0304"),
        (lambda b: b"", "nothing"),
        (lambda b: gzip.compress(b)[:-9], "damaged gzip"),
    ],
)
def test_damage_is_named(tmp_path: Path, damage: object, word: str) -> None:
    file = tmp_path / "x"
    file.write_bytes(damage(idx_bytes(np.arange(9, dtype="u1").reshape(3, 3), 8)))  # type: ignore[operator]
    with pytest.raises(DataError, match=word):
        read_idx(file)
