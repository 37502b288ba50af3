"""Grades: how their order is known, and what is said where it is not."""

import numpy as np
import pandas as pd
import pytest

import netwright as nw
from netwright.data.grades import called_classes, order_grades
from netwright.data.ledger import Ledger
from netwright.errors import DataError, UsageError

WORDS = ["fair", "good", "poor"]


def test_numbers_are_their_own_order() -> None:
    ledger = Ledger()
    assert order_grades(["9", "10", "8"], "grade", None, ledger) == ["8", "9", "10"]
    assert not len(ledger)


def test_the_grade_that_is_said_is_the_one_with_the_least_expected_distance() -> None:
    p = np.random.default_rng(0).dirichlet(np.full(5, 0.5), 500)  # (rows, grades)
    distance = np.abs(np.arange(5)[:, None] - np.arange(5))  # (grades said, true grades)
    called = called_classes(p, ordinal=True)
    np.testing.assert_array_equal(called, (p @ distance.T).argmin(1))
    assert (called != p.argmax(1)).sum() > 50
    np.testing.assert_array_equal(called_classes(p, ordinal=False), p.argmax(1))
    np.testing.assert_array_equal(called_classes(np.array([[0.5, 0.0, 0.5]]), ordinal=True), [0])


def test_one_number_in_each_word_is_an_order_that_is_told() -> None:
    ledger = Ledger()
    found = order_grades(["10 - best", "2 - fair", "1 - poor"], "grade", None, ledger)
    assert found == ["1 - poor", "2 - fair", "10 - best"]
    assert any("1 - poor < 2 - fair" in entry.what for entry in ledger)


@pytest.mark.parametrize("order", ["poor,fair,good", "poor < fair < good", "poor,fair,good,best"])
def test_words_have_the_order_that_is_given(order: str) -> None:
    ledger = Ledger()
    assert order_grades(WORDS, "grade", order, ledger) == ["poor", "fair", "good"]
    warned = [entry.what for entry in ledger if entry.action == "warned"]
    assert len(warned) == ("best" in order)


@pytest.mark.parametrize(
    ("classes", "order", "error", "words"),
    [
        (WORDS, None, UsageError, "order is not known: fair, good, poor.*--order"),
        (["a 1", "b 1", "c 2"], None, UsageError, "order is not known"),
        (["no", "yes"], None, DataError, "at least three grades.*--task binary"),
        (WORDS, "poor,fair,god", UsageError, "leaves out 'good'.*Did you mean 'god'"),
        (WORDS, "poor,poor,fair,good", UsageError, "names 'poor' twice"),
    ],
)
def test_what_has_no_order_is_refused(
    classes: list[str], order: str | None, error: type[Exception], words: str
) -> None:
    with pytest.raises(error, match=words):
        order_grades(classes, "grade", order, Ledger())


def frame() -> pd.DataFrame:
    return pd.DataFrame(
        {"x": [(7 * at) % 11 / 4 for at in range(60)], "grade": [WORDS[2], WORDS[0], WORDS[1]] * 20}
    )


def test_an_order_makes_a_table_ordinal() -> None:
    task = nw.read(frame(), target="grade", order="poor,fair,good").task
    assert task.form == "ordinal" and task.classes == ("poor", "fair", "good")
    assert task.outputs == 2
    with pytest.raises(UsageError, match="of one column, learned by --task ordinal"):
        nw.read(frame(), target="grade", task="regression", order="poor,fair,good")
    with pytest.raises(UsageError, match="of the grades in a table's column"):
        nw.read("digits", order="1,2")


def test_an_ordered_column_of_categories_has_its_order() -> None:
    table = frame()
    table["grade"] = pd.Categorical(table["grade"], ["poor", "fair", "good"], ordered=True)
    assert nw.read(table, target="grade", task="ordinal").task.classes == ("poor", "fair", "good")
