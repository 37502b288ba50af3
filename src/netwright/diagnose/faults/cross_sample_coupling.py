"""Cross-sample coupling: the answer for one sample depends on the others in its batch.

## What it does
In eval mode, replaces the other rows of a batch, and looks whether the answer for a row changes.

## Why is this bad?
A softmax, mean or normalisation over axis 0, or a sequence layer that takes the batch for time,
mixes samples that have nothing to do with each other: the net learns from company that is another
one at prediction, and a row asked alone gets another answer.

## Example
    probabilities = scores.softmax(dim=0)  # (batch, classes)

Use instead:

    probabilities = scores.softmax(dim=1)

## References
- Karpathy 2019, "A Recipe for Training Neural Networks": use backprop to chart dependencies
"""

from collections.abc import Iterator

from netwright.diagnose.fault import Evidence, fault
from netwright.diagnose.symptoms import beaten_by_baseline, stuck
from netwright.watch.trace import Trace

__all__ = ["cross_sample_coupling"]


@fault(
    "cross-sample-coupling",
    severity="error",
    remedies=("right-axis",),
    # A softmax over the batch in front of a loss is a squashed output as well.
    explains=("underfitting", "undertrained", "output-loss-mismatch"),
)
def cross_sample_coupling(trace: Trace) -> Iterator[Evidence]:
    """In eval mode rows change by over 1 % of the output's spread when only others are replaced,
    and one answer in fifty changes when rows are asked alone, or the run learned nothing, or less
    than a simple model (then most answers are one, and none changes). A note where neither is so.
    Or a recurrent or attention layer takes the rows for time, and a short training with
    batch_first=True goes clearly better, though the net learned to let nothing pass between rows.
    """
    change, decided = trace.last("coupling"), trace.last("coupling.decided")
    if change is None or decided is None or change < 0.01:
        yield from _along_the_rows(trace)
        return
    learned_little = stuck(trace) or beaten_by_baseline(trace)
    yield Evidence(
        event="forward",
        severity=None if decided > 0.02 or learned_little else "info",
        numbers={"change over spread": change, "answers that change alone": decided},
        confidence=0.9,
        explanation=(
            f"In eval mode the output for one row changes by {change:.2g} of its spread when only "
            f"other rows of the batch are replaced, and {decided:.0%} of the answers change when a "
            "row is asked alone: something in the net reduces over axis 0 (softmax(dim=0), mean(), "
            "std() without dim, or a sequence layer without batch_first=True). Use the right axis."
        ),
    )


def _along_the_rows(trace: Trace) -> Iterator[Evidence]:
    layers = trace.places("coupling.along")
    start, plain = trace.last("trial.along.start"), trace.last("trial.along")
    mended = trace.last("trial.batch.first")
    if not layers or start is None or plain is None or mended is None:
        return
    hurts = plain - mended > 0.1 * start and mended < start
    yield Evidence(
        place=layers[0],
        event="forward",
        severity=None if hurts else "info",
        numbers={"loss as it is": plain, "loss with batch_first": mended},
        confidence=0.9,
        explanation=(
            f"{layers[0]!r} is given (batch, time, features) and takes axis 0 for time: it goes "
            "along the rows of the batch, and no row is read in its own order. A short training "
            f"with batch_first=True comes to a loss of {mended:.3g} instead of {plain:.3g}."
        ),
    )
