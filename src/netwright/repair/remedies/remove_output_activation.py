"""Leaving the last function to the loss."""

from collections.abc import Iterator

from netwright.plan.plan import Plan
from netwright.repair.remedy import remedy
from netwright.watch.trace import Trace

__all__ = ["remove_output_activation"]


@remedy(
    "remove-output-activation",
    advice=(
        "Let the net end in a linear layer: cross_entropy and "
        "binary_cross_entropy_with_logits apply the softmax or sigmoid themselves, and "
        "regression needs none."
    ),
)
def remove_output_activation(plan: Plan, trace: Trace) -> Iterator[Plan]:
    """Gives the loss the logits, or the free numbers, that it expects. The nets of the catalogue
    end so; in a net of one's own it is a change of code.

    PyTorch, torch.nn.CrossEntropyLoss.
    """
    yield from ()
