"""Dropout: no unit can rely on any other one being there."""

from collections.abc import Iterator

from netwright.plan.plan import Plan
from netwright.repair.remedy import remedy
from netwright.repair.sizes import setting
from netwright.watch.trace import Trace

__all__ = ["dropout"]


@remedy(
    "dropout",
    advice=(
        "Put nn.Dropout(0.2) to nn.Dropout(0.5) after hidden layers, and call net.eval() "
        "before validation."
    ),
    late=True,
)
def dropout(plan: Plan, trace: Trace) -> Iterator[Plan]:
    """Leaves out a fifth or half of the hidden units at random in each step.

    Srivastava et al. 2014, "Dropout: A Simple Way to Prevent Neural Networks from Overfitting".
    """
    now = setting(plan, "dropout")
    for share in (0.2, 0.5):
        if now is not None and now < share:
            yield plan.with_({"net.dropout": share}, why="no unit can rely on another one")
