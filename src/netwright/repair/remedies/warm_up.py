"""Warm-up: the rate rises from nothing over the first steps."""

from collections.abc import Iterator

from netwright.diagnose.finding import Finding
from netwright.plan.plan import Plan
from netwright.repair.remedy import Dose, remedy
from netwright.watch.intervene import Intervention
from netwright.watch.trace import Trace

__all__ = ["warm_up"]

SHARE = 0.2  # of all steps


def _live(finding: Finding, trace: Trace) -> Iterator[Dose]:
    steps = len(trace.values("loss"))
    yield (Intervention("warm-up", {"steps": max(steps // 10, 10)}),)


@remedy(
    "warm-up",
    advice=(
        "Raise the learning rate linearly over the first 5 to 20 % of the steps: "
        "torch.optim.lr_scheduler.LinearLR(optimizer, 0.01, total_iters=...) before your "
        "schedule (SequentialLR)."
    ),
    intervention=_live,
)
def warm_up(plan: Plan, trace: Trace) -> Iterator[Plan]:
    """Lets the rate rise over the first fifth of the steps: gradients are largest and Adam's
    averages least sure at the start.

    Goyal et al. 2017, arXiv:1706.02677.
    """
    if plan.recipe.warmup < SHARE:
        yield plan.with_({"recipe.warmup": SHARE}, why="the first gradients are the largest")
