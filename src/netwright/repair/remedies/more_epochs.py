"""More epochs: training goes on while validation still improves."""

from collections.abc import Iterator

from netwright.diagnose.finding import Finding
from netwright.plan.plan import Plan
from netwright.repair.epochs_loop import epochs_loop
from netwright.repair.remedy import Dose, remedy
from netwright.watch.intervene import Intervention
from netwright.watch.trace import Trace

__all__ = ["more_epochs"]


def _live(finding: Finding, trace: Trace) -> Iterator[Dose]:
    file, _, line = trace.text("line", "step").rpartition(":")
    lines = epochs_loop(file, int(line)) if file else None
    if lines is not None:
        values = {"file": file, "first": lines[0], "last": lines[1], "factor": 3}
        yield (Intervention("longer-loop", values, late=True),)


@remedy(
    "more-epochs",
    advice=(
        "Train for three times as many epochs, with early stopping; stretch the schedule with them."
    ),
    intervention=_live,
)
def more_epochs(plan: Plan, trace: Trace) -> Iterator[Plan]:
    """Trains for three and ten times as many epochs. That costs as many times as much: such a
    proof is not one at equal budget.
    """
    for factor in (3, 10):
        epochs = plan.recipe.epochs * factor
        yield plan.with_({"recipe.epochs": epochs}, why=f"{factor} times as many epochs")
