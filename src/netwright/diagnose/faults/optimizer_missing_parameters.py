"""Parameters in the loss that no optimizer holds: they stay as they were initialised.

## What it does
Looks for parameters that get a gradient, belong to no optimizer, and never change.

## Why is this bad?
The layers are part of every answer and never learn. It happens where the optimizer is made before a
layer is added or exchanged, or from another net's parameters.

## Example
    optimizer = torch.optim.Adam(net.parameters())
    net.head = nn.Linear(64, 10)

Use instead:

    net.head = nn.Linear(64, 10)
    optimizer = torch.optim.Adam(net.parameters())

## References
- PyTorch, torch.optim: "Constructing it"
"""

from collections.abc import Iterator

from netwright.diagnose.fault import Evidence, fault
from netwright.diagnose.symptoms import layer_of, learned_little, would_gain
from netwright.watch.trace import Trace

__all__ = ["optimizer_missing_parameters"]


@fault(
    "optimizer-missing-parameters",
    severity="error",
    remedies=("rebuild-optimizer",),
    explains=("underfitting", "undertrained", "learning-rate-too-low", "vanishing-gradient"),
)
def optimizer_missing_parameters(trace: Trace) -> Iterator[Evidence]:
    """Parameters get a gradient, belong to no optimizer, never changed and were not loaded; and the
    run learned little, or a short training with them goes clearly better. Else a note.
    """
    missing = trace.places("left.out")
    if not missing:
        return
    numel = {name: trace.last("left.out", name) or 0.0 for name in missing}
    held = sum(trace.last("reached", name) or 0.0 for name in trace.places("reached"))
    share = sum(numel.values()) / max(held, 1.0)
    hurts = would_gain(trace, "complete") or learned_little(trace)
    largest = max(missing, key=lambda name: numel[name])
    name = trace.text("variable", "optimizer") or "the optimizer"
    yield Evidence(
        place=layer_of(largest),
        event="optimizer",
        step=0,
        severity=None if hurts or share > 0.99 else "info",
        numbers={"parameters left out": len(missing), "share of all weights": share},
        confidence=0.95,
        explanation=(
            f"{len(missing)} parameters ({share:.0%} of the weights, {missing[0]!r} the first) get "
            f"a gradient at every step, but no optimizer holds them, so they stay as initialised. "
            f"Give them to {name} (its parameters and the net's must be the same objects)."
        ),
    )
