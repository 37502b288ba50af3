"""A balanced metric: every class counts alike in what is reported."""

from collections.abc import Iterator

from netwright.plan.plan import Plan
from netwright.repair.remedy import remedy
from netwright.watch.trace import Trace

__all__ = ["balanced_metric"]


@remedy(
    "balanced-metric",
    advice=(
        "Judge by balanced accuracy, macro F1 or the area under the precision-recall curve in "
        "place of accuracy; with netwright: --metric balanced_accuracy."
    ),
)
def balanced_metric(plan: Plan, trace: Trace) -> Iterator[Plan]:
    """Changes no training, but what is looked at: with a class of one row in fifty, always calling
    the other one is right for 98 %. Not part of a plan: it is given to fit as `metric`.
    """
    yield from ()
