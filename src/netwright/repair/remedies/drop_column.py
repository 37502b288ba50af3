"""A column that gives the target away is left out."""

from collections.abc import Iterator

from netwright.plan.plan import Plan
from netwright.repair.remedy import remedy
from netwright.watch.trace import Trace

__all__ = ["drop_column"]


@remedy(
    "drop-column",
    advice=("Drop the column from the inputs: when the net is used, nobody will know it."),
)
def drop_column(plan: Plan, trace: Trace) -> Iterator[Plan]:
    """Takes away what is computed from the target or known only after it. Which column it
    is, the finding says; dropping it is a change of the data.

    Kaufman et al. 2012, "Leakage in Data Mining" (ACM TKDD).
    """
    yield from ()
