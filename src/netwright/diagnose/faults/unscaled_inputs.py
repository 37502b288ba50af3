"""Unscaled inputs or targets: so large or so unequal that the same learning rate cannot fit all.

## What it does
Compares the features' means and standard deviations, and asks a short training whether the net
learns better from standardised ones. Being outside [-1, 1] is no fault.

## Why is this bad?
A weight's gradient is as large as its input: a rate that suits one feature is a thousand times too
large for another. Large inputs also saturate units and blow up the first steps.

## Example
    x = frame[["age", "income"]].values  # 20 ... 70 and 10,000 ... 200,000

Use instead:

    mean, std = x_train.mean(0), x_train.std(0)  # of the training rows, kept with the model
    x = (x - mean) / std

## References
- LeCun, Bottou, Orr and Mueller 1998, "Efficient BackProp"
"""

import math
from collections.abc import Iterator

from netwright.diagnose.fault import Evidence, fault
from netwright.diagnose.symptoms import would_gain
from netwright.watch.trace import Trace

__all__ = ["unscaled_inputs"]


@fault(
    "unscaled-inputs",
    severity="error",
    remedies=("standardize-inputs",),
    explains=(
        "saturated-units", "dying-relu", "exploding-gradient", "learning-rate-too-high",
        "learning-rate-too-low", "underfitting", "undertrained", "vanishing-gradient",
        "numerical-instability", "overfitting",
    ),
)  # fmt: skip
def unscaled_inputs(trace: Trace) -> Iterator[Evidence]:
    """Standard deviations that differ tenfold (where the largest is not between 0.1 and 1, as that
    of pixels) or exceed 10, or a mean beyond three of them (where numbers exceed 1); and a short
    training on standardised inputs (and targets, where a distance loss's deviate by more than 10)
    beats not only the same one on what is there, but the whole run's own end (or comes as far in
    half the steps, where deviations exceed 10 and differ a hundredfold).
    """
    std, ratio = trace.last("input.std.largest"), trace.last("input.std.ratio")
    shift, end = trace.last("input.shift"), trace.last("kept.loss")
    mended = trace.last("trial.standardised")
    if std is None or ratio is None or shift is None or mended is None:
        return
    if not would_gain(trace, "standardised"):
        return
    if end is not None and mended > end + (0.1 if _far_sooner(trace, std, ratio) else -0.1) * abs(
        end
    ):
        return  # a loss may be negative
    spread = trace.last("target.std")
    # Pixels between 0 and 1: the edge of a picture hardly varies, and is scaled all the same.
    bounded = shift <= 3 or (trace.last("input.largest") or math.inf) <= 1
    unit = 0.1 <= std <= 1 and bounded
    fit = (ratio <= 10 or unit) and bounded and std <= 10
    if fit:
        if spread is not None:
            yield _far_targets(trace, spread, mended)
        return
    better = "better than" if end is None or mended < end else "no worse than"
    also = "" if spread is None else f" (targets, whose deviation is {spread:.3g}, scaled as well)"
    yield Evidence(
        event="forward",
        step=0,
        numbers={
            "largest std": std,
            "std ratio": ratio,
            "mean over std": shift,
            "loss after the same steps, standardised": mended,
            "loss as it is": trace.last("trial.as.is") or float("nan"),
        },
        confidence=0.85,
        explanation=(
            f"The inputs' standard deviations reach {std:.3g} and differ {ratio:.3g}-fold, with "
            f"means up to {shift:.3g} standard deviations from 0. A short training from the same "
            f"start on standardised inputs came to a loss of {mended:.3g}, {better} the whole "
            f"run{also}. Subtract the training rows' mean and divide by their standard deviation, "
            "and keep both with the model."
        ),
    )


def _far_sooner(trace: Trace, std: float, ratio: float) -> bool:
    """Whether columns of very different scale took at least twice the steps to come as far."""
    steps = trace.steps("trial.standardised")
    return std > 10 and ratio > 100 and 2 * int(steps[-1]) <= len(trace.values("loss"))


def _far_targets(trace: Trace, spread: float, mended: float) -> Evidence:
    return Evidence(
        event="loss",
        step=0,
        numbers={
            "target std": spread,
            "loss after the same steps, standardised": mended,
            "loss as it is": trace.last("trial.as.is") or float("nan"),
        },
        confidence=0.85,
        explanation=(
            f"The targets' standard deviation is {spread:.3g}, while a net starts with answers "
            "around 0 of a spread below 1: it needs very many steps to grow that far. A short "
            "training from the same start on standardised targets came to a loss (in the targets' "
            f"own unit) of {mended:.3g}, better than the whole run. Subtract the training "
            "targets' mean, divide by their standard deviation, and scale the answers back."
        ),
    )
