"""More epochs: training goes on while validation still improves."""

from collections.abc import Iterator

from netwright.plan.plan import Plan
from netwright.repair.remedy import remedy
from netwright.watch.trace import Trace

__all__ = ["more_epochs"]


@remedy(
    "more-epochs",
    advice=(
        "Train for three times as many epochs, with early stopping; stretch the schedule with them."
    ),
)
def more_epochs(plan: Plan, trace: Trace) -> Iterator[Plan]:
    """Trains for three and ten times as many epochs. That costs as many times as much: such a
    proof is not one at equal budget.
    """
    for factor in (3, 10):
        epochs = plan.recipe.epochs * factor
        yield plan.with_({"recipe.epochs": epochs}, why=f"{factor} times as many epochs")
