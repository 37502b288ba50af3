"""Are there rows enough of each class to learn it, or would a plain model give the rare ones up?"""

import numpy as np

from netwright.check.case import Case
from netwright.check.result import Check
from netwright.check.words import listed

__all__ = ["class_balance"]

NAME = "class-balance"
RATIO = 10.0  # between the commonest and a rare class
GIVEN_UP = 0.5  # of the commonest class's recall
FEWEST_JUDGED = 10  # rows of a class whose recall says something
FEW = 5  # training rows of a class


def class_balance(case: Case) -> Check:
    """Warn where a class is rare and a plain model, out of fold, finds hardly any of its rows."""
    if not case.one_class:
        words = "it is asked of tasks with one class a row"
        return Check(name=NAME, status="skipped", words=words)
    counts = np.bincount(case.train.sample.targets, minlength=len(case.classes))
    if case.class_counts:
        counts = np.asarray(case.class_counts)
    there = np.flatnonzero(counts)
    common, rare = int(counts.argmax()), int(there[counts[there].argmin()])
    ratio = float(counts[common] / counts[rare])
    numbers: dict[str, float | str] = {"ratio": ratio, "rarest": int(counts[rare])}
    sizes = (
        f"{case.class_name(common)!r} has {counts[common]:,} training rows, "
        f"{case.class_name(rare)!r} {counts[rare]:,}"
        if counts[common] != counts[rare]
        else f"each class has {counts[common]:,} training rows"
    )
    few = [case.class_name(int(k)) for k in there if counts[k] < FEW]
    if few:
        sizes += f"; {len(few)} classes have fewer than {FEW} ({listed(few)})"
    if ratio <= RATIO:
        status = "info" if few else "passed"
        return Check(name=NAME, status=status, words=sizes, numbers=numbers)  # type: ignore[arg-type]
    missed, recalls = _missed(case, counts, common)
    if not missed:
        said = f"{sizes}: uneven, but a plain model finds the rare ones too" if recalls else sizes
        return Check(name=NAME, status="info", fault="class-imbalance", words=said, numbers=numbers)
    worst = min(missed, key=lambda k: recalls[k])
    numbers |= {"recall of the rare class": recalls[worst], "recall of the common": recalls[common]}
    names = tuple(case.class_name(k) for k in missed)
    return Check(
        name=NAME,
        status="warning",
        fault="class-imbalance",
        words=f"{sizes}; a plain model finds {recalls[worst]:.0%} of {case.class_name(worst)!r} "
        f"and {recalls[common]:.0%} of {case.class_name(common)!r}"
        + (f" ({listed(names)} are given up)" if len(names) > 1 else ""),
        advice="Judge by a metric that sees the rare classes (--metric balanced_accuracy, f1 or "
        "pr_auc); if they matter more than their number, --set recipe.class_weights=balanced.",
        numbers=numbers,
    )


def _missed(case: Case, counts: np.ndarray, common: int) -> tuple[list[int], dict[int, float]]:
    """Return the rare classes that are given up, and every judged class's recall."""
    found = case.out_of_fold
    if found is None or found[1].cut:
        return [], {}
    labels = case.train.sample.targets[found[0]]
    said = found[1].predictions.argmax(1)
    recalls = {
        int(k): float((said[labels == k] == k).mean())
        for k in np.unique(labels)
        if (labels == k).sum() >= FEWEST_JUDGED or k == common
    }
    missed = [
        k
        for k, recall in recalls.items()
        if counts[common] > RATIO * counts[k] and recall < GIVEN_UP * recalls[common]
    ]
    return missed, recalls
