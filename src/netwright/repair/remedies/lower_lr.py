"""A lower learning rate: steps small enough that the loss follows its gradient."""

from collections.abc import Iterator

from netwright.diagnose.finding import Finding
from netwright.plan.plan import Plan
from netwright.repair.remedy import Dose, remedy
from netwright.train.lr_range import USUAL_LR
from netwright.watch.intervene import Intervention
from netwright.watch.trace import Trace

__all__ = ["lower_lr"]

DIVISORS = (3, 10, 30, 100)
WILD = 100.0  # first updates so many times as large as the weights
WILD_DIVISORS = (10, 100, 1000, 10_000)
FLOOR = 0.03  # of the optimiser's usual rate: lower ones are another fault


def _live(finding: Finding, trace: Trace) -> Iterator[Dose]:
    early = float(finding.evidence.get("update/weight early", 0.0))
    for divisor in WILD_DIVISORS if early > WILD else DIVISORS:
        yield (Intervention("scale-lr", {"factor": 1 / divisor}),)


@remedy(
    "lower-lr",
    advice="Divide the learning rate by 3 until the loss falls smoothly from the first steps on.",
    intervention=_live,
)
def lower_lr(plan: Plan, trace: Trace) -> Iterator[Plan]:
    """Divides the rate by 3, 10, 30, 100, and tries the optimiser's usual one: updates of a
    thousandth of the weights are usual, and beyond a tenth the loss no longer follows its gradient.
    """
    recipe = plan.recipe
    usual = USUAL_LR[recipe.optimizer]
    now = usual if recipe.lr == "auto" else recipe.lr
    for divisor in DIVISORS:
        rate = float(f"{now / divisor:.3g}")
        if rate >= FLOOR * usual:
            yield plan.with_({"recipe.lr": rate}, why=f"1/{divisor} of the rate it had")
    if usual < now / DIVISORS[-1]:
        yield plan.with_({"recipe.lr": usual}, why=f"the usual rate of {recipe.optimizer}")
