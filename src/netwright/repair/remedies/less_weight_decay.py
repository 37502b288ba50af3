"""Weaker weight decay: the gradient decides, not the decay."""

from collections.abc import Iterator

from netwright.plan.plan import Plan
from netwright.repair.remedy import always, remedy
from netwright.watch.trace import Trace

__all__ = ["less_weight_decay"]


@remedy(
    "less-weight-decay",
    advice=(
        "Divide weight_decay by 10 until the weights keep their size; leave biases and norms "
        "out of it."
    ),
    intervention=always("scale-weight-decay", factor=0.0),
)
def less_weight_decay(plan: Plan, trace: Trace) -> Iterator[Plan]:
    """Divides the decay by 30 and 1000, or leaves it out."""
    decay = plan.recipe.weight_decay
    if decay > 0:
        for divisor in (30, 1000):
            found = float(f"{decay / divisor:.3g}")
            yield plan.with_({"recipe.weight_decay": found}, why=f"1/{divisor} of what it was")
        yield plan.with_({"recipe.weight_decay": 0.0}, why="the gradient alone decides")
