"""Normalisation between the layers: signals keep their size at any depth."""

from collections.abc import Iterator

from netwright.plan.plan import Plan
from netwright.repair.remedy import always, remedy
from netwright.repair.sizes import setting
from netwright.watch.trace import Trace

__all__ = ["add_normalization"]


@remedy(
    "add-normalization",
    advice=(
        "Put nn.BatchNorm1d/2d (batches of 16 rows or more) or nn.LayerNorm after each linear "
        "or convolutional layer, before its activation."
    ),
    intervention=always("normalize-layers"),
)
def add_normalization(plan: Plan, trace: Trace) -> Iterator[Plan]:
    """Puts batch or layer normalisation after each hidden layer, which keeps activations and
    gradients of one size and bears larger steps.

    Ioffe and Szegedy 2015, arXiv:1502.03167; Ba, Kiros and Hinton 2016, arXiv:1607.06450.
    """
    if setting(plan, "norm") == "none":
        for name in ("batch", "layer"):
            yield plan.with_({"net.norm": name}, why="keeps signals of one size at any depth")
