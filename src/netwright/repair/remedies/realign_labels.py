"""Targets brought back to their rows."""

from collections.abc import Iterator

from netwright.plan.plan import Plan
from netwright.repair.remedy import remedy
from netwright.watch.trace import Trace

__all__ = ["realign_labels"]


@remedy(
    "realign-labels",
    advice=(
        "Shuffle, sort and filter inputs and targets together, and read both with one mapping of "
        "names to class numbers."
    ),
)
def realign_labels(plan: Plan, trace: Trace) -> Iterator[Plan]:
    """Puts each target beside the row it was made for. A plan keeps both in one table; in a script
    it is a change of code.

    Northcutt, Jiang and Chuang 2021, arXiv:1911.00068 (confident learning).
    """
    yield from ()
