"""Dropping rows whose values cannot be used."""

from collections.abc import Iterator

from netwright.plan.plan import Plan
from netwright.repair.remedy import remedy
from netwright.watch.trace import Trace

__all__ = ["drop_rows"]


@remedy(
    "drop-rows",
    advice="Leave out the rows with NaN, infinity or a code for a missing value; count them.",
)
def drop_rows(plan: Plan, trace: Trace) -> Iterator[Plan]:
    """Trains on what is known, where few rows are concerned. Reading a table says what it drops;
    in a loop of one's own it is a change of code.

    Little and Rubin 2019, "Statistical Analysis with Missing Data".
    """
    yield from ()
