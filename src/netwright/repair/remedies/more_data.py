"""More data: more rows, or rows like them."""

from collections.abc import Iterator

from netwright.plan.plan import Plan
from netwright.repair.remedy import remedy
from netwright.watch.trace import Trace

__all__ = ["more_data"]


@remedy(
    "more-data",
    advice=(
        "Collect more rows, most of all of what is got wrong; or start from a net trained on "
        "similar data."
    ),
)
def more_data(plan: Plan, trace: Trace) -> Iterator[Plan]:
    """Nothing helps against overfitting as more rows do. It is no change of a plan."""
    yield from ()
