"""Full precision: float32 throughout."""

from collections.abc import Iterator

from netwright.plan.plan import Plan
from netwright.repair.remedy import remedy
from netwright.watch.trace import Trace

__all__ = ["full_precision"]


@remedy(
    "full-precision",
    advice=(
        "Leave autocast out, or keep norms, softmax and losses in float32; with float16 use "
        "torch.amp.GradScaler."
    ),
)
def full_precision(plan: Plan, trace: Trace) -> Iterator[Plan]:
    """Computes in float32: half precision overflows beyond 65,504 and loses what is small.

    Micikevicius et al. 2018, arXiv:1710.03740.
    """
    if plan.recipe.precision != "float32":
        yield plan.with_(
            {"recipe.precision": "float32"}, why="nothing overflows or is rounded away"
        )
