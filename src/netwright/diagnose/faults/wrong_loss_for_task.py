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

import math
from collections.abc import Iterator

import numpy as np

from netwright.diagnose.fault import Evidence, fault
from netwright.diagnose.symptoms import losses
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
    tenths of the training answers are right. Targets outside of 0 to 1 under a binary cross-entropy
    that fell below 0 or broke. A softmax for rows of which a fifth or more have several answers,
    where the evaluation cuts each answer at one half. An absolute distance to single ones, where
    cross-entropy tells clearly more in as many steps. Yes and no by a distance, where the script
    cuts the answers at 0, as logits, and two points fewer are right than at one half.
    """
    yield from _no_probabilities(trace)
    yield from _several_answers(trace)
    yield from _single_ones(trace)
    yield from _cut_as_logits(trace)
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


def _no_probabilities(trace: Trace) -> Iterator[Evidence]:
    name, low, high = trace.text("loss.name"), trace.last("target.min"), trace.last("target.max")
    values = losses(trace)
    if not name.startswith("binary_cross_entropy") or low is None or high is None:
        return
    if low >= -0.01 and high <= 1.01:
        return
    if np.isfinite(values).all() and not (values < 0).any():
        return
    yield Evidence(
        event="loss",
        step=0,
        numbers={"smallest": low, "largest": high, "loss last": float(values[-1])},
        confidence=0.95,
        remedies=("replace-loss",),
        explanation=(
            f"The targets reach from {low:.3g} to {high:.3g}, and a binary cross-entropy takes "
            "them for probabilities: outside of 0 to 1 it has no lower bound, and falls for ever "
            "as the outputs grow. Use mse_loss for quantities, or targets of 0 and 1 for classes."
        ),
    )


def _several_answers(trace: Trace) -> Iterator[Evidence]:
    several = trace.last("target.several") or 0.0
    softmax = trace.text("loss.name") == "cross_entropy" or "softmax" in (
        trace.text("output.function"), *trace.texts("log.of").values()
    )  # fmt: skip
    if several < 0.2 or not softmax or not trace.last("answers.cut"):
        return
    yield Evidence(
        event="loss",
        step=0,
        numbers={"rows with several answers": several},
        confidence=0.9,
        remedies=("replace-loss",),
        explanation=(
            f"{several:.0%} of the rows have several right answers, and a softmax shares one "
            "probability out among all: at most one can be above one half. Give each column its "
            "own sigmoid, with binary_cross_entropy_with_logits."
        ),
    )


def _single_ones(trace: Trace) -> Iterator[Evidence]:
    plain, other = trace.last("right.as.is"), trace.last("right.cross.entropy")
    rows = trace.last("right.rows")
    if plain is None or other is None or not rows:
        return
    noise = math.sqrt((plain * (1 - plain) + other * (1 - other) + 1 / rows) / rows)
    if other - plain < max(0.05, 3 * noise):
        return
    yield Evidence(
        event="loss",
        step=0,
        numbers={"right as it is": plain, "right with cross-entropy": other},
        confidence=0.85,
        explanation=(
            "Classes are learned by the absolute distance to rows of a single 1, whose gradient "
            f"vanishes where a class is far from being answered: {plain:.0%} of the training rows "
            f"are right at the end, and {other:.0%} after as many or fewer steps with "
            "cross_entropy. Use that."
        ),
    )


def _cut_as_logits(trace: Trace) -> Iterator[Evidence]:
    cut, right = trace.last("metric.reported"), trace.last("metric.right")
    rows = trace.last("metric.rows")
    if trace.text("metric.cause") != "numbers cut" or cut is None or right is None or not rows:
        return
    if right - cut < max(0.02, 3 * math.sqrt(max(right - cut, 0) / rows)):
        return
    yield Evidence(
        event="loss",
        step=0,
        numbers={"right at 0": cut, "right at one half": right},
        confidence=0.9,
        explanation=(
            f"The net is trained by {trace.text('loss.name')} to answer 0 or 1, and its answers "
            f"are cut at 0, as logits are: {cut:.1%} are right, and at one half {right:.1%}. Train "
            "it with binary_cross_entropy_with_logits, which gives logits."
        ),
    )
