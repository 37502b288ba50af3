"""Suggestions name the nearest option, or all of them."""

from netwright.errors import DataError, TrainingError, UsageError, did_you_mean


def test_the_nearest_name_is_suggested() -> None:
    assert did_you_mean("optimiser", ["optimizer", "lr"]) == " Did you mean 'optimizer'?"


def test_without_a_near_name_all_are_listed() -> None:
    assert did_you_mean("zzz", ["b", "a"]) == " Known: a, b."
    assert did_you_mean("zzz", []) == ""


def test_exit_codes_are_the_contracts() -> None:
    assert [e.exit_code for e in (UsageError, DataError, TrainingError)] == [2, 3, 4]
