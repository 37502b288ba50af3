"""Early stopping: training ends where validation is best, and those weights are kept."""

from collections.abc import Iterator

from netwright.diagnose.finding import Finding
from netwright.plan.plan import Plan
from netwright.repair.remedy import Dose, remedy
from netwright.watch.intervene import Intervention
from netwright.watch.trace import Trace

__all__ = ["early_stopping"]


def _live(finding: Finding, trace: Trace) -> Iterator[Dose]:
    if finding.step is not None and finding.step > 0:
        yield (Intervention("stop-at-step", {"step": finding.step}, late=True),)


@remedy(
    "early-stopping",
    advice=(
        "Judge on validation rows after each epoch, copy the weights when they are the best "
        "so far, stop after some epochs without a better one and load them back."
    ),
    late=True,
    intervention=_live,
)
def early_stopping(plan: Plan, trace: Trace) -> Iterator[Plan]:
    """Keeps the weights of the best validation epoch and stops after a fifth of the epochs without
    a better one.

    Prechelt 1998, "Early Stopping - But When?".
    """
    patience = max(plan.recipe.epochs // 5, 5)
    changes = {"recipe.keep": "best", "recipe.patience": patience}
    if plan.recipe.keep == "last":
        yield plan.with_(changes, why="ends where the validation rows are served best")
