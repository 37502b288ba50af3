"""Rows without a class: left out unless they are asked for; then they train and are never
scored."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import torch
from PIL import Image

from netwright.data.data import Data
from netwright.data.read import read
from netwright.errors import UsageError


def said(data: Data) -> str:
    return "\n".join(str(entry) for entry in data.ledger)


def table(rows: int = 120) -> pd.DataFrame:
    rng = np.random.default_rng(0)
    kind = rng.integers(0, 2, rows)
    frame = pd.DataFrame({"x": kind + rng.normal(0, 0.3, rows), "target": kind.astype(object)})
    frame["target"] = np.where(kind == 1, "yes", "no").astype(object)
    frame.loc[rng.permutation(rows)[: rows // 2], "target"] = None
    return frame


def test_rows_of_a_table_are_left_out_unless_asked_for() -> None:
    plain, asked = read(table()), read(table(), unlabelled=True)
    assert plain.unlabelled is None and "dropped target: rows without a target (60)" in said(plain)
    more = asked.unlabelled
    assert more is not None and len(more) == 60
    assert "rows without a class, which train as well" in said(asked)
    assert "dropped" not in said(asked)
    assert torch.equal(asked.test.targets, plain.test.targets)  # type: ignore[attr-defined]
    assert bool((more.targets == -1).all()) and more.inputs[0].shape == (60, 1)
    assert asked.sizes() == plain.sizes() | {"unlabelled": 60}
    used = {int(row) for split in asked.splits().values() for row in split.rows}  # type: ignore[attr-defined]
    assert used.isdisjoint(more.rows.tolist()) and len(used) == 60  # type: ignore[union-attr]


def test_rows_kept_for_a_test_do_not_train(tmp_path: Path) -> None:
    frame = table()
    frame.iloc[:80].to_csv(tmp_path / "train.csv", index=False)
    frame.iloc[80:].to_csv(tmp_path / "test.csv", index=False)
    data = read(tmp_path / "train.csv", test=tmp_path / "test.csv", unlabelled=True)
    assert data.unlabelled is not None and data.unlabelled.rows is not None
    assert int(data.unlabelled.rows.max()) < 80
    assert "test rows without a class" in said(data)


def test_words_of_texts_without_a_class_are_known() -> None:
    frame = pd.DataFrame({
        "text": [f"a rather {'good' if at % 2 else 'bad'} film it was" for at in range(40)]
        + [f"never an unheard sentence {at}" for at in range(20)],
        "label": (["good", "bad"] * 20) + [None] * 20,
    })  # fmt: skip
    data = read(frame, task="text-classification", target="label", unlabelled=True)
    assert data.kind == "text" and data.unlabelled is not None and len(data.unlabelled) == 20
    assert "unheard" in data.encoding.ids  # type: ignore[attr-defined]
    assert len(data.train) + len(data.validation) + len(data.test) == 40


def test_a_folder_called_unlabelled_is_a_class_unless_asked_for(tmp_path: Path) -> None:
    rng = np.random.default_rng(0)
    for name, count in (("a", 12), ("b", 12), ("unlabelled", 9)):
        (tmp_path / name).mkdir()
        for at in range(count):
            pixels = rng.integers(0, 255, (8, 8), dtype=np.uint8)
            Image.fromarray(pixels).save(tmp_path / name / f"{at}.png")
    plain = read(tmp_path)
    assert plain.task.classes == ("a", "b", "unlabelled") and "--unlabelled" in said(plain)
    data = read(tmp_path, unlabelled=True)
    assert data.task.classes == ("a", "b")
    assert data.unlabelled is not None and data.unlabelled.inputs[0].shape == (9, 1, 8, 8)


def test_arrays_say_it_by_minus_one(tmp_path: Path) -> None:
    rng = np.random.default_rng(0)
    labels = np.array([0, 1, -1] * 15)
    np.savez(tmp_path / "a.npz", X=rng.integers(0, 255, (45, 8, 8), dtype=np.uint8), y=labels)
    data = read(tmp_path / "a.npz", unlabelled=True)
    assert data.task.classes == ("0", "1")
    assert data.unlabelled is not None and len(data.unlabelled) == 15


def test_where_it_says_nothing_it_is_said_or_refused() -> None:
    data = read("iris", unlabelled=True)
    assert data.unlabelled is None and "every row has a class" in said(data)
    with pytest.raises(UsageError, match="each has one class"):
        read("diabetes", unlabelled=True)
    with pytest.raises(UsageError, match="reconstruction"):
        read("iris", task="reconstruction", unlabelled=True)
