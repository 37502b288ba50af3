"""Rows with their targets, read anew to score a model: what cannot be decoded is left out and
named, as in training."""

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

import netwright as nw
from netwright.data.ledger import Ledger
from netwright.data.read_rows import read_labelled
from netwright.errors import DataError


def pictures(folder: Path, each: int = 6) -> Path:
    rng = np.random.default_rng(0)
    for number, name in enumerate(("dark", "light")):
        (folder / name).mkdir(parents=True)
        for at in range(each):
            pixels = rng.integers(0, 100, (8, 8), dtype=np.uint8) + np.uint8(120 * number)
            Image.fromarray(pixels).save(folder / name / f"{at}.png")
    return folder


def test_a_broken_picture_is_left_out_and_named(tmp_path: Path) -> None:
    data = nw.read(pictures(tmp_path / "train", 30))
    source, ledger = pictures(tmp_path / "new"), Ledger()
    (source / "dark" / "2.png").write_bytes(b"no picture")
    rows = read_labelled(source, data.encoding, data.task, ledger)
    assert len(rows) == 11 and rows.targets.tolist() == [0] * 5 + [1] * 6
    assert rows.rows.tolist() == [0, 1, 3, 4, 5, 6, 7, 8, 9, 10, 11]
    assert len(rows.inputs[0]) == len(rows.raw) == 11
    assert "2.png" in "\n".join(map(str, ledger))


def test_nothing_but_broken_pictures_is_refused(tmp_path: Path) -> None:
    data = nw.read(pictures(tmp_path / "train", 30))
    source = pictures(tmp_path / "new", 1)
    for file in source.rglob("*.png"):
        file.write_bytes(b"no picture")
    with pytest.raises(DataError, match=r"decoded|read"):
        read_labelled(source, data.encoding, data.task, Ledger())
