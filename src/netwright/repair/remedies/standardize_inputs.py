"""Standardised inputs: every feature with mean 0 and standard deviation 1."""

from collections.abc import Iterator

from netwright.diagnose.finding import Finding
from netwright.plan.plan import Plan
from netwright.repair.remedy import Dose, remedy
from netwright.watch.intervene import Intervention
from netwright.watch.trace import Trace

__all__ = ["standardize_inputs"]

UNUSUAL = {"input.std.largest": 10, "input.std.ratio": 10, "input.shift": 3}  # see unscaled-inputs


def _live(finding: Finding, trace: Trace) -> Iterator[Dose]:
    unusual = any((trace.last(signal) or 0) > limit for signal, limit in UNUSUAL.items())
    if finding.fault != "unscaled-inputs" and not unusual:
        return
    inputs = Intervention("standardize-inputs")
    mean, std = trace.last("target.mean"), trace.last("target.std")
    if mean is not None and std is not None:  # targets so large that the net cannot reach them
        yield inputs, Intervention("scale-outputs", {"mean": mean, "std": std})
    yield (inputs,)


@remedy(
    "standardize-inputs",
    advice=(
        "Subtract the training rows' mean and divide by their standard deviation, in the "
        "model itself, so that prediction does the same."
    ),
    intervention=_live,
)
def standardize_inputs(plan: Plan, trace: Trace) -> Iterator[Plan]:
    """Brings all features to one scale. The encoding of a plan's data does that already, on its
    training rows; in a loop of one's own it is a change of code.

    LeCun et al. 1998, "Efficient BackProp".
    """
    yield from ()
