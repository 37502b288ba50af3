"""Unshuffled data: batches of one class after another; each is learned and then forgotten.

## What it does
Compares the entropy of the labels in a batch with that of all labels seen, and asks a short
training whether the same rows, mixed, are learned better.

## Why is this bad?
A gradient of one class moves the net towards always answering it. The next class undoes that: the
loss goes round in circles and the last class wins.

## Example
    loader = DataLoader(dataset, batch_size=32)  # sorted by class

Use instead:

    loader = DataLoader(dataset, batch_size=32, shuffle=True)

## References
- Bengio 2012, arXiv:1206.5533, section 3.1
"""

from collections.abc import Iterator

from netwright.diagnose.fault import Evidence, fault
from netwright.diagnose.symptoms import skill_of, trivial_loss
from netwright.watch.trace import Trace

__all__ = ["unshuffled_data"]


_SORTED = 0.2
_SOLVED = 0.95  # of skill


@fault(
    "unshuffled-data",
    severity="error",
    remedies=("shuffle",),
    explains=(
        "learning-rate-too-high", "exploding-gradient", "underfitting", "undertrained",
        "overfitting", "class-imbalance", "dying-relu", "saturated-units", "vanishing-gradient",
    ),
)  # fmt: skip
def unshuffled_data(trace: Trace) -> Iterator[Evidence]:
    """The targets of a batch are spread less than half as far as those of all batches, and a short
    training on the same rows, mixed, knows them clearly better than the whole run does at its end
    (by a tenth of a constant prediction's loss), or classes are all but sorted and of the evaluated
    rows something is left to be told. A note where neither is so.
    """
    spread = trace.last("label.spread")
    if spread is None or spread > 0.5:
        return
    end, mixed, trivial = trace.last("kept.loss"), trace.last("trial.mixed"), trivial_loss(trace)
    numbers: dict[str, float | str] = {"spread in a batch over all": spread}
    hurts = False
    if end is not None and mixed is not None:
        numbers |= {"loss over all at the end": end, "after a while of mixed rows": mixed}
        hurts = not end - mixed <= 0.1 * abs(trivial if trivial is not None else end)
    own = skill_of(trace, "evaluated") or skill_of(trace, "answered")
    if spread < _SORTED and trace.last("label.classes") and own is not None:
        hurts = hurts or own[0] + 2 * own[1] < _SOLVED
    yield Evidence(
        event="forward",
        severity=None if hurts else "info",
        numbers=numbers,
        confidence=0.9,
        explanation=(
            f"The targets within a batch are {spread:.0%} as varied as over all batches: the data "
            "come in order, so that the net learns one kind after another and forgets what came "
            "before. Shuffle the training rows (shuffle=True, or a random permutation an epoch)."
        ),
    )
