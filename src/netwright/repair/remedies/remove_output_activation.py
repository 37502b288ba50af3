"""Leaving the last function to the loss."""

from collections.abc import Iterator

from netwright.diagnose.finding import Finding
from netwright.plan.plan import Plan
from netwright.repair.remedy import Dose, remedy
from netwright.watch.intervene import Intervention
from netwright.watch.trace import Trace

__all__ = ["remove_output_activation"]


def _live(finding: Finding, trace: Trace) -> Iterator[Dose]:
    yield (Intervention("raw-outputs"),)
    yield (Intervention("logits-of-outputs"),)
    yield Intervention("raw-outputs"), Intervention("raw-binary")
    yield (Intervention("softmax-of-one"),)
    if trace.texts("log.of"):  # a logarithm by hand needs probabilities
        stable = Intervention("stable-operations", {"epsilon": 1e-7})
        yield Intervention("softmax-outputs"), stable


@remedy(
    "remove-output-activation",
    advice=(
        "Let the net end in a linear layer: cross_entropy and "
        "binary_cross_entropy_with_logits apply the softmax or sigmoid themselves, and "
        "regression needs none."
    ),
    intervention=_live,
)
def remove_output_activation(plan: Plan, trace: Trace) -> Iterator[Plan]:
    """Gives the loss the logits, or the free numbers, that it expects. The nets of the catalogue
    end so; in a net of one's own it is a change of code.

    PyTorch, torch.nn.CrossEntropyLoss.
    """
    yield from ()
