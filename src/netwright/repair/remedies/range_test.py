"""A learning-rate range test: the rate at which this net's loss falls fastest."""

from collections.abc import Iterator

from netwright.plan.plan import Plan
from netwright.repair.remedy import remedy
from netwright.watch.trace import Trace

__all__ = ["range_test"]


@remedy(
    "range-test",
    advice=(
        "Train a copy for 100 steps at rates rising from 1e-6 to 1 and take a third of the "
        "rate at which the loss turns up."
    ),
)
def range_test(plan: Plan, trace: Trace) -> Iterator[Plan]:
    """Finds the rate by a range test on a copy before training.

    Smith 2017, arXiv:1506.01186.
    """
    if plan.recipe.lr != "auto":
        yield plan.with_({"recipe.lr": "auto"}, why="found by a range test on a copy")
