"""Hyperband inside a pack: at some epochs, its rungs, only the better third goes on.

Bracket s of Hyperband (Li 2018, arXiv:1603.06560) has its rungs at R/3^s, ..., R/3 of R epochs;
bracket 0 drops nobody. A trial belongs to a bracket by its number, the eager ones to more trials,
as Hyperband weighs them. At a rung the members of a pack that reach it together are judged against
each other and against all that reached it before (ASHA, Li 2020, arXiv:1810.05934), so packs and
workers share one ladder. Different from both: who is dropped is not taken up again.
"""

import random
from collections.abc import Mapping, Sequence

__all__ = ["bracket_of", "brackets", "losers"]

REDUCTION = 3  # eta: the share that goes on is a third, as the paper advises


def brackets(epochs: int) -> list[list[int]]:
    """Return each bracket's rungs, in epochs done; the last bracket is the most eager."""
    found: list[list[int]] = [[]]
    while epochs / REDUCTION ** len(found) >= 1:
        steps = range(len(found), 0, -1)
        found.append([round(epochs / REDUCTION**step) for step in steps])
    return found


def bracket_of(number: int, count: int) -> int:
    """Return the bracket of a trial: always the same, and Hyperband's shares over many trials."""
    weights = [REDUCTION**s / (s + 1) for s in range(count)]
    return random.Random(number).choices(range(count), weights)[0]


def losers(arrived: Mapping[int, float], before: Sequence[float]) -> set[int]:
    """Return which of the members that arrived at a rung are dropped. arrived: member -> score,
    larger is better; before: the scores of those that reached it earlier."""
    everybody = sorted([*arrived.values(), *before], reverse=True)
    places = max(len(everybody) // REDUCTION, 1)
    bar = everybody[places - 1]
    return {member for member, score in arrived.items() if score < bar}
