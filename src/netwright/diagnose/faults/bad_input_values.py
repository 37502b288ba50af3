"""Bad input values: NaN, infinity, or a number that stands for "missing" (-999, 9999).

## What it does
Looks at the numbers that reach the net: for those that are not finite, and for one far from all
others that comes again and again.

## Why is this bad?
One NaN makes the loss, then every weight NaN. A code such as -999 is finite, so nothing breaks, but
it is taken for a quantity: it stretches the feature's scale and pulls the answers of its rows.

## Example
    x = torch.tensor(frame.values)  # age: 31, 45, -999, 28

Use instead:

    frame["age_missing"] = frame["age"] == -999
    frame["age"] = frame["age"].replace(-999, np.nan).fillna(median)  # the training rows' median

## References
- Little and Rubin 2019, "Statistical Analysis with Missing Data"
"""

from collections.abc import Iterator

import numpy as np

from netwright.diagnose.fault import Evidence, fault
from netwright.diagnose.symptoms import losses, would_gain
from netwright.watch.trace import Trace

__all__ = ["bad_input_values"]


@fault(
    "bad-input-values",
    severity="error",
    remedies=("impute", "drop-rows"),
    explains=(
        "unscaled-inputs", "numerical-instability", "exploding-gradient", "underfitting",
        "learning-rate-too-high", "undertrained", "overfitting", "saturated-units", "dying-relu",
    ),
)  # fmt: skip
def bad_input_values(trace: Trace) -> Iterator[Evidence]:
    """Inputs that are not finite, with a loss that is not either; or one far-off value repeated in
    a feature, where a short training with it replaced goes clearly better than as it was, than on
    standardised inputs that keep it, and than the whole run.
    """
    bad = trace.last("input.bad")
    if bad:
        broken = not np.isfinite(losses(trace)).all()
        yield Evidence(
            event="forward",
            step=0,
            severity=None if broken else "info",
            numbers={"share not finite": bad},
            confidence=0.97,
            explanation=(
                f"{bad:.2%} of the numbers that enter the net are NaN or infinite: one of them "
                "makes the loss and then all weights NaN. Impute or drop them before training."
            ),
        )
        return
    share = trace.last("input.sentinel")
    features = trace.last("input.sentinel.features")
    if share is None or features is None or not _repair_helps(trace):
        return
    yield Evidence(
        event="forward",
        step=0,
        numbers={"features": features, "share of the value": share},
        confidence=0.9,
        explanation=(
            f"In {features:.0f} input features one value far from all others is repeated (up to "
            f"{share:.1%} of rows): a code for missing, taken as a number. A short training with "
            "it replaced by the feature's mean goes clearly better. Mark it as missing and impute."
        ),
    )


def _repair_helps(trace: Trace) -> bool:
    repaired = trace.last("trial.repaired")
    if repaired is None or not would_gain(trace, "repaired"):
        return False
    rivals = [trace.last(signal) for signal in ("trial.standardised", "kept.loss")]
    return all(rival is None or repaired < rival - 0.02 * abs(rival) for rival in rivals)
