"""Distances of samples: what chance makes of them is no shift."""

import numpy as np
import pytest

from netwright.quality.shift import code_shift, number_shift

RNG = np.random.default_rng(0)


def test_distance_of_known_samples() -> None:
    found = number_shift(np.arange(100.0), np.arange(50.0, 150.0))
    assert found.distance == pytest.approx(0.5) and found.notable
    assert (found.train, found.other) == (49.5, 99.5)


def test_half_a_standard_deviation_is_the_least() -> None:
    a = RNG.normal(size=5000)
    assert not number_shift(a, RNG.normal(size=5000) + 0.3).notable
    assert number_shift(a, RNG.normal(size=5000) + 0.8).notable


def test_chance_is_no_shift() -> None:
    for _ in range(50):
        assert not number_shift(RNG.normal(size=200), RNG.normal(size=20)).notable
        many = RNG.integers(0, 150, 300), RNG.integers(0, 150, 60)
        assert not code_shift(*many).notable


def test_shares_of_codes_are_compared() -> None:
    found = code_shift(np.repeat([0, 1], 100), np.repeat([0, 1], [20, 180]))
    assert found.distance == pytest.approx(0.4) and found.notable
    assert found.code in (0, 1)


def test_what_is_missing_is_left_out() -> None:
    a = RNG.normal(size=300)
    b = np.where(RNG.uniform(size=300) < 0.9, RNG.normal(size=300), np.nan)
    assert not number_shift(a, b).notable
    assert not number_shift(a, np.full(10, np.nan)).notable
    assert not code_shift(np.arange(3), np.empty(0, dtype=np.int64)).notable
