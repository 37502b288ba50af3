"""Labels as cells write them: numbers, quotes, order, several in one cell."""

import numpy as np
import pandas as pd
import pytest

from netwright.data.cells import distinct
from netwright.data.labels import (
    LISTS,
    multilabel_table,
    ordered,
    separator_of,
    unquoted,
    whole_label,
)


@pytest.mark.parametrize(
    ("word", "label"),
    [
        ("1.0", "1"), ("-3.00", "-3"), ("1.", "1"), ("0.0", "0"),
        ("1.5", "1.5"), ("007", "007"), ("1e3", "1e3"), ("1", "1"),
        ("v1.0", "v1.0"), ("inf", "inf"), ("nan", "nan"), ("", ""),
    ],
)  # fmt: skip
def test_a_whole_number_is_spelled_as_one_and_all_else_stays(word: str, label: str) -> None:
    assert whole_label(word) == label


def test_numbers_are_in_order_of_numbers_and_words_in_that_of_words() -> None:
    assert ordered(["10", "9", "-1", "2.5"]) == ["-1", "2.5", "9", "10"]
    assert ordered(["10", "9", "b", "a"]) == ["10", "9", "a", "b"]


def test_quotes_are_taken_off_where_every_label_has_them() -> None:
    assert unquoted(np.array(["'-1'", "'1'"], dtype=object)) == ["-1", "1"]
    assert unquoted(np.array(["'a'", "b"], dtype=object)) == ["'a'", "b"]


@pytest.mark.parametrize(
    ("cells", "sign"),
    [
        (["a|b", "b", "a", None], "|"),
        (["a;b", "b", "a", None], ";"),
        (["[1.0, 2]", "[2]", "[1]", None], LISTS),
    ],
)
def test_several_labels_in_a_cell(cells: list[str | None], sign: str) -> None:
    known = distinct(pd.Series(cells, dtype=object))
    assert separator_of(known) == sign
    classes = ["1", "2"] if sign == LISTS else ["a", "b"]
    table = multilabel_table(known, classes)
    assert table[:3].tolist() == [[1, 1], [0, 1], [1, 0]] and np.isnan(table[3]).all()


def test_a_sign_within_words_joins_nothing() -> None:
    known = distinct(pd.Series(["AC;DC", "Abba", "Queen"], dtype=object))
    assert separator_of(known) == ""
