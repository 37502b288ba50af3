"""What the net tells of rows that it learned from and of others, and what it could tell.

Signals, each a skill (skill.py: 0 is one answer for all, 1 all right) with its standard error as
"<signal>.noise": "skill.train" (of the last state, on kept training rows), "skill.evaluated" (on
evaluated ones), what simple models tell (simple_models.py) and what other trainings would
(retried.py).

Of classes also "class.count" (kept training rows), "class.weight" (in the user's loss) and "recall"
(of evaluated rows, else of training rows), by class, "answers.decided" (1: the user's evaluation
turns outputs into classes), "answers.by.class" (1: it judges class by class), and where one class
is ten times rarer than another and missed, "skill.weighted" (after a short training from the first
state with the classes weighed alike). Where evaluated rows are told better than training rows,
"rows.again" (share of the kept training rows that came before, as they do in later epochs unless
each is augmented anew). What costs a training is tried only where the net leaves something to be
told.
"""

import math
from typing import Any

import torch

from netwright.watch.bottleneck import bottleneck
from netwright.watch.evaluated import evaluated, label_masks, trained
from netwright.watch.kept import Kept, main_loss
from netwright.watch.retried import (
    continued,
    fresh,
    reconnected,
    undecayed,
    undropped,
    unpenalised,
)
from netwright.watch.rows import Rows, ask, distinct, halves, rows_of
from netwright.watch.simple_models import baseline, evaluated_baseline, grouped
from netwright.watch.skill import Goals, answers, direct_loss, recalls
from netwright.watch.snapshot import Snapshot
from netwright.watch.stopping import stop_early
from netwright.watch.sureness import sureness
from netwright.watch.tape import Entry
from netwright.watch.told import FEWEST, STEPS, record, skill_of, write
from netwright.watch.trial import trial

_LONG = 400  # steps, where it is compared with the whole run
_SOLVED = 0.9
_GAP = 0.1  # between training and evaluated rows, beyond which its cause is looked for
_CLEARLY = 0.15  # by which a simple model is better
_DECIDE = ("eq", "ne", "gt", "ge", "lt", "le", "argmax", "max", "round", "topk")


def skills(kept: Kept) -> None:
    """Record what is told of rows, and try what could be."""
    loss = direct_loss(kept)
    if len(kept.last.nets) != 1 or not loss or kept.trace.places("loss.coupled"):
        return
    seen = rows_of(trained(kept), loss, kept)
    if seen is None or len(seen) < FEWEST:
        return
    training, judged = distinct(seen), _judged(kept, loss)
    if judged is not None and not (len(judged) >= FEWEST and _same_unit(training, judged)):
        judged = None
    told = record(kept, "train", kept.last, training)
    if told is None:
        return
    there = record(kept, "evaluated", kept.last, judged) if judged is not None else None
    rows = training if judged is None else judged
    _classes(kept, seen, rows)
    groups = grouped(kept, training, judged)
    if min(told, there if there is not None else told) >= _SOLVED:
        return
    apart = judged is not None and there is not None and told - there > _GAP
    if judged is not None and apart and groups is None:  # else rows stand in for each other
        stop_early(kept, judged)
    bottleneck(kept, training)
    for regularised in (undecayed, unpenalised):
        regularised(kept, rows, training)
    for retry in (undropped, reconnected):
        retry(kept, rows)
    simple = baseline(kept, "baseline", *halves(training)) if groups is None else None
    beaten = simple is not None and simple > told + _CLEARLY
    if judged is None or there is None:
        if beaten:
            continued(kept, None, training)
        return
    _apart(kept, loss, seen, training, judged, told=told, there=there, alone=groups is None)
    continued(kept, judged, training if beaten else None)


def _judged(kept: Kept, loss: str) -> Rows | None:
    """Return the evaluated rows, each once."""
    pairs = [(one.inputs, one.targets) for one in evaluated(kept) if one.targets is not None]
    found = rows_of([(x, t) for x, t in pairs if t is not None], loss, kept)
    return None if found is None else distinct(found)


