"""The first two sentences of a report."""

import math

import pytest

from netwright.data.task import Task
from netwright.report.sentences import describe_score, describe_task


@pytest.mark.parametrize(
    ("task", "kind", "words"),
    [
        (
            Task(name="t", form="binary", target="class", classes=("ham", "spam")),
            "text",
            "Tell ham from spam, given a text",
        ),
        (
            Task(name="t", form="multiclass", target="kind", classes=("a", "b", "c")),
            "table",
            "Tell 3 classes apart by kind, given the other columns",
        ),
        (
            Task(name="node-classification", form="binary", target="club", classes=("a", "b")),
            "graph",
            "Tell a from b, given a node and its neighbours",
        ),
        (
            Task(name="graph-classification", form="binary", target="c", classes=("a", "b")),
            "graph",
            "Tell a from b, given a graph",
        ),
        (
            Task(name="t", form="regression", target="price"),
            "table",
            "Predict the number price from the other columns",
        ),
        (
            Task(name="t", form="forecasting", target="Passengers", horizon=24),
            "series",
            "Forecast Passengers, 24 steps ahead",
        ),
    ],
)
def test_task_is_said_in_words(task: Task, kind: str, words: str) -> None:
    assert describe_task(task, kind) == words


def test_accuracy_is_said_as_a_count() -> None:
    task = Task(name="t", form="binary", target="y", classes=("a", "b"))
    scores = {"accuracy": {"value": 347 / 357, "low": None, "high": None}}
    said = describe_score("accuracy", scores, rows=357, task=task)
    assert said == "It is right for 347 of 357 test rows it had never seen."


def test_area_is_said_as_a_frequency_and_nearly_all_is_not_all() -> None:
    task = Task(name="t", form="binary", target="y", classes=("a", "b"), positive="b")
    for value, words in ((0.923, "92 times in 100"), (0.9984, "998 times in 1,000")):
        said = describe_score("roc_auc", {"roc_auc": {"value": value}}, rows=10, task=task)
        assert words in said and "that is b" in said


def test_error_is_said_in_the_unit_of_the_target() -> None:
    task = Task(name="t", form="regression", target="price")
    scores = {"rmse": {"value": 3.0}, "mae": {"value": 2.0}}
    said = describe_score("rmse", scores, rows=1, task=task)
    assert said == "On average it is off by 2.000 in price, over 1 test row it had never seen."


def test_grades_and_nats_are_said_in_words() -> None:
    task = Task(name="t", form="ordinal", target="stars", classes=("1", "2", "3"))
    said = describe_score("mae", {"mae": {"value": 0.5}}, rows=9, task=task)
    assert said.startswith("On average it is off by 0.500 grades")
    scores = {"mae": {"value": 0.5}, "accuracy_within_one": {"value": 0.875}}
    said = describe_score("mae", scores, rows=9, task=task)
    assert said.endswith("it had never seen; 88% are at most one grade off.")
    task = Task(name="t", form="language-modelling", target="text")
    said = describe_score("nats", {"nats": {"value": math.log(8)}}, rows=9, task=task)
    assert "as between 8.0 equally likely tokens" in said


def test_other_metrics_are_named() -> None:
    task = Task(name="t", form="binary", target="y", classes=("a", "b"))
    said = describe_score("f1", {"f1": {"value": 0.5}}, rows=2, task=task)
    assert said == "Its F1 is 0.500 over 2 test rows it had never seen."
