"""A deeper net: more layers, each on what the one below found."""

from collections.abc import Iterator

from netwright.plan.plan import Plan
from netwright.repair.remedy import remedy
from netwright.repair.sizes import deepened
from netwright.watch.trace import Trace

__all__ = ["more_depth"]


@remedy(
    "more-depth",
    advice="Add a hidden layer or two, with a normalisation or skip connections beyond five.",
)
def more_depth(plan: Plan, trace: Trace) -> Iterator[Plan]:
    """Adds one and two hidden layers."""
    for more in (1, 2):
        changes = deepened(plan, more)
        if changes:
            yield plan.with_(changes, why="another layer on what the one below found")
