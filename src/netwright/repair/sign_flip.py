"""The exact one-sided sign-flip test over paired seeds, and the interval that belongs to it.

If a remedy did nothing, each difference (remedy minus control, same seed) would be as likely to
have the other sign. p is the share of all 2^n ways to set the signs whose mean is at least the
observed one: five of five better give 1/32 = .031, and fewer than five seeds prove nothing at 5 %.

The interval is the test turned around: all shifts that it would not reject on either side. Its ends
are ordered means of subsets of the differences (Hartigan 1969, "Using subsample values as typical
values", JASA 64): its lower end is above 0 exactly where p is within the level.

Fisher 1935, "The Design of Experiments", section 21; Pitman 1937.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from netwright.errors import UsageError

__all__ = ["FEWEST_SEEDS", "LEVEL", "MOST_SEEDS", "Paired", "compare_paired"]

LEVEL = 0.05
FEWEST_SEEDS = 5  # 2^-5 is the first power within the level
MOST_SEEDS = 16  # all 65,536 ways to set the signs are looked at
ROUNDING = 1e-9  # of the largest difference: sums that are 0 but for rounding are ties


@dataclass(frozen=True, kw_only=True)
class Paired:
    """A remedy beside its control. difference: the mean, above 0 is better. low, high: the interval
    of it, which holds the true one with a probability of `confidence`. p_value: one-sided."""

    difference: float
    low: float
    high: float
    confidence: float
    p_value: float

    @property
    def proved(self) -> bool:
        """Whether the remedy is better beyond chance; never where it is worse."""
        return self.p_value <= LEVEL and self.difference > 0


def compare_paired(
    remedy: Sequence[float], control: Sequence[float], *, higher_is_better: bool
) -> Paired:
    """Compare the scores of a remedy with those of its control, one of each a seed."""
    if len(remedy) != len(control) or not 1 <= len(remedy) <= MOST_SEEDS:
        raise UsageError(
            f"{len(remedy)} scores and {len(control)} of the control were given; expected one of "
            f"each a seed, and 1 to {MOST_SEEDS} seeds."
        )
    sign = 1.0 if higher_is_better else -1.0
    differences = sign * (np.asarray(remedy, dtype=float) - np.asarray(control, dtype=float))
    if not np.isfinite(differences).all():
        raise UsageError(
            f"Some of the scores {list(remedy)} and {list(control)} are not finite; expected a "
            "number a seed. Give a run that failed the score of a constant answer."
        )
    means = _subset_means(differences)
    ways = len(means) + 1  # with the empty subset: no sign flipped
    # To flip the signs of a subset keeps the mean at least as large where its own mean is not > 0.
    tie = ROUNDING * float(np.abs(differences).max())
    within = int(LEVEL * ways)  # ways that may be as good by chance
    end = max(within, 1) - 1
    return Paired(
        difference=float(differences.mean()),
        low=float(means[end]),
        high=float(means[-1 - end]),
        confidence=1 - 2 * (end + 1) / ways,
        p_value=(1 + int((means <= tie).sum())) / ways,
    )


def _subset_means(values: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the means of all non-empty subsets, ascending."""
    sums, counts = np.zeros(1), np.zeros(1)
    for value in values:
        sums = np.concatenate([sums, sums + value])
        counts = np.concatenate([counts, counts + 1])
    means: NDArray[np.float64] = np.sort(sums[1:] / counts[1:])
    return means
