"""The mean of a batch's losses in place of their sum."""

from collections.abc import Iterator

from netwright.plan.plan import Plan
from netwright.repair.remedy import always, remedy
from netwright.watch.trace import Trace

__all__ = ["mean_reduction"]


@remedy(
    "mean-reduction",
    advice=("Leave reduction at 'mean', or divide the loss by the number of rows: loss / len(x)."),
    intervention=always("mean-of-rows"),
)
def mean_reduction(plan: Plan, trace: Trace) -> Iterator[Plan]:
    """Makes the size of a step independent of the size of the batch. Our losses are means; in a
    loop of one's own it is a change of code.

    Goyal et al. 2017, arXiv:1706.02677.
    """
    yield from ()
