"""Wrong metric: the score that is reported is not that of the net's answers.

## What it does
Runs an evaluation's own lines again and compares the answers that they make of the net's outputs
with those that the loss function gives these outputs.

## Why is this bad?
The net may be good and the score says it is not, or the other way round. Every choice that follows
from the score - when to stop, which net to keep - is then made by a wrong number.

## Example
    loss = F.binary_cross_entropy_with_logits(net(x), y)
    accuracy = ((net(x) > 0.5) == y).float().mean()  # logits: one half is at 0

Use instead:

    accuracy = ((net(x) > 0) == y).float().mean()

## References
- PyTorch, torch.nn.BCEWithLogitsLoss; "Broadcasting semantics"
"""

import math
from collections.abc import Iterator

from netwright.diagnose.fault import Evidence, fault
from netwright.watch.trace import Trace

__all__ = ["wrong_metric"]

_POINTS = 0.02  # of accuracy; under it the choice of comparison changes no conclusion
_DIGITS = 12  # enough that no other number would be such a fraction by chance
_TRAINED = 32  # rows: fewer divide many a number
_SAID = {
    "broadcast": (
        "Answers of shape (N, 1) are compared with targets of shape (N,): that makes all N x N "
        "pairs. Give both one shape, for example answers.view_as(targets)."
    ),
    "logits cut": (
        "Logits are cut at 0.5 or rounded, but a probability of one half is a logit of 0. Compare "
        "logits > 0, or take torch.sigmoid first."
    ),
    "rows": (
        "argmax is taken over axis 0, the rows of the batch: it names a row for each class, no "
        "class for a row. Use argmax(1)."
    ),
    "no argmax": (
        "Rounded scores of one class are compared with the numbers of the classes. Take argmax "
        "over the classes."
    ),
    "probability cut": (
        "Probabilities are cut at 0, so that every answer is yes. Cut them at 0.5, or the logits "
        "at 0."
    ),
    "squashed twice": (
        "A sigmoid is taken of what is a probability already: that lies between 0.5 and 0.73, so "
        "that every answer is yes. Take it once, or compare the logits with 0."
    ),
    "columns": (
        "argmax over an output with one column is always 0. Compare the logits with 0, or the "
        "probabilities with 0.5."
    ),
}


@fault("wrong-metric", severity="error", remedies=("compare-like-the-loss",))
def wrong_metric(trace: Trace) -> Iterator[Evidence]:
    """A known flaw in the comparison, by which the reported share of right answers differs from
    the real one by two points and by three standard errors; or classes picked over the rows of the
    batch, met with another number of targets; or a number that the script printed is
    the right answers of its evaluation, divided by the number of its batches or of training rows.
    """
    yield from _divided_by(trace)
    cause = trace.text("metric.cause")
    reported, right = trace.last("metric.reported"), trace.last("metric.right")
    rows = trace.last("metric.rows")
    if cause == "rows" and right is None:
        yield Evidence(event="evaluation", numbers={}, confidence=0.9, explanation=_SAID[cause])
        return
    if cause not in _SAID or reported is None or right is None or not rows:
        return
    # Both are of the same rows: what differs is the share of rows with another answer.
    noise = 0.0 if cause != "logits cut" else math.sqrt(abs(right - reported) / rows)
    hurts = abs(right - reported) > max(_POINTS, 3 * noise)
    yield Evidence(
        event="evaluation",
        severity=None if hurts else "info",
        numbers={"reported accuracy": reported, "right accuracy": right, "rows": rows},
        confidence=0.95,
        explanation=(
            f"{_SAID[cause]} On {rows:.0f} rows of the evaluation the comparison gives "
            f"{reported:.1%} right answers, where {right:.1%} are right."
        ),
    )


def _divided_by(trace: Trace) -> Iterator[Evidence]:
    right, rows = trace.last("answered.right"), trace.last("answered.rows")
    batches, trained = trace.last("answered.batches"), trace.last("rows.trained")
    if right is None or rows is None or batches is None or not right:
        return
    count = round(right * rows)
    for printed in trace.values("printed").tolist():
        for share in (printed, printed / 100):
            of = round(count / share) if share > 0 else 0
            above_one = of == batches and share == printed > 1  # no share at all
            if not of or of == rows or not (above_one or len(repr(share)) >= _DIGITS):
                continue
            if abs(of * share - count) > 1e-9 * count:
                continue
            if of == batches:
                what = "batches"
            elif trained and of >= _TRAINED and int(trained) % of == 0:
                what = "training rows"
            else:
                continue
            yield Evidence(
                event="evaluation",
                numbers={"printed": printed, "right answers": count, "rows": rows, what: of},
                confidence=0.95,
                explanation=(
                    f"The printed {printed:.6g} is {count} right answers divided by {of:,}, the "
                    f"number of {what}; {rows:,.0f} rows were evaluated, of which {right:.1%} are "
                    "right. Divide by the rows that were evaluated."
                ),
            )
            return
