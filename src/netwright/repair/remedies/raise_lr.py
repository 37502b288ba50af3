"""A higher learning rate: steps large enough to arrive within the run."""

from collections.abc import Iterator

from netwright.diagnose.finding import Finding
from netwright.plan.plan import Plan
from netwright.repair.remedy import Dose, remedy
from netwright.train.lr_range import USUAL_LR
from netwright.watch.intervene import Intervention
from netwright.watch.trace import Trace

__all__ = ["raise_lr"]

FACTORS = (3, 10, 100)


def _live(finding: Finding, trace: Trace) -> Iterator[Dose]:
    for factor in (3.0, 10.0, 30.0, 100.0):
        yield (Intervention("scale-lr", {"factor": factor}),)


@remedy(
    "raise-lr",
    advice=(
        "Multiply the learning rate by 10 until the first epochs no longer get better, and "
        "step back by 3."
    ),
    intervention=_live,
)
def raise_lr(plan: Plan, trace: Trace) -> Iterator[Plan]:
    """Multiplies the rate by 3, 10 and 100, up to the optimiser's usual one: updates of a
    thousandth of the weights are usual, and far smaller ones do not arrive within the run.
    """
    recipe = plan.recipe
    usual = USUAL_LR[recipe.optimizer]
    if recipe.lr == "auto":
        return
    for factor in FACTORS:
        rate = float(f"{recipe.lr * factor:.3g}")
        if rate <= 3 * usual:
            yield plan.with_({"recipe.lr": rate}, why=f"{factor} times the rate it had")
    if usual > FACTORS[-1] * recipe.lr:
        yield plan.with_({"recipe.lr": usual}, why=f"the usual rate of {recipe.optimizer}")
