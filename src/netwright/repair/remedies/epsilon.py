"""A larger epsilon in the optimiser's denominator."""

from collections.abc import Iterator

from netwright.plan.plan import Plan
from netwright.repair.remedy import remedy
from netwright.watch.trace import Trace

__all__ = ["epsilon"]

ADAPTIVE = ("adagrad", "rmsprop", "adam", "adamw", "muon")


@remedy(
    "epsilon",
    advice=(
        "Pass eps=1e-6 or more to Adam and its kin, and add an epsilon under square roots and "
        "in denominators of your own."
    ),
)
def epsilon(plan: Plan, trace: Trace) -> Iterator[Plan]:
    """Makes the optimiser's epsilon a hundred and ten thousand times larger: with next to no
    gradient Adam divides by it.
    """
    if plan.recipe.optimizer in ADAPTIVE:
        for factor in (1e2, 1e4):
            why = "no step divides by next to nothing"
            yield plan.with_({"recipe.eps": plan.recipe.eps * factor}, why=why)
