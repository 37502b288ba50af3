"""Splits of classes: none is in two parts; classes of one row and classes seen before are left
out."""

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from netwright.data.class_splits import split_classes
from netwright.data.labelled import Labels
from netwright.data.ledger import Ledger
from netwright.data.options import ReadOptions
from netwright.data.read import read
from netwright.errors import DataError, UsageError


def split(labels: list[str], ledger: Ledger, **given: list[int]) -> Labels:
    return split_classes(
        labels,
        given={name: np.array(rows, np.int64) for name, rows in given.items()},
        target="class",
        options=ReadOptions(),
        ledger=ledger,
    )


def said(ledger: Ledger) -> str:
    return "\n".join(str(entry) for entry in ledger)


def test_no_class_is_in_two_parts_and_trainings_come_first() -> None:
    labels = [name for name in "abcdefghij" for _ in range(3)]
    ledger = Ledger()
    found = split(labels, ledger)
    sets = [{labels[at] for at in rows.tolist()} for rows in found.splits().values()]
    assert [len(one) for one in sets] == [6, 2, 2]
    assert not (sets[0] & sets[1] or sets[0] & sets[2] or sets[1] & sets[2])
    assert set(found.task.classes) == sets[0]
    assert set(found.ids[found.train].tolist()) == set(range(6))
    assert set(found.ids.tolist()) == set(range(10))
    assert found.task.form == "similarity" and found.counts == (3,) * 6
    assert "split test: 2 classes, in no other part (6)" in said(ledger)


def test_a_class_of_one_row_is_left_out_by_name() -> None:
    labels = [name for name in "abcdefgh" for _ in range(2)] + ["alone"]
    ledger = Ledger()
    found = split(labels, ledger)
    assert sum(len(rows) for rows in found.splits().values()) == 16
    assert "classes of one row, which make no pair: alone (1)" in said(ledger)


def test_classes_of_training_are_left_out_of_given_parts() -> None:
    labels = list("aabbccddeeffaagg")
    train, test = list(range(8)), list(range(8, 16))
    ledger = Ledger()
    found = split(labels, ledger, train=train, test=test)
    assert {labels[at] for at in found.test.tolist()} == {"e", "f", "g"}
    assert "dropped test: rows of 1 classes that an earlier part has: a (2)" in said(ledger)
    assert len({labels[at] for at in found.validation.tolist()}) == 2  # of training's four


def test_too_few_classes_are_refused() -> None:
    with pytest.raises(DataError, match="expected at least six in all"):
        split(list("aabbccdd"), Ledger())
    with pytest.raises(DataError, match="The test part has 0 classes"):
        split(list("aabbccddeeffaabb"), Ledger(), train=list(range(12)), test=[12, 13, 14, 15])


def test_pictures_of_class_folders(tmp_path: Path) -> None:
    rng = np.random.default_rng(0)
    for name in "abcdefg":
        for at in range(3):
            file = tmp_path / name / f"{at}.png"
            file.parent.mkdir(exist_ok=True)
            Image.fromarray(rng.integers(0, 255, (40, 40), np.uint8)).save(file)
    data = read(tmp_path, task="similarity")
    assert data.task.name == "similarity" and data.encoding.shapes()["height"] == 32
    folders = [{file.parent.name for file in part.raw} for part in data.splits().values()]  # type: ignore[attr-defined]
    assert not folders[0] & folders[2] and len(folders[2]) == 2


def test_a_table_has_no_such_task(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="is learned from pictures, but iris is a table"):
        read("iris", task="similarity")
