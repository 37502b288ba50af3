"""A loss for another kind of target: class numbers treated as quantities, or as yes and no.

## What it does
Compares what the targets are (class numbers, yes or no, quantities) with what the loss takes.

## Why is this bad?
Squared error on class numbers says that class 9 is further from class 0 than class 1 is, and one
output cannot tell more than an order. The loss falls while the classes stay mixed up.

## Example
    loss = F.mse_loss(net(x).squeeze(1), y.float())  # y: one of ten classes

Use instead:

    loss = F.cross_entropy(net(x), y)  # one output for each class

## References
- Goodfellow, Bengio and Courville 2016, "Deep Learning", 6.2.2
"""

from collections.abc import Iterator

from netwright.diagnose.fault import Evidence, fault
from netwright.watch.trace import Trace

__all__ = ["wrong_loss_for_task"]

_DISTANCES = ("mse_loss", "l1_loss", "smooth_l1_loss", "huber_loss")


@fault(
    "wrong-loss-for-task",
    severity="error",
    remedies=("cross-entropy-loss",),
    explains=(
        "output-loss-mismatch", "underfitting", "undertrained", "learning-rate-too-low",
        "learning-rate-too-high", "saturated-units", "overfitting", "dying-relu",
    ),
)  # fmt: skip
def wrong_loss_for_task(trace: Trace) -> Iterator[Evidence]:
    """Three or more class numbers under a binary cross-entropy with one column; or under a squared
    or absolute distance, where the script rounds or compares the answers as classes and under nine
    tenths of the training answers are right.
    """
    name, distinct = trace.text("loss.name"), trace.last("target.distinct") or 0
    whole, columns = trace.last("target.integers"), trace.last("output.columns")
    high = trace.last("target.max")
    if not whole or columns != 1 or distinct < 3 or high is None:
        return
    binary = name.startswith("binary_cross_entropy") or (
        not name and "sigmoid" in trace.texts("log.of").values()
    )
    right = trace.last("answers.right")
    if binary and high > 1:
        how = "a binary cross-entropy, which knows only 0 and 1"
    elif (
        name in _DISTANCES
        and trace.last("answers.compared")
        and distinct <= 50
        and right is not None
        and right < 0.9
    ):
        how = f"{name}, which takes class 2 for twice class 1"
    else:
        return
    yield Evidence(
        event="loss",
        step=0,
        numbers={"classes": distinct, "largest": high},
        confidence=0.9,
        explanation=(
            f"The targets are {distinct:.0f} class numbers (up to {high:.0f}), and one column is "
            f"trained on them by {how}. Let the net answer one column a class and use "
            "cross_entropy."
        ),
    )
