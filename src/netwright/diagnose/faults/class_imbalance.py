"""Class imbalance: a rare class is given up because ignoring it costs so little.

Reads "class.count" (training rows, place: the class) and "recall" (validation, place: the class).

## What it does
Compares how many training rows each class has with how much of it is found on validation rows.

## Why is this bad?
With one row in fifty, a net that never calls the rare class is right for 98 % and useless: the mean
loss is made of the common class, and so is accuracy.

## Example
    loss = nn.CrossEntropyLoss()  # 4,900 healthy rows, 100 ill ones: "healthy" for all

Use instead:

    counts = torch.bincount(targets)
    loss = nn.CrossEntropyLoss(weight=len(targets) / (len(counts) * counts))

## References
- He and Garcia 2009, "Learning from Imbalanced Data", IEEE TKDE 21(9)
- King and Zeng 2001, "Logistic Regression in Rare Events Data", Political Analysis 9(2)
"""

from collections.abc import Iterator

from netwright.diagnose.fault import Evidence, fault
from netwright.diagnose.symptoms import skill_gained, skill_of
from netwright.watch.trace import Trace

__all__ = ["class_imbalance"]

_RATIO = 10.0


@fault(
    "class-imbalance",
    severity="warning",
    remedies=("class-weights", "balanced-sampling", "balanced-metric"),
)
def class_imbalance(trace: Trace) -> Iterator[Evidence]:
    """A class ten times rarer than the commonest one is recalled less than half as well (nine
    tenths, where the script itself judges class by class). Of a script only where it decides for
    classes (a score of ranks needs no threshold), and where a short training with the classes
    weighed alike tells them clearly better than the whole run. An error where the loss weighs the
    commoner classes more and the rare one is missed.
    """
    inverted = _inverted(trace)
    if inverted is not None:
        yield inverted
        return
    decided = trace.last("answers.decided")
    if decided is not None and not (decided and _weights_help(trace)):
        return
    counts = {
        place: float(trace.values("class.count", place)[-1])
        for place in trace.places("class.count")
    }
    recalls = {place: float(trace.values("recall", place)[-1]) for place in trace.places("recall")}
    known = [label for label in counts if label in recalls and counts[label] > 0]
    if len(known) < 2:
        return
    enough = 0.9 if trace.last("answers.by.class") else 0.5
    common = max(known, key=lambda label: counts[label])
    missed = [
        label
        for label in known
        if counts[common] / counts[label] > _RATIO and recalls[label] < enough * recalls[common]
    ]
    if not missed:
        return
    rarest = min(missed, key=lambda label: recalls[label])
    ratio = counts[common] / counts[rarest]
    yield Evidence(
        step=int(trace.steps("recall", rarest)[-1]),
        numbers={
            "ratio": ratio,
            "recall of the rare class": recalls[rarest],
            "recall of the common class": recalls[common],
            "classes missed": len(missed),
        },
        confidence=0.85,
        explanation=(
            f"Class {rarest!r} has {counts[rarest]:.0f} training rows, {ratio:.0f} times fewer "
            f"than {common!r}, and only {recalls[rarest]:.0%} of it is found "
            f"({recalls[common]:.0%} of {common!r}): a high accuracy hides that. Weight the "
            "classes, sample them evenly, and judge by balanced accuracy or precision and recall."
        ),
    )


def _inverted(trace: Trace) -> Evidence | None:
    """Return the evidence against weights that are larger the commoner a class is."""
    weights = {p: trace.last("class.weight", p) or 0.0 for p in trace.places("class.weight")}
    counts = {p: trace.last("class.count", p) or 0.0 for p in trace.places("class.count")}
    recalls = {p: trace.last("recall", p) or 0.0 for p in trace.places("recall")}
    known = [label for label in counts if label in recalls and label in weights]
    if len(known) < 2:
        return None
    common, rare = (pick(known, key=lambda label: counts[label]) for pick in (max, min))
    if counts[common] < 3 * counts[rare] or weights[common] < 3 * weights[rare]:
        return None
    if recalls[rare] >= 0.5 * recalls[common]:
        return None
    return Evidence(
        event="loss",
        severity="error",
        numbers={
            "rows of the common class": counts[common],
            "of the rare one": counts[rare],
            "weight of the common class": weights[common],
            "of the rare one's": weights[rare],
            "recall of the rare class": recalls[rare],
        },
        confidence=0.95,
        remedies=("class-weights",),
        explanation=(
            f"The loss weighs class {common!r} ({counts[common]:.0f} training rows) "
            f"{weights[common] / max(weights[rare], 1e-12):.3g} times as much as {rare!r} "
            f"({counts[rare]:.0f}), of which only {recalls[rare]:.0%} are found: the weights grow "
            "with the counts. Divide by them: weight = rows / (classes * counts)."
        ),
    )


def _weights_help(trace: Trace) -> bool:
    own = "train" if skill_of(trace, "evaluated") is None else "evaluated"
    return skill_gained(trace, "weighted", own, least=0.1, errors=1.5)
