"""Reducing over the right axis: samples are the first one."""

from collections.abc import Iterator

from netwright.plan.plan import Plan
from netwright.repair.remedy import always, remedy
from netwright.watch.trace import Trace

__all__ = ["right_axis"]


@remedy(
    "right-axis",
    advice=(
        "Give softmax, mean, std and norms the features' axis (dim=-1), and sequence "
        "layers batch_first=True where the batch comes first."
    ),
    intervention=always("softmax-of-row", late=True),
)
def right_axis(plan: Plan, trace: Trace) -> Iterator[Plan]:
    """Keeps samples apart, so that each one's answer is its own. The nets of the catalogue do; in
    a net of one's own it is a change of code.

    PyTorch, torch.nn.Softmax: dim.
    """
    yield from ()