def _apart(
    kept: Kept,
    loss: str,
    seen: Rows,
    training: Rows,
    judged: Rows,
    *,
    told: float,
    there: float,
    alone: bool,
) -> None:
    """Look for what tells evaluated rows from training rows. alone: rows come one by one; else near
    copies tell of each other, in whatever way rows were made."""
    worse = there < 0.5 * told or there < 0.2
    better = there > told + _GAP
    if (worse or better) and alone:
        evaluated_baseline(kept, judged, len(halves(training)[0]))
        baseline(kept, "across", training, judged)
    if worse:
        fresh(kept, loss)
    if better:
        kept.trace.record("rows.again", "", kept.steps, 1 - len(training) / len(seen))
        sureness(kept, training, judged)


def _same_unit(training: Rows, judged: Rows) -> bool:
    """Whether targets have one scale: answers may be scaled back before they meet theirs."""
    if training.goal.classes or judged.goal.classes:
        return training.goal.classes == judged.goal.classes
    here, there = training.goal.values, judged.goal.values
    near = float((here.mean() - there.mean()).abs()) < float(here.std())
    return near and 0.5 < float(there.std() / here.std().clamp_min(1e-30)) < 2


def _classes(kept: Kept, training: Rows, rows: Rows) -> None:
    """Record how often each class comes, and how much of it is found."""
    if not training.goal.classes:
        return
    decided = any(e.name.strip("_") in _DECIDE for t in kept.evaluations for e in t.entries)
    kept.trace.record("answers.decided", "", kept.steps, float(decided))
    by_class = any(label_masks(tape) for tape in kept.evaluations)
    kept.trace.record("answers.by.class", "", kept.steps, float(by_class))
    output = ask(kept.last, rows.inputs)
    answer = None if output is None else answers(rows.goal, output)
    if answer is None:
        return
    labels, counts = training.goal.values.unique(return_counts=True)
    for label, count in zip(labels.tolist(), counts.tolist(), strict=True):
        kept.trace.record("class.count", str(label), kept.steps, count)
    _weights_given(kept)
    given_up = False
    for label, (number, share) in recalls(rows.goal, answer).items():
        if number >= 10:
            kept.trace.record("recall", str(label), kept.steps, share)
            few = 10 * int((training.goal.values == label).sum()) < int(counts.max())
            given_up = given_up or (few and share < (0.9 if by_class else 0.5))
    if given_up:
        _weighted(kept, training.goal, rows)


def _weights_given(kept: Kept) -> None:
    """Record the weight of each class in the user's own loss."""
    main = main_loss(kept.tapes[0])
    if main is None or main.name not in ("cross_entropy", "nll_loss"):
        return
    weight = main.kwargs.get("weight", main.args[2] if len(main.args) > 2 else None)
    if isinstance(weight, torch.Tensor) and weight.ndim == 1:
        for label, value in enumerate(weight.tolist()):
            kept.trace.record("class.weight", str(label), kept.steps, value)


def _weighted(kept: Kept, goal: Goals, rows: Rows) -> None:
    """Try the run with every class weighing alike; not where the user weighs them already."""
    counts = torch.bincount(goal.values, minlength=goal.classes).double().clamp(min=1)
    balance = counts.sum() / (goal.classes * counts)

    def change(entry: Entry, call: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        if entry.kind != "loss" or entry.name != goal.loss:
            return NotImplemented
        weights = balance.to(args[0].dtype)
        if goal.loss == "binary_cross_entropy_with_logits":
            return call(*args, **kwargs | {"pos_weight": weights[1] / weights[0]})
        if goal.loss == "binary_cross_entropy":
            return call(*args, **kwargs | {"weight": weights[args[1].long()]})
        return call(*args, **kwargs | {"weight": weights})

    main = main_loss(kept.tapes[0])
    if main is None or any(main.kwargs.get(name) is not None for name in ("weight", "pos_weight")):
        return
    if len(main.args) > 2 and main.args[2] is not None:
        return
    early: list[Snapshot] = []

    def look(step: int, state: Snapshot) -> None:
        if step == STEPS:
            early.append(state.again())

    steps, seconds = min(_LONG, kept.steps), max(0.2, kept.left / 5)
    state, losses = trial(
        kept.first, kept.tapes, kept.recipe, steps=steps, change=change, after=look, seconds=seconds
    )
    if losses and math.isfinite(losses[-1]):
        found = [skill_of(one, rows) for one in (*early, state)]  # few rows are soon known by heart
        write(kept, "weighted", max((one for one in found if one), default=None))
