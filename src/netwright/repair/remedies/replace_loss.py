"""The loss that fits the net's output."""

from collections.abc import Iterator

from netwright.diagnose.finding import Finding
from netwright.plan.plan import Plan
from netwright.repair.remedy import Dose, remedy
from netwright.watch.intervene import Intervention
from netwright.watch.trace import Trace

__all__ = ["replace_loss"]


def _live(finding: Finding, trace: Trace) -> Iterator[Dose]:
    yield (Intervention("cross-entropy"),)
    yield Intervention("raw-outputs"), Intervention("cross-entropy")


@remedy(
    "replace-loss",
    advice=(
        "For probabilities use binary_cross_entropy, for log-probabilities nll_loss; for "
        "logits cross_entropy or binary_cross_entropy_with_logits."
    ),
    intervention=_live,
)
def replace_loss(plan: Plan, trace: Trace) -> Iterator[Plan]:
    """Keeps the net and changes what judges it. An objective is chosen by the task; in a loop of
    one's own it is a change of code.

    PyTorch, torch.nn: loss functions.
    """
    yield from ()
