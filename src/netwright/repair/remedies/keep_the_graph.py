"""Keeping the graph from the net to the loss."""

from collections.abc import Iterator

from netwright.diagnose.finding import Finding
from netwright.plan.plan import Plan
from netwright.repair.remedy import Dose, remedy
from netwright.watch.intervene import Intervention
from netwright.watch.trace import Trace

__all__ = ["keep_the_graph"]


def _live(finding: Finding, trace: Trace) -> Iterator[Dose]:
    yield (Intervention("keep-graph"),)
    yield (Intervention("keep-graph", {"everywhere": True}),)


@remedy(
    "keep-the-graph",
    advice=(
        "Give the loss the net's own output: no detach(), .data, .item(), .numpy() or "
        "torch.tensor(...) on the way, and no argmax."
    ),
    intervention=_live,
)
def keep_the_graph(plan: Plan, trace: Trace) -> Iterator[Plan]:
    """Lets gradients reach what is to learn. Objectives do so; in a loop of one's own it is a
    change of code.

    PyTorch, "Autograd mechanics".
    """
    yield from ()
