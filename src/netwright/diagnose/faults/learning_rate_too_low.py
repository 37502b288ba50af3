"""Learning rate too low: the loss falls steadily, and far too slowly.

## What it does
Measures how large each update is beside the weights, and asks whether the loss falls like a
straight line and has hardly fallen by the end; and lets the run go on from its end at ten times the
rate.

## Why is this bad?
The run ends long before the net has learned what it could; what is reported is not what the data
and the net allow.

## Example
    optimizer = torch.optim.Adam(net.parameters(), lr=1e-6)

Use instead:

    optimizer = torch.optim.Adam(net.parameters(), lr=1e-3)

## References
- Smith 2017, arXiv:1506.01186 (the range test)
"""

from collections.abc import Iterator

import numpy as np

from netwright.diagnose.fault import Evidence, fault
from netwright.diagnose.symptoms import (
    beaten_by_baseline,
    finite,
    losses,
    skill_gained,
    skill_of,
    update_ratios,
)
from netwright.watch.trace import Trace

__all__ = ["learning_rate_too_low"]

_SMALL = 1e-4


@fault(
    "learning-rate-too-low",
    severity="warning",
    remedies=("range-test", "raise-lr"),
    explains=("undertrained", "underfitting"),
)
def learning_rate_too_low(trace: Trace) -> Iterator[Evidence]:
    """Updates under a ten-thousandth of the weights at every sample, while the loss still falls as
    fast in the second half as in the first and has lost under a quarter of its value: a run that
    has converged, or a net that is only being fine-tuned, does not fall like a straight line. Or
    updates under a thousandth, and from the run's end ten times the rate gains much on evaluated
    rows (or on training rows of which a simple model tells more), three times what the same steps
    at its own rate gain. Or all steps together could move the
    weights by a twentieth of their size at most, and a simple model tells clearly more.
    """
    _, ratios = update_ratios(trace)
    ratios = finite(ratios)
    # The validation loss is of the same rows each time, so that even a small fall shows.
    values = _by_rate(trace, finite(trace.values("loss.validation")))
    if len(values) < 6:
        values = finite(losses(trace))
    if len(ratios) < 5 or len(values) < 6:
        return
    # The largest tenth is looked at, since warm-up and annealing are small on purpose.
    usual = float(np.quantile(ratios, 0.9))
    if not 0 < usual < _SMALL or not _falls_like_a_line(values):
        yield from _faster_gains(trace, usual)
        yield from _never_left(trace, usual)
        return
    first, last = float(values[0]), float(values[-1])
    yield Evidence(
        numbers={
            "update/weight": usual,
            "loss first": first,
            "loss last": last,
        },
        confidence=0.75,
        explanation=(
            f"A step changes the weights by {usual:.1g} of their size (about 1e-3 is usual), and "
            f"the loss falls steadily but only from {first:.4g} to {last:.4g} over the "
            "run. Raise the learning rate by a factor of 10, or find it with a range test."
        ),
    )


def _faster_gains(trace: Trace, usual: float) -> Iterator[Evidence]:
    if not 0 < usual < 10 * _SMALL:
        return
    found = _gain(trace, "evaluated", "")
    if found is None and beaten_by_baseline(trace):
        found = _gain(trace, "train", ".train")
    if found is None:
        return
    rows, own, more, faster = found
    yield Evidence(
        numbers={
            "update/weight": usual,
            f"skill on {rows} rows": own,
            "after more steps": more,
            "after as many at ten times the rate": faster,
        },
        confidence=0.75,
        explanation=(
            f"A step changes the weights by {usual:.1g} of their size (about 1e-3 is usual). Going "
            f"on from the run's end brings what is told of the {rows} rows (0: one answer for "
            f"all, 1: all right) from {own:.2f} to {more:.2f}, the same steps at ten times "
            f"the rate to {faster:.2f}. Raise the learning rate by a factor of 10, or find it "
            "with a range test."
        ),
    )


def _gain(trace: Trace, name: str, suffix: str) -> tuple[str, float, float, float] | None:
    """Return (which rows, skill at the end, after more steps, at ten times the rate) if that is
    clearly the better."""
    own, more = skill_of(trace, name), skill_of(trace, f"continued{suffix}")
    faster = skill_of(trace, f"faster{suffix}")
    if own is None or more is None or faster is None:
        return None
    gains = skill_gained(trace, f"faster{suffix}", name, least=0.2, errors=3)
    if not gains or faster[0] - own[0] < 3 * (more[0] - own[0]):
        return None
    return ("training" if suffix else name), own[0], more[0], faster[0]


def _never_left(trace: Trace, usual: float) -> Iterator[Evidence]:
    steps = len(losses(trace))
    if not 0 < usual * steps < 0.05 or not beaten_by_baseline(trace):
        return
    own, simple = skill_of(trace, "train") or (0.0,), skill_of(trace, "baseline") or (0.0,)
    yield Evidence(
        numbers={
            "update/weight": usual,
            "steps": steps,
            "skill on training rows": own[0],
            "a simple model's on rows it has not seen": simple[0],
        },
        confidence=0.8,
        explanation=(
            f"A step changes the weights by {usual:.1g} of their size (about 1e-3 is usual), so "
            f"that all {steps} steps together could move them by {usual * steps:.1%} at most: the "
            f"net is where it began. Of what can be told of its training rows it tells {own[0]:.2f}"
            f", a simple model {simple[0]:.2f} of rows it has not seen. Raise the learning rate "
            "by factors of 10, or find it with a range test."
        ),
    )


def _by_rate(trace: Trace, values: np.ndarray) -> np.ndarray:
    """Return the validation losses as they would stand were the rate constant: evenly spread over
    the sum of the rates, not over the steps, where the rates are known. A schedule bends the
    straightest line."""
    rates, at = trace.values("lr"), trace.steps("lr")
    steps = trace.steps("loss.validation")
    if len(rates) < 3 or len(steps) != len(values) or not len(values):
        return values
    every = np.arange(int(steps[-1]) + 1)
    progress = np.cumsum(np.interp(every, at, rates))[steps]
    even = np.linspace(progress[0], progress[-1], len(values))
    return np.interp(even, progress, values)


def _falls_like_a_line(values: np.ndarray) -> bool:
    """Whether a loss falls beyond its noise, as fast at the end as before, by a quarter at most."""
    thirds = [float(part.mean()) for part in np.array_split(values, 3)]
    first, second = thirds[0] - thirds[1], thirds[1] - thirds[2]
    steps = np.diff(values)
    steady = bool((steps < 0).mean() >= 0.8)
    noise = float(steps.std()) * np.sqrt(3 / len(values))  # of a difference of two thirds' means
    return (
        first > 0
        and second > 0.5 * first
        and (steady or first + second > 3 * noise)
        and first + second < 0.25 * abs(thirds[0])
    )
