"""Weight decay: weights that nothing holds up shrink."""

from collections.abc import Iterator

from netwright.diagnose.finding import Finding
from netwright.plan.plan import Plan
from netwright.repair.remedy import Dose, remedy
from netwright.watch.intervene import Intervention
from netwright.watch.trace import Trace

__all__ = ["weight_decay"]


def _live(finding: Finding, trace: Trace) -> Iterator[Dose]:
    for value in (1e-3, 1e-2, 1e-1):
        yield (Intervention("set-weight-decay", {"value": value}, late=True),)


@remedy(
    "weight-decay",
    advice=(
        "Use torch.optim.AdamW(..., weight_decay=0.1), or weight_decay=5e-4 with SGD, on "
        "matrices and not on biases and norms."
    ),
    late=True,
    intervention=_live,
)
def weight_decay(plan: Plan, trace: Trace) -> Iterator[Plan]:
    """Decays the weights more strongly: 0.1 and 1 where decay is decoupled from the gradient
    (AdamW, Muon), 5e-4 and 5e-3 where it is an L2 penalty.

    Loshchilov and Hutter 2019, arXiv:1711.05101.
    """
    decoupled = plan.recipe.optimizer in ("adamw", "muon")
    for decay in (0.1, 1.0) if decoupled else (5e-4, 5e-3):
        if plan.recipe.weight_decay < decay:
            yield plan.with_({"recipe.weight_decay": decay}, why="weights nothing holds up shrink")
