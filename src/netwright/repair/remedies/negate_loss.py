"""The loss with the sign that falls as the net gets better."""

from collections.abc import Iterator

from netwright.plan.plan import Plan
from netwright.repair.remedy import always, remedy
from netwright.watch.trace import Trace

__all__ = ["negate_loss"]


@remedy(
    "negate-loss",
    advice=(
        "Call backward on the loss itself, not on its negative; drop maximize=True from the "
        "optimizer."
    ),
    # What falls while the net gets worse cannot judge itself: to the proof at once.
    intervention=always("scale-loss", late=True, factor=-1.0),
)
def negate_loss(plan: Plan, trace: Trace) -> Iterator[Plan]:
    """Lets the optimizer, which goes downhill, go towards right answers. Our losses all fall as
    the net gets better; in a loop of one's own it is a change of code.

    PyTorch, torch.optim: `maximize`.
    """
    yield from ()
