"""Less regularisation: nothing holds the net back from fitting."""

from collections.abc import Iterator

from netwright.diagnose.finding import Finding
from netwright.plan.plan import Plan
from netwright.repair.remedy import Dose, remedy
from netwright.repair.sizes import setting
from netwright.watch.intervene import Intervention
from netwright.watch.trace import Trace

__all__ = ["less_regularization"]

PENALTIES = ("weight_decay", "l1", "l2", "label_smoothing")


def _live(finding: Finding, trace: Trace) -> Iterator[Dose]:
    for factor in (0.1, 0.0):
        yield (Intervention("scale-dropout", {"factor": factor}),)
    yield (
        Intervention("scale-dropout", {"factor": 0.0}),
        Intervention("scale-weight-decay", {"factor": 0.0}),
    )


@remedy(
    "less-regularization",
    advice=(
        "Lower dropout, weight decay, label smoothing and augmentation until the net fits its "
        "training rows; then raise them as validation asks for it."
    ),
    intervention=_live,
)
def less_regularization(plan: Plan, trace: Trace) -> Iterator[Plan]:
    """Divides dropout, decay, penalties and smoothing by ten, or leaves them out."""
    for factor, words in ((0.1, "a tenth of"), (0.0, "without")):
        changes = {
            f"recipe.{name}": getattr(plan.recipe, name) * factor
            for name in PENALTIES
            if getattr(plan.recipe, name) > 0
        }
        if setting(plan, "dropout"):
            changes["net.dropout"] = round(setting(plan, "dropout") * factor, 3)
        if changes:
            yield plan.with_(changes, why=f"{words} what held it back")
