"""Mixing the rows anew in every epoch."""

from collections.abc import Iterator

from netwright.plan.plan import Plan
from netwright.repair.remedy import always, remedy
from netwright.watch.trace import Trace

__all__ = ["shuffle"]


@remedy(
    "shuffle",
    advice=(
        "Give the DataLoader shuffle=True, or draw torch.randperm(len(x)) in every epoch; "
        "not for the validation rows."
    ),
    intervention=always("shuffle"),
)
def shuffle(plan: Plan, trace: Trace) -> Iterator[Plan]:
    """Makes each batch a small picture of all rows. fit draws its batches so; in a loop of one's
    own it is a change of code.

    Bengio 2012, arXiv:1206.5533, section 3.1.
    """
    yield from ()
