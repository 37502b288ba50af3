"""Letting frozen layers learn."""

from collections.abc import Iterator

from netwright.plan.plan import Plan
from netwright.repair.remedy import always, remedy
from netwright.watch.trace import Trace

__all__ = ["unfreeze"]


@remedy(
    "unfreeze",
    advice=(
        "Set requires_grad = True for layers whose weights were not loaded, before the "
        "optimizer is made."
    ),
    intervention=always("unfreeze"),
)
def unfreeze(plan: Plan, trace: Trace) -> Iterator[Plan]:
    """Lets layers that rest learn: at first the head alone, then all. In a loop of one's own it is
    a change of code.

    PyTorch, "Autograd mechanics: setting requires_grad".
    """
    if plan.recipe.freeze not in ("none", "at-first"):
        yield plan.with_({"recipe.freeze": "at-first"}, why="layers that rested learn as well")
