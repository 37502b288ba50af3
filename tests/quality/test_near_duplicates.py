"""Copies with noise stand out from neighbours by nature."""

import numpy as np
import pytest

from netwright.quality.near_duplicates import find_near_twins

RNG = np.random.default_rng(0)


@pytest.mark.parametrize("columns", [4, 300])
def test_noisy_copies_are_found_at_their_places(columns: int) -> None:
    train = RNG.normal(size=(500, columns)).astype(np.float32)
    other = RNG.normal(size=(100, columns)).astype(np.float32)
    other[20:30] = train[40:50] + 1e-4 * RNG.normal(size=(10, columns))
    found = find_near_twins(train, other)
    assert found is not None
    assert found.other.tolist() == list(range(20, 30))
    assert found.train.tolist() == list(range(40, 50))
    assert found.expected < 0.5


def test_the_dimension_is_that_of_the_data() -> None:
    flat = RNG.normal(size=(2000, 2)) @ RNG.normal(size=(2, 8))
    found = find_near_twins(flat[:1500].astype(np.float32), flat[1500:].astype(np.float32))
    assert found is not None and 1.7 < found.dimension < 2.3


def test_rows_that_differ_in_one_column_are_no_copies() -> None:
    train = RNG.normal(size=(300, 6)).astype(np.float32)
    other = train[:50].copy()
    other[:, 3] += 1e-4
    found = find_near_twins(train, other)
    assert found is not None and not len(found.other)


def test_equal_rows_are_left_to_their_own_check() -> None:
    train = RNG.normal(size=(300, 6)).astype(np.float32)
    found = find_near_twins(train, train[:20])
    assert found is not None and not len(found.other)


def test_few_rows_say_nothing() -> None:
    train = RNG.normal(size=(20, 6)).astype(np.float32)
    assert find_near_twins(train, train) is None
