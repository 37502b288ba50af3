"""Distributions: draws follow them, grids reach their ends, whole numbers stay whole."""

import random
from typing import Any

import numpy as np
import pytest

import netwright as nw
from netwright.plan.distributions import Distribution, Range
from netwright.plan.space import Space


def draws(found: Distribution, count: int = 4000) -> list[float]:
    rng = random.Random(0)
    return [found.at(rng.random()) for _ in range(count)]


def test_draws_follow_their_distribution() -> None:
    rates = draws(nw.log(1e-4, 1e-1))
    assert abs(np.mean(np.array(rates) < 10**-2.5) - 0.5) < 0.03  # the middle in the logarithm
    decays = draws(nw.zero_or(nw.uniform(0.1, 0.5)))
    assert abs(np.mean(np.array(decays) == 0) - 0.5) < 0.03
    assert all(d == 0 or 0.1 <= d <= 0.5 for d in decays)
    for whole in (draws(nw.integers(1, 4)), draws(nw.choice([1, 2, 3, 4]))):
        counts = np.bincount(whole, minlength=5)
        assert counts[0] == 0 and (abs(counts[1:] / 4000 - 0.25) < 0.03).all()
    widths = draws(nw.integers(16, 512, log=True))
    assert all(type(w) is int and 16 <= w <= 512 for w in widths)
    assert abs(np.mean(np.array(widths) < 90) - 0.5) < 0.03


def test_the_ends_are_reached_and_not_passed() -> None:
    for found in (nw.log(1e-4, 0.3), nw.uniform(-1, 1), nw.integers(1, 7, log=True)):
        assert (found.at(0.0), found.at(1.0)) == pytest.approx((found.low, found.high))


@pytest.mark.parametrize("found", [nw.log(1e-4, 0.3), nw.uniform(-1, 1), nw.integers(1, 99)])
def test_a_quantile_is_found_again(found: Range) -> None:
    value = found.at(0.3)
    assert found.at(found.quantile(value)) == pytest.approx(value)
    assert found.quantile(value) == pytest.approx(0.3, abs=0.01)


@pytest.mark.parametrize(
    ("found", "inside", "outside"),
    [
        (nw.log(1e-3, 1), [1e-3, 1], [0, 2, "auto", True, None]),
        (nw.choice([None, [0.9, 0.99]]), [None, (0.9, 0.99)], [0.9, False]),
        (nw.zero_or(nw.uniform(1, 2)), [0, 1.5], [0.5, None, False]),
    ],
)
def test_what_it_gives(found: Distribution, inside: list[Any], outside: list[Any]) -> None:
    assert all(map(found.gives, inside)) and not any(map(found.gives, outside))


def test_a_grid_has_every_combination_with_the_ends() -> None:
    space = Space({"recipe.lr": nw.log(1e-3, 1e-1), "net.depth": [2, 3]})
    assert [(round(c["recipe.lr"], 9), c["net.depth"]) for c in space.grid(3)] == [
        (0.001, 2), (0.001, 3), (0.01, 2), (0.01, 3), (0.1, 2), (0.1, 3),
    ]  # fmt: skip
    assert [c["a"] for c in Space({"a": nw.integers(1, 3)}).grid(10)] == [1, 2, 3]
    assert [c["a"] for c in Space({"a": nw.zero_or(nw.uniform(1, 2))}).grid(2)] == [0, 1, 2]
