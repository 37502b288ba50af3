"""Cross-entropy, for classes."""

from collections.abc import Iterator

from netwright.plan.plan import Plan
from netwright.repair.remedy import always, remedy
from netwright.watch.trace import Trace

__all__ = ["cross_entropy_loss"]


@remedy(
    "cross-entropy-loss",
    advice=(
        "Give the net one output for each class and use F.cross_entropy(net(x), y) with "
        "whole-numbered y; for yes or no one output and binary_cross_entropy_with_logits."
    ),
    intervention=always("cross-entropy"),
)
def cross_entropy_loss(plan: Plan, trace: Trace) -> Iterator[Plan]:
    """Asks for the right class and for nothing else. A plan's objective is chosen by the task; in
    a loop of one's own it is a change of code.

    Goodfellow, Bengio and Courville 2016, "Deep Learning", 6.2.2.
    """
    yield from ()
