"""The numerically stable form of an operation."""

from collections.abc import Iterator

from netwright.plan.plan import Plan
from netwright.repair.remedy import always, remedy
from netwright.watch.trace import Trace

__all__ = ["stable_operation"]


@remedy(
    "stable-operation",
    advice=(
        "Use log_softmax, cross_entropy and binary_cross_entropy_with_logits on raw outputs, "
        "logsumexp, log1p, expm1 and clamp(min=...) before a logarithm, square root or "
        "division."
    ),
    intervention=always("stable-operations", epsilon=1e-07),
)
def stable_operation(plan: Plan, trace: Trace) -> Iterator[Plan]:
    """Replaces a logarithm, exponential, root or quotient by the form that is finite everywhere.
    The catalogue's nets and losses are written so; in a loop of one's own it is a change of
    code.
    """
    yield from ()
