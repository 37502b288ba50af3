"""Layers where the net finds them."""

from collections.abc import Iterator

from netwright.plan.plan import Plan
from netwright.repair.remedy import always, remedy
from netwright.watch.trace import Trace

__all__ = ["module_list"]


@remedy(
    "module-list",
    advice=(
        "Hold layers in nn.ModuleList, nn.ModuleDict or nn.Sequential, not in a plain "
        "list, tuple or dict."
    ),
    intervention=always("hold-all"),
)
def module_list(plan: Plan, trace: Trace) -> Iterator[Plan]:
    """Lets parameters(), to() and state_dict() find the layers. The nets of the catalogue do; in a
    net of one's own it is a change of code.

    PyTorch, torch.nn.ModuleList.
    """
    yield from ()
