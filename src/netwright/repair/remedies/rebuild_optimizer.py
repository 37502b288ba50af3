"""Making the optimizer from all parameters that are to learn."""

from collections.abc import Iterator

from netwright.plan.plan import Plan
from netwright.repair.remedy import always, remedy
from netwright.watch.trace import Trace

__all__ = ["rebuild_optimizer"]


@remedy(
    "rebuild-optimizer",
    advice=(
        "Make the optimizer after the last change of the net, from net.parameters(); or "
        "call optimizer.add_param_group."
    ),
    intervention=always("hold-all"),
)
def rebuild_optimizer(plan: Plan, trace: Trace) -> Iterator[Plan]:
    """Lets every layer learn. fit makes its optimiser of the whole net; in a loop of one's own it
    is a change of code.

    PyTorch, torch.optim: "Constructing it".
    """
    yield from ()
