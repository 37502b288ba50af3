"""How much of the target a column explains alone."""

import numpy as np

from netwright.quality.giveaway import GIVES_AWAY, explained_shares

RNG = np.random.default_rng(0)


def test_a_copy_explains_all_and_noise_nothing() -> None:
    y = RNG.integers(0, 4, 1000)
    noise, copy = RNG.normal(size=1000), (y * 2.0 + 1).astype(np.float64)
    codes = (y + 1) % 4
    shares = explained_shares([noise, copy, codes], y, classes=True)
    assert shares[0] < 0.1 and min(shares[1:]) == 1.0 > GIVES_AWAY


def test_a_monotone_function_of_a_number_explains_it() -> None:
    y = RNG.normal(size=4000)
    shares = explained_shares([np.exp(y), y + RNG.normal(size=4000)], y, classes=False)
    assert shares[0] > GIVES_AWAY > 0.6 > shares[1] > 0.3
