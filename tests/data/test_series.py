"""Labelled series as Data: given splits, normalised by training rows, gaps, unequal lengths."""

import json
from pathlib import Path

import numpy as np
import pytest
import torch

from netwright.data.data import Data, Source
from netwright.data.ledger import Ledger
from netwright.data.options import ReadOptions
from netwright.data.series import read_series, series_data
from netwright.data.series_encoding import SeriesEncoding, bridge, fit_series_encoding
from netwright.data.sources import locate
from netwright.errors import DataError


def build(raw: object, labels: list[str], **more: object) -> Data:
    return series_data(
        raw, labels, source=Source("toy"), options=ReadOptions(), ledger=Ledger(), **more  # type: ignore[arg-type]
    )  # fmt: skip


def test_rows_are_normalised_by_the_training_rows() -> None:
    raw = np.random.default_rng(0).normal([5, -3], [2, 7], (40, 30, 2))
    given = {"train": np.arange(20), "validation": np.arange(20, 30), "test": np.arange(30, 40)}
    data = build(raw, ["a", "b"] * 20, given=given)
    (x,) = data.train.inputs  # type: ignore[attr-defined]
    assert x.shape == (20, 30, 2) and x.dtype == torch.float32
    torch.testing.assert_close(x.mean((0, 1)), torch.zeros(2), atol=1e-4, rtol=0)
    torch.testing.assert_close(x.std((0, 1), correction=0), torch.ones(2), atol=1e-3, rtol=0)


def test_unequal_lengths_are_padded_with_the_mean_and_cut() -> None:
    encoding = SeriesEncoding(length=4, channels=1, mean=(10.0,), std=(2.0,))
    ledger = Ledger()
    (x,) = encoding.encode([np.array([12.0, 8.0]), np.arange(6.0)], ledger)
    assert x[0, :, 0].tolist() == [1.0, -1.0, 0.0, 0.0]
    assert x.shape == (2, 4, 1)
    text = "\n".join(map(str, ledger))
    assert "padded at the end (1)" in text and "cut off (1)" in text


def test_unequal_training_series_come_with_their_lengths() -> None:
    rows = [np.arange(n, dtype=np.float32) for n in (3, 6, 4)]
    ledger = Ledger()
    encoding = fit_series_encoding(rows, ledger)
    assert "told each row's length" in "\n".join(map(str, ledger))
    values, lengths = encoding.encode([*rows, np.arange(9, dtype=np.float32)])
    assert values.shape == (4, 6, 1) and lengths.tolist() == [3, 6, 4, 6]
    assert SeriesEncoding.from_dict(json.loads(json.dumps(encoding.to_dict())), {}) == encoding


def test_gaps_are_bridged_by_a_line() -> None:
    row = np.array([[np.nan], [1], [np.nan], [np.nan], [4], [np.nan]], dtype=np.float32)
    filled = bridge(row, np.zeros(1, dtype=np.float32))
    assert filled[:, 0].tolist() == [1, 1, 2, 3, 4, 4]
    empty = bridge(np.full((3, 1), np.nan, dtype=np.float32), np.array([7], dtype=np.float32))
    assert empty[:, 0].tolist() == [7, 7, 7]


def test_a_constant_channel_stays_finite() -> None:
    raw = np.zeros((20, 10, 2))
    raw[:, :, 1] = np.random.default_rng(0).normal(size=(20, 10))
    data = build(raw, ["a", "b"] * 10)
    assert torch.isfinite(data.train.inputs[0]).all()  # type: ignore[attr-defined]
    assert "constant" in "\n".join(map(str, data.ledger))


def test_wrong_channels_are_named() -> None:
    encoding = fit_series_encoding(np.zeros((3, 5, 2)) + np.arange(5)[:, None])
    with pytest.raises(DataError, match=r"Series 1 has 3 channels.*have 2"):
        encoding.encode(np.zeros((1, 5, 3)))


def test_json_and_back() -> None:
    encoding = fit_series_encoding(np.random.default_rng(0).normal(size=(8, 20, 3)))
    values = json.loads(json.dumps(encoding.to_dict()))
    assert SeriesEncoding.from_dict(values, encoding.tensors()) == encoding


@pytest.mark.parametrize(
    ("name", "train", "test", "length", "channels", "classes"),
    [
        ("GunPoint", 50, 150, 150, 1, 2),
        ("ArrowHead", 36, 175, 251, 1, 3),
        ("BasicMotions", 40, 40, 100, 6, 4),
    ],
)
def test_archives_keep_their_split(
    shared_data: Path, name: str, train: int, test: int, length: int, channels: int, classes: int
) -> None:
    found = locate(shared_data / "time_series" / "ucr_uea" / name)
    data = read_series(found, ReadOptions(), Ledger())
    assert len(data.train) + len(data.validation) == train
    assert len(data.test) == test
    assert data.encoding.shapes() == {"in_channels": channels, "length": length}
    assert len(data.task.classes) == classes
    held = torch.bincount(data.validation.targets, minlength=classes)  # type: ignore[attr-defined]
    assert int(held.min()) >= 1
    assert 0.12 <= len(data.validation) / train <= 0.3


def test_without_labels_there_is_nothing_to_learn(tmp_path: Path) -> None:
    file = tmp_path / "plain.ts"
    file.write_text("@problemName plain\n@classLabel false\n@data\n1,2,3\n4,5,6\n")
    with pytest.raises(DataError, match="no class labels"):
        read_series(locate(file), ReadOptions(), Ledger())


def test_infinite_values_are_bridged_like_missing_ones() -> None:
    raw = np.random.default_rng(0).normal(size=(20, 10, 2)).astype(np.float32)
    raw[:, 0, 0], raw[3, 4, 1] = np.inf, -np.inf
    data = build(raw, ["a", "b"] * 10)
    for split in data.splits().values():
        assert torch.isfinite(split.inputs[0]).all()  # type: ignore[attr-defined]
    assert "missing or infinite values bridged by a straight line (21)" in "".join(
        map(str, data.ledger)
    )
