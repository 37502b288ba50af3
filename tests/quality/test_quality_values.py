"""What is no number, what never changes, what is a code."""

import numpy as np

from netwright.quality.values import bad_values, constant_columns, far_off_code

RNG = np.random.default_rng(0)


def test_what_is_not_finite_is_counted_where_it_is() -> None:
    x = RNG.normal(size=(10, 2, 3))
    x[4, 1, 2], x[6, 0, 0] = np.nan, -np.inf
    found = bad_values(x)
    assert (found.missing, found.infinite) == (1, 1)
    assert found.rows.tolist() == [4, 6] and found.columns.tolist() == [0, 5]


def test_integers_are_always_finite() -> None:
    assert bad_values(np.arange(6).reshape(3, 2)).count == 0


def test_columns_of_one_value_are_found() -> None:
    x = RNG.normal(size=(5, 3))
    x[:, 1] = 7.0
    assert constant_columns(x).tolist() == [1]


def test_a_repeated_far_value_is_a_code() -> None:
    column = RNG.normal(size=200)
    column[:4] = -999.0
    found = far_off_code(column)
    assert found is not None and found.value == -999.0 and found.share == 0.02


def test_a_tail_an_indicator_and_a_single_outlier_are_none() -> None:
    tail = np.exp(2 * RNG.normal(size=500))
    indicator = (RNG.uniform(size=500) < 0.02).astype(float)
    single = RNG.normal(size=500)
    single[0] = 1e6
    assert far_off_code(tail) is far_off_code(indicator) is far_off_code(single) is None
