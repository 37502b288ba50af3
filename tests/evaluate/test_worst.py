"""The worst examples are the most confidently wrong or the farthest off, each as it was read."""

import numpy as np
import pandas as pd
import pytest
import torch

from netwright.data.data import Rows
from netwright.data.task import Task
from netwright.evaluate.worst import Confusion, confused_pairs, worst_examples

THREE = Task(name="classification", form="multiclass", target="y", classes=("a", "b", "c"))


def rows(count: int, raw: object = None) -> Rows:
    return Rows(
        "test", (torch.zeros(count, 1),), torch.zeros(count), raw, torch.arange(count) + 100
    )


def test_classes_most_confidently_wrong_first() -> None:
    p = np.array([[0.9, 0.1, 0.0], [0.2, 0.7, 0.1], [0.98, 0.01, 0.01], [0.4, 0.35, 0.25]])
    t = np.array([0, 0, 1, 2])
    texts = ["right", "wrong", "very wrong", "unsure"]
    found = worst_examples(rows(4, texts), p, t, THREE)
    assert [e.row for e in found] == [2, 1, 3]
    worst = found[0]
    assert (worst.target, worst.prediction, worst.raw) == ("b", "a", "very wrong")
    assert worst.probability == pytest.approx(0.98) and worst.loss == pytest.approx(-np.log(0.01))
    assert worst.source_row == 102
    assert len(worst_examples(rows(4, texts), p, t, THREE, count=1)) == 1


def test_grades_are_wrong_where_their_median_is() -> None:
    p = np.array([[0.4, 0.3, 0.3], [0.4, 0.3, 0.3]])
    grades = Task(name="classification", form="ordinal", target="y", classes=("a", "b", "c"))
    found = worst_examples(rows(2), p, np.array([0, 1]), grades)
    assert [(e.row, e.target, e.prediction, e.probability) for e in found] == [(0, "a", "b", 0.3)]


def test_numbers_by_error_with_table_rows() -> None:
    task = Task(name="regression", form="regression", target="y")
    frame = pd.DataFrame({"city": ["x", "y", "z"], "rooms": [1, 2, 3]})
    found = worst_examples(
        rows(3, frame), np.array([1.0, 5.0, 2.0]), np.array([1.0, 2.0, 3.0]), task
    )
    assert [(e.row, e.loss) for e in found] == [(1, 3.0), (2, 1.0)]
    assert found[0].raw == {"city": "y", "rooms": 2} and found[0].probability is None


def test_several_labels() -> None:
    task = Task(name="classification", form="multilabel", target="y", classes=("a", "b"))
    p = np.array([[0.9, 0.1], [0.95, 0.6]])
    t = np.array([[1, 0], [0, 1]])
    (worst,) = worst_examples(rows(2), p, t, task)
    assert (worst.row, worst.target, worst.prediction) == (1, "b", "a|b")
    assert worst.probability == pytest.approx(0.95)


def test_confused_pairs() -> None:
    table = [[8, 2, 0], [0, 5, 5], [1, 0, 9]]
    pairs = confused_pairs(table, THREE.classes, count=2)
    assert pairs == [Confusion("b", "c", 5, 0.5), Confusion("a", "b", 2, 0.2)]
    assert confused_pairs([[3, 0], [0, 3]], ("a", "b")) == []


def test_rows_that_do_not_match_are_refused() -> None:
    with pytest.raises(ValueError, match="for 5 rows of 'test'"):
        worst_examples(rows(5), np.zeros((4, 3)), np.zeros(4), THREE)
