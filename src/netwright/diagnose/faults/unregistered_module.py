"""Layers in a plain list or dict, which `parameters()` does not find.

## What it does
Looks for parameters that the forward pass reaches and `named_parameters()` lacks, and for layers
that the forward pass itself makes anew each time.

## Why is this bad?
No optimizer is given them, `to(device)` does not move them, and a saved model lacks them: they take
part in every answer with the weights of their start.

## Example
    self.layers = [nn.Linear(64, 64) for _ in range(4)]

Use instead:

    self.layers = nn.ModuleList(nn.Linear(64, 64) for _ in range(4))

## References
- PyTorch, torch.nn.ModuleList
"""

from collections.abc import Iterator

from netwright.diagnose.fault import Evidence, fault
from netwright.diagnose.patch import Edit
from netwright.diagnose.symptoms import learned_little, would_gain
from netwright.watch.trace import Trace

__all__ = ["unregistered_module"]


@fault(
    "unregistered-module",
    severity="error",
    remedies=("module-list", "register-parameter"),
    explains=(
        "optimizer-missing-parameters", "underfitting", "undertrained", "learning-rate-too-low",
        "vanishing-gradient",
    ),
)  # fmt: skip
def unregistered_module(trace: Trace) -> Iterator[Evidence]:
    """The loss's graph contains parameters that hang on a net in a plain list, dict or tensor
    attribute and that no optimizer holds; and the run learned little, or a short training with
    them goes clearly better: a note where neither is so. Or layers are made within `forward` at one
    step after another: they are other random ones at each call, so that no answer can last.
    """
    yield from _made_in_forward(trace)
    found = trace.places("unregistered")
    if not found:
        return
    container = found[0].partition("[")[0]
    yield Evidence(
        place=container,
        event="optimizer",
        step=int(trace.steps("unregistered", found[0])[0]),
        severity=None if would_gain(trace, "complete") or learned_little(trace) else "info",
        numbers={"parameters": len(found)},
        confidence=0.97,
        edit=Edit("replace", "nn.ModuleList(\\1)", r"(\[.*\])$"),
        explanation=(
            f"The net computes with {len(found)} parameters in {container!r} that its "
            "parameters() does not list, because they are in a plain Python list, dict or tensor: "
            "no optimizer trains them, and neither .to(device) nor state_dict() sees them. Use "
            "nn.ModuleList, nn.ModuleDict or nn.Parameter."
        ),
    )


def _made_in_forward(trace: Trace) -> Iterator[Evidence]:
    """Once is a layer that waited for its input's size."""
    again = [p for p in trace.places("made.in.forward") if len(_steps(trace, p)) > 1]
    if not again:
        return
    numel = sum(trace.last("made.in.forward", place) or 0.0 for place in again)
    yield Evidence(
        event="made in forward",
        step=0,
        numbers={"kinds of layers": len(again), "weights": numel},
        confidence=0.98,
        explanation=(
            f"forward() makes a new {' and '.join(again)} at every call: its weights are drawn "
            "anew each time, no optimizer ever steps them, and the same input gets another answer "
            "at the next call. Make the layer once, in __init__, and call it in forward()."
        ),
    )


def _steps(trace: Trace, place: str) -> set[int]:
    return set(trace.steps("made.in.forward", place).tolist())
