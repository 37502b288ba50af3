"""Numbers for people."""

import pytest

from netwright.report.words import (
    duration,
    interval,
    metric_in_words,
    metric_title,
    number,
    plural,
    shorten,
    spell,
)


@pytest.mark.parametrize(
    ("value", "words"),
    [
        (0.98888, "0.989"),
        (0.99968, "0.9997"),  # not 1.000: three rows in ten thousand are wrong
        (0.9999999, "1.000"),
        (1.0, "1.000"),
        (1, "1"),
        (0.0, "0"),
        (0.0473, "0.0473"),
        (0.008, "0.0080"),
        (0.00042, "0.00042"),
        (48213, "48,213"),
        (48213.4, "48,213"),
        (-3.14159, "-3.142"),
        (float("nan"), "–"),
        (None, "–"),
    ],
)
def test_number(value: float | None, words: str) -> None:
    assert number(value) == words


def test_interval_has_the_places_of_its_score() -> None:
    assert interval({"value": 0.989, "low": 0.9778, "high": 1.0}) == "0.978 to 1.000"
    assert interval({"value": 0.0104, "low": 0.0064, "high": 0.0144}) == "0.0064 to 0.0144"
    assert interval({"value": 48213.0, "low": 47000.0, "high": 49000.0}) == "47,000 to 49,000"
    assert interval({"value": 0.5, "low": None, "high": None}) == "–"


@pytest.mark.parametrize(
    ("seconds", "words"),
    [(8.43, "8.4 s"), (59.7, "1 min 0 s"), (72, "1 min 12 s"), (7500, "2 h 5 min")],
)
def test_duration(seconds: float, words: str) -> None:
    assert duration(seconds) == words


def test_small_words() -> None:
    assert metric_title("roc_auc") == "ROC AUC"
    assert metric_title("my_own") == "My own"
    assert (metric_title("map50"), metric_title("map")) == ("mAP@.5", "mAP@[.5:.95]")
    asked = ("accuracy", "log_loss", "roc_auc", "f1", "mape", "brier", "map50", "my_own")
    assert [metric_in_words(name) for name in asked] == [
        "accuracy", "log loss", "ROC AUC", "F1", "MAPE", "Brier score", "mAP@.5", "my own",
    ]  # fmt: skip
    assert plural(1, "epoch") == "1 epoch"
    assert plural(1200, "class", "classes") == "1,200 classes"
    assert shorten("a  b\nc", 10) == "a b c"
    assert shorten("abcdefghij", 5) == "abcd…"
    assert spell([0.1, True, None]) == "0.1, yes, none"
