"""Shift: inputs or targets that are spread otherwise in one split than in the other.

Numbers are compared by the Kolmogorov-Smirnov distance (the largest gap between the two shares of
rows below a value), codes by the total variation (half the sum of the gaps between shares). A
distance of 0.2 is about what half a standard deviation makes.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

__all__ = ["Shift", "code_shift", "number_shift"]

LEAST = 0.2
# Chance of a larger KS distance is 2 exp(-2 d^2 nm / (n + m)): under 1e-6 beyond this.
BEYOND_CHANCE = 2.7


@dataclass(frozen=True)
class Shift:
    """distance: 0..1. usual: what chance gives at most. train, other: the means of numbers, the
    share of the code that differs most of codes. code: that code."""

    distance: float
    usual: float
    train: float
    other: float
    code: int | None = None

    @property
    def notable(self) -> bool:
        """Whether it is both large and beyond chance."""
        return self.distance > LEAST and self.distance > self.usual


def number_shift(train: NDArray[Any], other: NDArray[Any]) -> Shift:
    """Compare two samples of numbers, (rows,) each; what is not finite is left out."""
    a, b = np.sort(train[np.isfinite(train)]), np.sort(other[np.isfinite(other)])
    if not len(a) or not len(b):
        return Shift(0.0, 1.0, 0.0, 0.0)
    both = np.concatenate([a, b])
    below = [np.searchsorted(x, both, side="right") / len(x) for x in (a, b)]
    distance = float(np.abs(below[0] - below[1]).max())
    usual = BEYOND_CHANCE * float(np.sqrt((len(a) + len(b)) / (len(a) * len(b))))
    return Shift(distance, usual, float(a.mean()), float(b.mean()))


def code_shift(train: NDArray[Any], other: NDArray[Any]) -> Shift:
    """Compare two samples of codes (rows,), integers from 0."""
    size = int(max(train.max(initial=0), other.max(initial=0))) + 1
    counts = [np.bincount(x, minlength=size) for x in (train, other)]
    shares = [c / max(c.sum(), 1) for c in counts]
    gaps = shares[1] - shares[0]
    distance = float(np.abs(gaps).sum() / 2)
    used = int(((counts[0] + counts[1]) > 0).sum())
    if not len(train) or not len(other):
        return Shift(0.0, 1.0, 0.0, 0.0)
    spread = float(np.sqrt((len(train) + len(other)) / (len(train) * len(other))))
    # Of k codes chance alone gives about 0.4 sqrt(k) of the spread; the bound beyond it is KS's.
    usual = (0.4 * float(np.sqrt(used)) + BEYOND_CHANCE) * spread
    worst = int(np.abs(gaps).argmax())
    return Shift(distance, usual, float(shares[0][worst]), float(shares[1][worst]), worst)
