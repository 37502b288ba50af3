"""A robust loss: a wild target pulls no harder than a tame one."""

from collections.abc import Iterator

from netwright.plan.plan import Plan
from netwright.repair.remedy import always, remedy
from netwright.watch.trace import Trace

__all__ = ["robust_loss"]


@remedy(
    "robust-loss",
    advice="Use nn.HuberLoss or nn.SmoothL1Loss in place of nn.MSELoss.",
    intervention=always("robust-loss"),
)
def robust_loss(plan: Plan, trace: Trace) -> Iterator[Plan]:
    """Takes Huber's loss or the absolute error in place of the squared one, whose gradient grows
    with the error.

    Huber 1964, "Robust Estimation of a Location Parameter".
    """
    if plan.objective.get("loss") == "mse":
        for loss in ("huber", "mae"):
            yield plan.with_({"objective.loss": loss}, why="a wild target pulls no harder")
