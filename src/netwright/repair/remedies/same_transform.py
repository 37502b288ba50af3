"""One transform, fitted on the training rows, for every row."""

from collections.abc import Iterator

from netwright.plan.plan import Plan
from netwright.repair.remedy import always, remedy
from netwright.watch.trace import Trace

__all__ = ["same_transform"]


@remedy(
    "same-transform",
    advice=(
        "Fit scalers and vocabularies on the training rows once, and apply the same object to "
        "validation and test rows; save it with the net."
    ),
    intervention=always("match-evaluation", late=True),
)
def same_transform(plan: Plan, trace: Trace) -> Iterator[Plan]:
    """Lets the net see new rows as it saw those it learned from. A plan fits its encoders once
    and keeps them in the model; in a script it is a change of code.

    Sculley et al. 2015, "Hidden Technical Debt in Machine Learning Systems" (NeurIPS).
    """
    yield from ()
