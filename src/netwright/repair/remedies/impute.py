"""Imputing missing values from the training rows."""

from collections.abc import Iterator

from netwright.plan.plan import Plan
from netwright.repair.remedy import always, remedy
from netwright.watch.trace import Trace

__all__ = ["impute"]


@remedy(
    "impute",
    advice=(
        "Replace NaN and codes such as -999 by the training rows' median, and add a "
        "column that says where."
    ),
    intervention=always("impute"),
)
def impute(plan: Plan, trace: Trace) -> Iterator[Plan]:
    """Gives the net a harmless number and the knowledge that it was missing. Reading a table does
    so already; in a loop of one's own it is a change of code.

    Little and Rubin 2019, "Statistical Analysis with Missing Data".
    """
    yield from ()
