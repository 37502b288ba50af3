"""Frozen parameters: layers that were neither trained nor loaded, and are not allowed to learn.

## What it does
Looks for weights with `requires_grad=False` that hold what they were initialised to. A backbone
that was loaded and frozen on purpose, with a head that learns, is no fault.

## Why is this bad?
A layer that stays at its random start passes on a random mixture of its inputs; the rest of the net
has to make do with it.

## Example
    for p in net.parameters():
        p.requires_grad = False
    net.bias.requires_grad = True

Use instead:

    for p in net.backbone.parameters():  # whose weights were loaded
        p.requires_grad = False

## References
- PyTorch, "Autograd mechanics: setting requires_grad"
"""

from collections.abc import Iterator

from netwright.diagnose.fault import Evidence, fault
from netwright.diagnose.symptoms import layer_of, skill_of, stuck, would_gain
from netwright.watch.trace import Trace

__all__ = ["frozen_parameters"]

_SOLVED = 0.9  # of skill


@fault(
    "frozen-parameters",
    severity="error",
    remedies=("unfreeze",),
    explains=("underfitting", "undertrained", "learning-rate-too-low", "vanishing-gradient"),
)
def frozen_parameters(trace: Trace) -> Iterator[Evidence]:
    """`requires_grad` is off for weights that hold what they were initialised to (a backbone that
    was loaded or trained before is meant to rest), and a short training with them on goes clearly
    better, also than the whole run ended; or most of the weights are frozen so and the run learned
    nothing. A note where neither is so, or where the net tells nearly all: random features may do.
    """
    frozen = [p for p in trace.places("never.trained") if (trace.last("never.trained", p) or 0) > 1]
    if not frozen:
        return
    numel = {name: trace.last("never.trained", name) or 0.0 for name in frozen}
    trained = sum(trace.last("reached", name) or 0.0 for name in trace.places("reached"))
    share = sum(numel.values()) / (sum(numel.values()) + trained)
    largest = max(frozen, key=lambda name: numel[name])
    yield Evidence(
        place=layer_of(largest),
        step=0,
        severity=None if _hurts(trace, share) else "info",
        numbers={"parameters": len(frozen), "weights": sum(numel.values())},
        confidence=0.9,
        explanation=(
            f"{len(frozen)} parameters ({largest!r} the largest) have requires_grad=False though "
            "they were neither loaded nor trained before: they stay at their random start. Set "
            "requires_grad to True for them, or freeze only what was trained."
        ),
    )


def _hurts(trace: Trace, share: float) -> bool:
    own = [skill_of(trace, name) for name in ("evaluated", "train")]
    if all(one is not None and one[0] >= _SOLVED for one in own):
        return False
    if share > 0.5 and stuck(trace):
        return True
    end, complete = trace.last("kept.loss"), trace.last("trial.complete")
    if end is not None and complete is not None and complete > end - 0.1 * abs(end):
        return False
    return would_gain(trace, "complete")
