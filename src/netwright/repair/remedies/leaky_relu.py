"""Leaky ReLU: units that are off still have a gradient, and can come back."""

from collections.abc import Iterator

from netwright.plan.plan import Plan
from netwright.repair.remedy import always, remedy
from netwright.repair.sizes import setting
from netwright.watch.trace import Trace

__all__ = ["leaky_relu"]


@remedy(
    "leaky-relu",
    advice="Replace nn.ReLU() by nn.LeakyReLU(0.01) or nn.GELU().",
    intervention=always("leaky-relu"),
)
def leaky_relu(plan: Plan, trace: Trace) -> Iterator[Plan]:
    """Replaces the activation by one whose gradient is never 0: Leaky ReLU, or GELU.

    Maas, Hannun and Ng 2013; Hendrycks and Gimpel 2016, arXiv:1606.08415.
    """
    now = setting(plan, "activation")
    for name in ("leaky-relu", "gelu"):
        if now is not None and now != name:
            yield plan.with_({"net.activation": name}, why="no unit is without a gradient")
