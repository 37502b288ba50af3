"""A smaller net: too small to learn the rows by heart."""

from collections.abc import Iterator

from netwright.plan.plan import Plan
from netwright.repair.remedy import remedy
from netwright.repair.sizes import widened
from netwright.watch.trace import Trace

__all__ = ["smaller_net"]


@remedy(
    "smaller-net",
    advice=(
        "Halve the widths until the training score no longer runs away from the validation score."
    ),
    late=True,
)
def smaller_net(plan: Plan, trace: Trace) -> Iterator[Plan]:
    """Makes the hidden layers half and a quarter as wide."""
    for factor, words in ((0.5, "half"), (0.25, "a quarter")):
        changes = widened(plan, factor)
        if changes:
            yield plan.with_(changes, why=f"{words} of the width: fewer rows fit by heart")
