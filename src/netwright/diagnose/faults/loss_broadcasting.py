"""Loss broadcasting: predictions (N, 1) against targets (N,) are compared all with all, (N, N).

## What it does
Compares the shapes of prediction and target where the loss is called.

## Why is this bad?
Every prediction is asked to be near every target. The mean over all pairs is smallest where every
prediction is the targets' mean, so that is what the net learns.

## Example
    loss = F.mse_loss(net(x), y)  # (32, 1) and (32,)

Use instead:

    loss = F.mse_loss(net(x).squeeze(1), y)

## References
- PyTorch, "Broadcasting semantics"; the warning of torch.nn.functional.mse_loss
"""

from collections.abc import Iterator

from netwright.diagnose.fault import Evidence, fault
from netwright.diagnose.patch import Edit
from netwright.watch.trace import Trace

__all__ = ["loss_broadcasting"]


@fault(
    "loss-broadcasting",
    severity="error",
    remedies=("reshape-targets",),
    explains=(
        "underfitting", "undertrained", "output-loss-mismatch", "overfitting", "unscaled-inputs",
        "wrong-loss-for-task",
    ),
)  # fmt: skip
def loss_broadcasting(trace: Trace) -> Iterator[Evidence]:
    """Prediction and target hold as many numbers in other shapes, and broadcast to more."""
    times = trace.last("broadcast")
    if times is None or times <= 1:
        return
    yield Evidence(
        event="loss",
        step=0,
        numbers={"pairs over predictions": times},
        confidence=0.98,
        edit=Edit("replace", r"(\1, \2.view_as(\1))", r"\((\w+),\s*(\w+)\)"),
        explanation=(
            "Predictions and targets have as many numbers but other shapes ((N, 1) and (N,)), so "
            f"the loss compares each prediction with every target: {times:.0f} times as many pairs "
            "as predictions, and the best answer is the targets' mean for all. Give both the same "
            "shape: targets.view_as(predictions)."
        ),
    )
