"""Clearing the gradients before each step's first backward."""

from collections.abc import Iterator

from netwright.plan.plan import Plan
from netwright.repair.remedy import always, remedy
from netwright.watch.trace import Trace

__all__ = ["insert_zero_grad"]


@remedy(
    "insert-zero-grad",
    advice="Call optimizer.zero_grad() once a step, before backward().",
    intervention=always("zero-grad"),
)
def insert_zero_grad(plan: Plan, trace: Trace) -> Iterator[Plan]:
    """Makes a step use the gradient of its own batch alone. netwright's own loop does so; in a
    loop of one's own it is a line.

    PyTorch, torch.optim.Optimizer.zero_grad.
    """
    yield from ()
