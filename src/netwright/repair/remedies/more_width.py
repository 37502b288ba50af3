"""A wider net: more units in each hidden layer."""

from collections.abc import Iterator

from netwright.plan.plan import Plan
from netwright.repair.remedy import remedy
from netwright.repair.sizes import widened
from netwright.watch.trace import Trace

__all__ = ["more_width"]


@remedy(
    "more-width",
    advice="Double the widths until the training loss no longer gets better by it.",
)
def more_width(plan: Plan, trace: Trace) -> Iterator[Plan]:
    """Makes the hidden layers two and four times as wide."""
    for factor in (4, 2):
        changes = widened(plan, factor)
        if changes:
            yield plan.with_(changes, why=f"{factor} times as wide: it can express more")
