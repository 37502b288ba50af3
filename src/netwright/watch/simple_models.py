"""What simple models tell of the same rows (baseline.py), beside the net.

Signals: "skill.baseline" (on half of the kept training rows, fitted to the other half),
"skill.evaluated.baseline" (the same within the evaluated rows), "skill.across" (on evaluated rows,
fitted to training rows). Where rows come in groups of near copies (near_copies.py),
"skill.baseline" deals whole groups out, "skill.baseline.mixed" single rows, and "copies.groups" and
"copies.near" (share of the evaluated rows that belong to a training row's group) are recorded.
"""

import torch

from netwright.watch.baseline import predict
from netwright.watch.kept import Kept
from netwright.watch.near_copies import NearCopies, near_copies
from netwright.watch.rows import Rows, halves
from netwright.watch.skill import skill
from netwright.watch.told import FEWEST, write

_FOLDS = 5
_GROUPS = 4  # of a class: one of a few groups cannot be told by the others


def baseline(kept: Kept, name: str, known: Rows, others: Rows) -> float | None:
    """Fit to the known rows; record what is told of the others as "skill.<name>"."""
    if min(len(known), len(others)) < FEWEST:
        return None
    if known.goal.classes != others.goal.classes:
        return None
    found = predict(known.inputs, known.goal, others.inputs)
    return None if found is None else write(kept, name, skill(others.goal, found))


def evaluated_baseline(kept: Kept, judged: Rows, most: int) -> None:
    """Fit a simple model to no more rows than of training; of few, to all but a fifth in turn."""
    known, others = halves(judged)
    if min(len(known), len(others)) >= FEWEST:
        baseline(kept, "evaluated.baseline", known.at(torch.arange(len(known))[:most]), others)
        return
    fold = torch.arange(len(judged)) % _FOLDS
    found = []
    for one in range(_FOLDS):
        known = judged.at((fold != one).nonzero()[:most, 0])
        found.append(predict(known.inputs, known.goal, judged.inputs[fold == one]))
    answered = [answer for answer in found if answer is not None]
    if len(answered) == _FOLDS:
        answer = torch.empty_like(torch.cat(answered))
        for one, part in enumerate(answered):
            answer[fold == one] = part
        write(kept, "evaluated.baseline", skill(judged.goal, answer))


def grouped(kept: Kept, training: Rows, judged: Rows | None) -> NearCopies | None:
    """Record what a simple model tells of rows whose near copies it has seen, and of others."""
    groups = near_copies(training.inputs)
    if groups is None:
        return None
    known = training.at(torch.arange(len(groups.labels)))
    if known.goal.classes:
        pairs = torch.stack([groups.labels, known.goal.values.long()], 1).unique(dim=0)
        if int(pairs[:, 1].unique(return_counts=True)[1].min()) < _GROUPS:
            return None
    if judged is not None:
        kept.trace.record("copies.groups", "", kept.steps, len(groups.labels.unique()))
        kept.trace.record("copies.near", "", kept.steps, groups.near(judged.inputs))
    baseline(kept, "baseline", known.at(groups.sides), known.at(~groups.sides))
    baseline(kept, "baseline.mixed", *halves(known))
    return groups
