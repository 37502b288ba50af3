"""A rare class that a plain model gives up is a warning; one that it finds is a note."""

import numpy as np
from check_cases import case, rows

from netwright.check.checks.class_balance import class_balance


def _rare(gap: float) -> tuple[np.ndarray, np.ndarray]:
    """600 rows, 25 of class 1, which lie `gap` standard deviations away."""
    rng = np.random.default_rng(0)
    y = np.zeros(600, dtype=np.int64)
    y[::24] = 1
    x = rng.normal(size=(600, 6)).astype(np.float32)
    x[y == 1] += gap
    return x, y


def test_even_classes_pass() -> None:
    assert class_balance(case()).status == "passed"


def test_a_rare_class_that_is_given_up_is_a_warning() -> None:
    found = class_balance(case(_rare(0.5)))
    assert (found.status, found.fault) == ("warning", "class-imbalance")
    assert found.numbers["ratio"] == 23.0


def test_a_rare_class_that_stands_apart_is_a_note() -> None:
    assert class_balance(case(_rare(4.0))).status == "info"


def test_numbers_have_no_classes() -> None:
    assert class_balance(case(form="regression")).status == "skipped"


def test_a_class_of_three_rows_is_told() -> None:
    x, y = rows(60)
    y[y == 2] = 0
    y[[4, 5, 6]] = 2
    assert "'c'" in class_balance(case((x, y))).words


def test_classes_of_one_size_are_not_named_twice() -> None:
    x, y = rows(60)
    y[:] = np.arange(60) % 3
    assert class_balance(case((x, y))).words == "each class has 20 training rows"
