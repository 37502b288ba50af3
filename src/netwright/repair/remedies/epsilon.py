"""A larger epsilon in the optimiser's denominator."""

from collections.abc import Iterator

from netwright.plan.plan import Plan
from netwright.repair.remedy import always, remedy
from netwright.watch.trace import Trace

__all__ = ["epsilon"]

ADAPTIVE = ("adagrad", "rmsprop", "adam", "adamw", "muon")


@remedy(
    "epsilon",
    advice=(
        "Pass eps=1e-6 or more to Adam and its kin, and add an epsilon under square roots and "
        "in denominators of your own."
    ),
    intervention=always("stable-operations", epsilon=0.0001),
)
def epsilon(plan: Plan, trace: Trace) -> Iterator[Plan]:
    """Makes the optimiser's epsilon 1e-6 or 1e-4: with next to no gradient Adam divides by it.

    Kingma and Ba 2015, arXiv:1412.6980.
    """
    if plan.recipe.optimizer in ADAPTIVE:
        for eps in (1e-6, 1e-4):
            if plan.recipe.eps < eps:
                yield plan.with_({"recipe.eps": eps}, why="no step divides by next to nothing")
