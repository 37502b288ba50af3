"""Corrupted labels: the targets of training are not those of its rows.

## What it does
Compares the classes that training saw with those that the evaluation asks for, and how much of the
targets of each the net and a simple model find in their rows.

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
from netwright.diagnose.symptoms import (
    below_chance,
    end_of,
    finite,
    losses,
    skill_gained,
    skill_of,
    trivial_loss,
)
from netwright.watch.trace import Trace

__all__ = ["corrupted_labels"]


@fault(
    "corrupted-labels",
    severity="error",
    remedies=("realign-labels",),
    explains=("overfitting", "train-test-mismatch", "underfitting", "class-imbalance"),
)
def corrupted_labels(trace: Trace) -> Iterator[Evidence]:
    """More than half of the evaluated rows are of classes that training never saw; or the training
    rows are known by heart and a training on some of them tells nothing of the others, nor of the
    evaluated rows; or a simple model finds the answers of evaluated rows in their inputs, nothing
    of the training rows' in theirs (or the other way round), and the net tells nothing of evaluated
    ones; or, where rows cannot be asked one by one, the training loss fell to half of a constant
    answer's and the evaluations' own comparisons are at chance. A warning where the net and a
    simple model both find clearly less of the training rows' answers than of the evaluated rows',
    though the net is as sure of them.
    """
    yield from _unrelated(trace)
    yield from _told_nothing(trace)
    yield from _noisy(trace)
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


def _unrelated(trace: Trace) -> Iterator[Evidence]:
    how = _strangers(trace) or _by_heart(trace)
    if not how or not _nothing(trace, "evaluated"):
        return
    names = ("train", "fresh", "evaluated", "baseline", "evaluated.baseline")
    known = {name: skill_of(trace, name) for name in names}
    yield Evidence(
        event="loss",
        step=0,
        numbers={f"skill, {name}": value[0] for name, value in known.items() if value is not None},
        confidence=0.8,
        explanation=(
            f"{how}, and on evaluated rows the net is no better than one answer for all: the "
            "labels do not belong to the rows that they stand beside. Look for a shuffle, sort or "
            "filter of one without the other, and print a few pairs just before the loss."
        ),
    )


def _told_nothing(trace: Trace) -> Iterator[Evidence]:
    """Where rows cannot be asked again one by one: what the evaluations compare themselves."""
    values, trivial = finite(losses(trace)), trivial_loss(trace)
    if trace.last("skill.train") is not None or trivial is None or len(values) < 10:
        return
    told = skill_of(trace, "answered")
    if told is None or trace.last("loss.sign") == -1 or end_of(values) > 0.5 * trivial:
        return
    if not (_nothing(trace, "answered") or below_chance(trace)):
        return
    yield Evidence(
        event="loss",
        numbers={
            "skill on evaluated rows": told[0],
            "training loss": end_of(values),
            "of a constant answer": trivial,
        },
        confidence=0.6,
        explanation=(
            f"The training loss fell to {end_of(values):.3g}, where a constant answer has "
            f"{trivial:.3g}, and of the evaluated rows the net is no better than one answer for "
            "all: what it learned by heart holds for its own rows alone. Either the labels do not "
            "belong to the rows that they stand beside, in one part or in both, or those rows are "
            "prepared in another way. Print a few pairs just before the loss and in the evaluation."
        ),
    )


def _noisy(trace: Trace) -> Iterator[Evidence]:
    """Wrong answers among the training targets alone: augmented or mixed rows are harder as well,
    but of those the net is less sure, and they do not come again in the next epoch."""
    names = ("sure.train", "sure.evaluated", "right.train", "right.evaluated")
    sure, sure_there, right, right_there = (trace.last(name) for name in names)
    if sure is None or sure_there is None or right is None or right_there is None:
        return
    if sure_there - sure > 0.25 * (right_there - right):
        return
    if (trace.last("rows.again") or 0.0) < 0.1 or (trace.last("shift.share") or 0.0) >= 0.5:
        return
    if not all(
        skill_gained(trace, more, less, least=0.2, errors=4)
        for more, less in (("evaluated", "train"), ("across", "baseline"))
    ):
        return
    yield Evidence(
        event="loss",
        step=0,
        severity="warning",
        numbers={
            "right on training rows": right,
            "on evaluated rows": right_there,
            "mean probability of the answer, training rows": sure,
            "evaluated rows": sure_there,
        },
        confidence=0.8,
        remedies=("realign-labels", "label-smoothing"),
        explanation=(
            f"The net finds {right:.0%} of the answers of its own training rows and "
            f"{right_there:.0%} of those that it has not seen, and is as sure of the ones "
            f"({sure:.2f} on average) as of the others ({sure_there:.2f}); a simple model fitted "
            "to training rows fails on the training targets in the same way. About "
            f"{1 - right / max(right_there, 1e-9):.0%} of the training targets look wrong: go "
            "through the rows that the net contradicts most surely."
        ),
    )


def _strangers(trace: Trace) -> str:
    """Say which rows' answers a simple model finds, where it finds nothing of the others'."""
    training, evaluated = ("baseline", "training"), ("evaluated.baseline", "evaluated")
    for (mine, one), (theirs, other) in ((training, evaluated), (evaluated, training)):
        if _nothing(trace, theirs) and skill_gained(trace, mine, theirs, least=0.3, errors=4):
            return (
                f"A simple model finds the answers of {one} rows in their inputs, and nothing of "
                f"the {other} rows' in theirs"
            )
    return ""


def _by_heart(trace: Trace) -> str:
    """Say so where a training tells nothing of training rows that it did not see."""
    train = skill_of(trace, "train")
    if train is None or train[0] <= 0.5 or not _nothing(trace, "fresh"):
        return ""
    if skill_of(trace, "baseline") is not None and not _nothing(trace, "baseline"):
        return ""
    return (
        "The net knows its training rows by heart, but a training on some of them tells nothing of "
        "the others"
    )


def _nothing(trace: Trace, name: str) -> bool:
    """Whether that skill is there and no more than chance."""
    found = skill_of(trace, name)
    return found is not None and found[0] < 0.05 + 2 * found[1]
