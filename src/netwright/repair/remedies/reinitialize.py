"""Weights drawn anew, so that signals keep their size from layer to layer."""

from collections.abc import Iterator

from netwright.plan.plan import Plan
from netwright.repair.remedy import always, remedy
from netwright.watch.trace import Trace

__all__ = ["reinitialize"]


@remedy(
    "reinitialize",
    advice=(
        "Initialise for the activation: nn.init.kaiming_normal_ before ReLU and its kin, "
        "nn.init.xavier_uniform_ before tanh and sigmoid, and zero biases. Never equal weights."
    ),
    intervention=always("reinitialize"),
)
def reinitialize(plan: Plan, trace: Trace) -> Iterator[Plan]:
    """Draws the first weights by the scheme that fits the activation (He, Xavier or LeCun), with
    zero biases; where that was so already, orthogonal ones, which keep lengths exactly.

    He et al. 2015, arXiv:1502.01852; Glorot and Bengio 2010; Saxe et al. 2014, arXiv:1312.6120.
    """
    if plan.recipe.init != "auto":
        yield plan.with_({"recipe.init": "auto"}, why="keeps the signal's size for its activation")
    yield plan.with_({"recipe.init": "orthogonal"}, why="keeps lengths exactly, however deep")
