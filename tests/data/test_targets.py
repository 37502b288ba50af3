"""Which column is learned, as what, and its cells as numbers."""

import numpy as np
import pandas as pd
import pytest
import torch

from netwright.data.cells import distinct
from netwright.data.known_targets import match_labels
from netwright.data.ledger import Ledger
from netwright.data.targets import (
    Targets,
    build_task,
    choose_targets,
    class_ids,
    encode_targets,
    read_targets,
)
from netwright.data.task import Task
from netwright.errors import DataError, UsageError

RNG = np.random.default_rng(0)


def read(cells: list[object], task: str | None = None, ledger: Ledger | None = None) -> Targets:
    frame = pd.DataFrame({"y": pd.Series(cells, dtype=object)})
    return read_targets(frame, ["y"], task, ledger if ledger is not None else Ledger())


def columns(*names: str) -> pd.DataFrame:
    return pd.DataFrame({name: [1.0] for name in names})


@pytest.mark.parametrize(
    ("names", "given", "chosen"),
    [
        (("a", "Class", "b"), None, ("Class",)),
        (("y", "target", "b"), None, ("target",)),
        (("a", "b"), None, ("b",)),
        (("a", "b"), "a", ("a",)),
        (("a", "b", "c"), "b,c", ("b", "c")),
        (("a", "b,c"), "b,c", ("b,c",)),
        (("x", "y"), "0", ("x",)),
    ],
)
def test_the_target_is_given_named_or_last(
    names: tuple[str, ...], given: str | None, chosen: tuple[str, ...]
) -> None:
    assert choose_targets(columns(*names), given, Ledger()) == chosen


def test_an_absent_target_gets_did_you_mean() -> None:
    with pytest.raises(DataError, match="Did you mean 'price'"):
        choose_targets(columns("price", "b"), "prise", Ledger())
    with pytest.raises(DataError, match="one column"):
        choose_targets(columns("price"), None, Ledger())


@pytest.mark.parametrize(
    ("cells", "form", "classes"),
    [
        ([str(n) for n in range(21)] * 2, "regression", ()),
        ([str(n) for n in range(20)] * 2, "multiclass", tuple(map(str, range(20)))),
        (["0", "1"] * 10, "binary", ("0", "1")),
        ([1.0, 2.0, 10.0] * 5, "multiclass", ("1", "2", "10")),
        (["0.5", "1", "1.5"] * 8, "regression", ()),
        (["b", "a"] * 9, "binary", ("a", "b")),
        (["'-1'", "'1'"] * 9, "binary", ("-1", "1")),
        (["$1,000", "$2,500"] * 15, "binary", ("$1,000", "$2,500")),
        (["a|b", "b", "a", "c|a"] * 5, "multilabel", ("a", "b", "c")),
        (["a;b", "b;c", "c"] * 5, "multilabel", ("a", "b", "c")),
        ([["a", "b, c"], [], ["b, c"]] * 5, "multilabel", ("a", "b, c")),
        ([True, False] * 6, "binary", ("false", "true")),
    ],
)
def test_the_form_is_inferred(cells: list[object], form: str, classes: tuple[str, ...]) -> None:
    found = read(cells)
    assert (found.form, found.classes) == (form, classes)


def test_what_was_asked_for_is_done() -> None:
    grades = ["10", "9", "8", "9"] * 5
    assert read(grades, "ordinal").classes == ("8", "9", "10")
    assert build_task(read(grades, "ordinal"), Ledger()).outputs == 2
    assert read(grades, "regression").form == "regression"
    assert read([str(v) for v in RNG.integers(0, 50, 500)], "classification").form == "multiclass"
    assert read(["a|b", "c"] * 9, "multiclass").classes == ("a|b", "c")


