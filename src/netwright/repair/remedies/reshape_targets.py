"""Giving predictions and targets one shape."""

from collections.abc import Iterator

from netwright.plan.plan import Plan
from netwright.repair.remedy import always, remedy
from netwright.watch.trace import Trace

__all__ = ["reshape_targets"]


@remedy(
    "reshape-targets",
    advice=(
        "Use net(x).squeeze(1) for targets (N,), or targets.unsqueeze(1) for predictions (N, 1)."
    ),
    intervention=always("reshape-targets"),
)
def reshape_targets(plan: Plan, trace: Trace) -> Iterator[Plan]:
    """Compares each prediction with its own target. Objectives check the shapes; in a loop of
    one's own it is a change of code.

    PyTorch, "Broadcasting semantics".
    """
    yield from ()
