"""Imputing missing values from the training rows."""

from collections.abc import Iterator

from netwright.diagnose.finding import Finding
from netwright.plan.plan import Plan
from netwright.repair.remedy import Dose, remedy
from netwright.watch.intervene import Intervention
from netwright.watch.trace import Trace

__all__ = ["impute"]


def _live(finding: Finding, trace: Trace) -> Iterator[Dose]:
    if trace.last("input.sentinel") is not None:
        yield (Intervention("standardize-inputs", {"codes": True}),)
    else:
        yield (Intervention("impute"),)
        yield (Intervention("standardize-inputs"),)


@remedy(
    "impute",
    advice=(
        "Replace NaN and codes such as -999 by the training rows' median, and add a "
        "column that says where."
    ),
    intervention=_live,
)
def impute(plan: Plan, trace: Trace) -> Iterator[Plan]:
    """Gives the net a harmless number and the knowledge that it was missing. Reading a table does
    so already; in a loop of one's own it is a change of code.

    Little and Rubin 2019, "Statistical Analysis with Missing Data".
    """
    yield from ()