@pytest.mark.parametrize(
    ("cells", "task", "words"),
    [
        (["a"] * 20, None, "one class only, 'a'"),
        ([f"w{n}" for n in range(20)], None, "20 different classes in 20 rows"),
        ([None, "", "NA"] * 5, None, "no value in any row"),
        (["1.5"] * 4 + ["two"] + ["3"] * 9, "regression", "row 5 holds 'two'"),
        (["a", "b", "c"] * 5, "binary", "holds 3: a, b, c"),
        ([*(str(at / 7) for at in range(40)), "inf"], None, "row 41 holds 'inf'. Correct or empty"),
    ],
)
def test_targets_that_cannot_be_learned(cells: list[object], task: str | None, words: str) -> None:
    with pytest.raises(DataError, match=words):
        read(cells, task)


def test_a_constant_regression_target_is_an_error() -> None:
    with pytest.raises(DataError, match="nothing to learn"):
        build_task(read(["2.5"] * 30, "regression"), Ledger())


def test_regression_targets_are_standardised() -> None:
    cells = [str(v) for v in RNG.normal(50, 9, 200)]
    targets = read(cells)
    task = build_task(targets, Ledger())
    y = encode_targets(targets, task)
    assert y.shape == (200, 1) and y.dtype == torch.float32
    assert abs(float(y.mean())) < 1e-5 and abs(float(y.std(correction=0)) - 1) < 1e-5
    back = y * task.target_std[0] + task.target_mean[0]
    np.testing.assert_allclose(back[:, 0], [float(v) for v in cells], rtol=1e-5)


def test_several_columns() -> None:
    frame = pd.DataFrame({"a": [0, 1] * 10, "b": [1, 1] * 10, "c": RNG.normal(size=20)})
    labels = read_targets(frame, ["a", "b"], None, Ledger())
    assert (labels.form, labels.classes) == ("multilabel", ("a", "b"))
    assert encode_targets(labels, build_task(labels, Ledger())).tolist()[:2] == [[0, 1], [1, 1]]
    unlike = read_targets(frame, ["a", "c"], None, Ledger())
    assert unlike.form == "multi-task"
    assert [part.form for part in unlike.parts] == ["binary", "regression"]
    numbers = read_targets(frame, ["a", "c"], "regression", Ledger())
    assert numbers.form == "regression" and build_task(numbers, Ledger()).outputs == 2
    assert numbers.target == "a,c"
    with pytest.raises(DataError, match="0 and 1"):
        read_targets(frame, ["a", "c"], "multilabel", Ledger())
    with pytest.raises(UsageError, match="names 2"):
        read_targets(frame, ["a", "b"], "binary", Ledger())


def test_joined_labels_become_columns_of_ones() -> None:
    targets = read(["a|b", "b", None, "a"] * 5)
    assert targets.there().tolist() == [True, True, False, True] * 5
    kept = targets.take(targets.there())
    y = encode_targets(kept, build_task(kept, Ledger()))
    assert y.tolist()[:3] == [[1, 1], [0, 1], [1, 0]]


def test_the_positive_class_is_the_rarer_one() -> None:
    assert build_task(read(["no"] * 12 + ["yes"] * 4), Ledger()).positive == "yes"
    assert build_task(read(["no"] * 4 + ["yes"] * 12), Ledger()).positive == "no"
    assert build_task(read(["yes", "no"] * 8), Ledger()).positive == "yes"


TASK = Task(
    name="classification",
    form="binary",
    target="y",
    classes=("<=50K", ">50K"),
    positive=">50K",
    outputs=2,
)


def test_class_ids_and_unknown_classes() -> None:
    assert class_ids([">50K", "<=50K"], TASK).tolist() == [1, 0]
    with pytest.raises(DataError, match="Row 2"):
        class_ids([">50K", "50"], TASK)


def test_labels_of_another_source_are_matched() -> None:
    ledger = Ledger()
    cells = pd.Series([">50k.", "<=50K", None, "reviews/>50K", "50"], dtype=object)
    assert match_labels(distinct(cells), TASK, ledger).tolist() == [1, 0, -1, 1, -1]
    assert [entry.action for entry in ledger] == ["warned"]
