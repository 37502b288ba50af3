"""Corrupted labels: the targets of training are not those of its rows.

## What it does
Compares the classes that training saw with those that the evaluation asks for.

## Why is this bad?
A net learns what its targets say. Where a conversion made one class of all, or numbered them anew,
training looks easy and the evaluation is chance.

## Example
    y_train = torch.tensor(y_train / 255.0).long()  # all 0

Use instead:

    y_train = torch.tensor(y_train).long()

## References
- Northcutt, Jiang and Chuang 2021, arXiv:1911.00068 (confident learning)
"""

from collections.abc import Iterator

from netwright.diagnose.fault import Evidence, fault
from netwright.watch.trace import Trace

__all__ = ["corrupted_labels"]


@fault(
    "corrupted-labels",
    severity="error",
    remedies=("realign-labels",),
    explains=("overfitting", "train-test-mismatch", "underfitting", "class-imbalance"),
)
def corrupted_labels(trace: Trace) -> Iterator[Evidence]:
    """More than half of the evaluated rows are of classes that training never saw."""
    missing, classes = trace.last("labels.unseen"), trace.last("labels.distinct")
    if missing is None or classes is None or missing <= 0.5:
        return
    yield Evidence(
        event="loss",
        step=0,
        numbers={"share of evaluated rows of unseen classes": missing, "classes seen": classes},
        confidence=0.9,
        explanation=(
            f"Training saw {classes:.0f} class{'es' if classes > 1 else ''}, and {missing:.0%} of "
            "the evaluated rows are of others: the training targets were changed on their way "
            "(a division, a cast, another mapping), or the rows were split by class. Print "
            "y_train.unique() and y_test.unique(), and give both the same conversion."
        ),
    )
