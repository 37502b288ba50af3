"""ReLU or GELU in place of a saturating activation."""

from collections.abc import Iterator

from netwright.plan.plan import Plan
from netwright.repair.remedy import always, remedy
from netwright.repair.sizes import setting
from netwright.watch.trace import Trace

__all__ = ["relu_activation"]


@remedy(
    "relu-activation",
    advice=(
        "Use nn.ReLU() or nn.GELU() between the layers in place of nn.Sigmoid() and "
        "nn.Tanh(), with He initialisation."
    ),
    intervention=always("relu-inside"),
)
def relu_activation(plan: Plan, trace: Trace) -> Iterator[Plan]:
    """Replaces the activation by ReLU or GELU: their derivative is 1 where a unit is on, while a
    sigmoid's is at most 1/4 and next to 0 at its ends. The start is matched to it.

    Glorot, Bordes and Bengio 2011, "Deep Sparse Rectifier Neural Networks".
    """
    now = setting(plan, "activation")
    for name in ("relu", "gelu"):
        if now is not None and now != name:
            changes = {"net.activation": name, "recipe.init": "auto"}
            yield plan.with_(changes, why="its derivative is 1 where a unit is on")
