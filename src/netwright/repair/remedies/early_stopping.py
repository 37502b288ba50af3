"""Early stopping: training ends where validation is best, and those weights are kept."""

from collections.abc import Iterator

from netwright.plan.plan import Plan
from netwright.repair.remedy import remedy
from netwright.watch.trace import Trace

__all__ = ["early_stopping"]


@remedy(
    "early-stopping",
    advice=(
        "Judge on validation rows after each epoch, copy the weights when they are the best "
        "so far, stop after some epochs without a better one and load them back."
    ),
    late=True,
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
