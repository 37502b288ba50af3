"""Equal rows have equal keys, and chance is reckoned right."""

import numpy as np
import pytest

from netwright.quality.duplicates import find_twins, match_probability, row_keys

RNG = np.random.default_rng(0)


def test_keys_see_every_array_and_its_order() -> None:
    x, ids = np.array([[0.0, 1.0], [-0.0, 1.0], [1.0, 0.0]]), np.array([[1], [1], [1]])
    keys = row_keys(x, ids)
    assert keys[0] == keys[1] and keys[0] != keys[2]
    assert row_keys(x, np.array([[1], [2], [1]]))[1] != keys[0]


def test_twins_are_matched_row_by_row() -> None:
    train, other = np.array([5, 7, 5, 9], np.uint64), np.array([1, 9, 5], np.uint64)
    found = find_twins(train, other)
    assert found.other.tolist() == [1, 2] and found.train.tolist() == [3, 0]
    assert found.share == pytest.approx(2 / 3) and found.distinct == 0.75


def test_no_rows_have_no_twins() -> None:
    none = np.empty(0, dtype=np.uint64)
    assert find_twins(none, np.array([1], np.uint64)).share == 0.0
    assert find_twins(np.array([1], np.uint64), none).share == 0.0


def test_chance_of_a_match_is_what_counting_gives() -> None:
    columns = [RNG.integers(0, k, 2000) for k in (2, 3)]
    pairs = RNG.integers(0, 2000, (20_000, 2))
    same = np.all([c[pairs[:, 0]] == c[pairs[:, 1]] for c in columns], axis=0).mean()
    assert match_probability(columns) == pytest.approx(same, abs=0.02)
