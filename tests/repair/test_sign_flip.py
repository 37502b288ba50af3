"""The test against brute force over every sign, and the interval against the test."""

from itertools import product

import numpy as np
import pytest

from netwright.errors import UsageError
from netwright.repair.sign_flip import LEVEL, compare_paired


def by_brute_force(differences: np.ndarray) -> float:
    ways = [np.dot(signs, differences) for signs in product([1, -1], repeat=len(differences))]
    return float(np.mean(np.asarray(ways) >= differences.sum() - 1e-12))


@pytest.mark.parametrize("count", [1, 2, 5, 8, 10])
def test_p_is_the_share_of_signs_that_are_as_good(count: int) -> None:
    rng = np.random.default_rng(count)
    for shift in (-0.5, 0.0, 0.5, 2.0):
        remedy, control = rng.normal(shift, 1, count), rng.normal(0, 1, count)
        found = compare_paired(remedy, control, higher_is_better=True)
        assert found.p_value == pytest.approx(by_brute_force(remedy - control))
        assert found.difference == pytest.approx((remedy - control).mean())
        lower = compare_paired(-remedy, -control, higher_is_better=False)
        assert lower == found


def test_five_of_five_prove_and_four_of_five_do_not() -> None:
    control = [0.5] * 5
    assert compare_paired([0.6] * 5, control, higher_is_better=True).p_value == 1 / 32
    four = compare_paired([0.9, 0.9, 0.9, 0.9, 0.49], control, higher_is_better=True)
    assert four.p_value == 2 / 32 and not four.proved
    tied = compare_paired([0.9, 0.9, 0.9, 0.9, 0.5], control, higher_is_better=True)
    assert tied.p_value == 2 / 32 and not tied.proved
    assert not compare_paired(control, control, higher_is_better=True).proved


def test_what_is_worse_is_never_proved() -> None:
    rng = np.random.default_rng(0)
    for _ in range(200):
        remedy, control = rng.normal(size=6), rng.normal(size=6)
        found = compare_paired(remedy, control, higher_is_better=True)
        assert found.proved == (found.p_value <= LEVEL) == (found.low > 0)
        if remedy.mean() <= control.mean():
            assert not found.proved


def test_the_interval_holds_what_the_test_does_not_reject() -> None:
    rng = np.random.default_rng(1)
    control = rng.normal(size=7)
    remedy = control + rng.normal(1, 0.5, 7)
    found = compare_paired(remedy, control, higher_is_better=True)
    assert found.low < found.difference < found.high and found.confidence >= 0.9

    def rejected(shift: float) -> bool:
        above = compare_paired(remedy - shift, control, higher_is_better=True)
        below = compare_paired(remedy - shift, control, higher_is_better=False)
        return above.proved or below.proved

    for end, outside in ((found.low, -1e-6), (found.high, 1e-6)):
        assert rejected(end + outside) and not rejected(end - outside)


def test_five_differences_span_their_interval() -> None:
    found = compare_paired([1, 2, 3, 4, 5], [0] * 5, higher_is_better=True)
    assert (found.low, found.high, found.confidence) == (1, 5, 1 - 2 / 32)


@pytest.mark.parametrize(
    ("remedy", "control"), [([], []), ([1.0], [1.0, 2.0]), ([float("nan")] * 5, [1.0] * 5)]
)
def test_what_cannot_be_compared_is_an_error(remedy: list[float], control: list[float]) -> None:
    with pytest.raises(UsageError, match="expected"):
        compare_paired(remedy, control, higher_is_better=True)
