"""Disconnected loss: no gradient gets from the loss to the net, or to a part of it.

## What it does
Follows the graph of the loss backward and looks which of the net's parameters it reaches.

## Why is this bad?
A detach(), .item(), .numpy(), .data, argmax or a new torch.tensor(...) on the way cuts the graph.
What lies before the cut never learns, and nothing says so: the loss is still printed.

## Example
    loss = criterion(torch.tensor(net(x).tolist(), requires_grad=True), y)

Use instead:

    loss = criterion(net(x), y)

## References
- PyTorch, "Autograd mechanics"
"""

from collections.abc import Iterator

from netwright.diagnose.fault import Evidence, fault
from netwright.diagnose.symptoms import (
    layer_of,
    learned_little,
    skill_gained,
    weights_in_order,
    would_gain,
)
from netwright.watch.trace import Trace

__all__ = ["disconnected_loss"]


@fault(
    "disconnected-loss",
    severity="error",
    remedies=("keep-the-graph",),
    explains=("underfitting", "undertrained", "learning-rate-too-low", "vanishing-gradient"),
)
def disconnected_loss(trace: Trace) -> Iterator[Evidence]:
    """The graph of the loss contains none of the net's trainable parameters; or not those of layers
    that ran before others which it contains, and the net learned little, or a short training with
    the graph whole tells clearly more. A note where neither is so.
    """
    unreached, reached = trace.places("unreached"), set(trace.places("reached"))
    cut = [name for name in unreached if name not in reached]
    if not cut:
        return
    if not reached:
        yield Evidence(
            event="loss",
            step=int(trace.steps("unreached", cut[0])[0]),
            numbers={"parameters not reached": len(cut)},
            confidence=0.98,
            explanation=(
                f"backward() reaches none of the net's {len(cut)} parameters: the value it is "
                "called on is not connected to the net's output. Something between them leaves "
                "the graph: detach(), .item(), .data, .numpy(), argmax, or a new torch.tensor. "
                "Compute the loss from the output itself."
            ),
        )
        return
    order = weights_in_order(trace)
    last = max((i for i, w in enumerate(order) if w in reached), default=-1)
    early = [w for i, w in enumerate(order) if w in cut and i < last]
    if not early:
        return
    better = skill_gained(trace, "reconnected", "cut", least=0.1, errors=3)
    hurts = better or learned_little(trace) or _gains_whole(trace)
    yield Evidence(
        place=layer_of(early[0]),
        step=int(trace.steps("unreached", early[0])[0]),
        severity=None if hurts else "info",
        numbers={"parameters not reached": len(cut)},
        confidence=0.8,
        explanation=(
            f"No gradient reaches {layer_of(early[0])!r} ({len(cut)} parameters), though it runs "
            f"before {layer_of(order[last])!r}, which learns: the graph is cut between them by a "
            "detach(), .data, .numpy(), argmax or a new torch.tensor. Keep the tensors themselves."
        ),
    )


def _gains_whole(trace: Trace) -> bool:
    """Whether a short training with the graph whole ends clearly below the whole run."""
    end, whole = trace.last("kept.loss"), trace.last("trial.reconnected")
    if end is None or whole is None or whole > end - 0.1 * abs(end):
        return False
    return would_gain(trace, "reconnected")
