"""Skip connections: each block adds to what it was given."""

from collections.abc import Iterator

from netwright.plan.plan import Plan
from netwright.repair.remedy import remedy
from netwright.watch.trace import Trace

__all__ = ["add_skip_connections"]

SKIPPING = {"mlp": "highway", "cnn": "resnet", "fcn": "series-resnet"}


@remedy(
    "add-skip-connections",
    advice=(
        "Add a block's input to its output, x + f(x), wherever their shapes agree "
        "(nn.Identity or a 1x1 convolution where not)."
    ),
)
def add_skip_connections(plan: Plan, trace: Trace) -> Iterator[Plan]:
    """Takes the family's net with skip connections in place of the plain one, so that gradients
    reach the first layers undiminished.

    He, Zhang, Ren and Sun 2016, arXiv:1512.03385; Srivastava et al. 2015, arXiv:1505.00387.
    """
    other = SKIPPING.get(plan.net["name"])
    if other is not None:
        yield plan.with_(
            {"net.name": other}, why="skip connections carry the gradient to its start"
        )
