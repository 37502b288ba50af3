"""The mode of each phase."""

from collections.abc import Iterator

from netwright.plan.plan import Plan
from netwright.repair.remedy import always, remedy
from netwright.watch.trace import Trace

__all__ = ["set_mode"]


@remedy(
    "set-mode",
    advice=(
        "Call net.train() before training steps and net.eval() before validation and "
        "prediction, in every epoch."
    ),
    intervention=always("set-mode", late=True),
)
def set_mode(plan: Plan, trace: Trace) -> Iterator[Plan]:
    """Lets dropout and batch norm do in each phase what they are for. fit sets the modes; in a
    loop of one's own it is a line.

    PyTorch, torch.nn.Module.train.
    """
    yield from ()
