"""Splitting before anything that copies rows, by groups where rows belong together."""

from collections.abc import Iterator

from netwright.plan.plan import Plan
from netwright.repair.remedy import remedy
from netwright.watch.trace import Trace

__all__ = ["split_first"]


@remedy(
    "split-first",
    advice=("Drop duplicates, then split, then oversample or augment the training part only."),
)
def split_first(plan: Plan, trace: Trace) -> Iterator[Plan]:
    """Makes the validation rows new to the net. In a script it is a change of code.

    Kaufman et al. 2012, "Leakage in Data Mining" (ACM TKDD).
    """
    yield from ()
