"""What the net tells of rows that it learned from and of others, and what it could tell.

Signals, each a skill (skill.py: 0 is one answer for all, 1 all right) with its standard error as
"<signal>.noise": "skill.train" (of the last state, on kept training rows), "skill.evaluated" (on
evaluated ones), "skill.baseline" (on half of the kept training rows, of a simple model fitted to
the other half: baseline.py), "skill.evaluated.baseline" (the same within the evaluated rows),
"skill.across" (of that model on evaluated rows, fitted to training rows), "skill.fresh" (on kept
training rows that a short training from the first state did not see), "skill.continued" and
"skill.faster" (on the evaluated rows, after the run went on for half its length, at most _STEPS
steps, at its first rate and at ten times that), and where decay is strong "skill.decayed" and
"skill.undecayed" (on evaluated rows, else training rows, after as many steps with it and without);
where the graph does not reach parameters that the optimizer holds, "skill.cut" and
"skill.reconnected" (of the same rows, after a short training from the first state with the graph as
it was, and whole). Where rows come in groups of near copies (near_copies.py), "skill.baseline"
deals whole groups out, "skill.baseline.mixed" single rows, and "copies.groups" and "copies.near"
(share of the evaluated rows that belong to a training row's group) are recorded. Going on is judged
on training rows too ("skill.continued.train", "skill.faster.train") where the simple model tells
more of them. Where a function of the weights alone is added to the loss, "skill.penalised" and
"skill.unpenalised" are as many steps from the run's end with it and without. Of classes also
"class.count" (kept training rows) and "recall" (of evaluated rows, else of training rows), by
class, "answers.decided" (1: the user's evaluation turns outputs into classes), and where one class
is ten times rarer than another and missed, "skill.weighted" (after a short training from the first
state with the classes weighed alike). What costs a training is tried only where the net leaves
something to be told.
"""

import math
import zlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import torch
from torch import Tensor

from netwright.watch.baseline import predict
from netwright.watch.evaluated import evaluated, trained
from netwright.watch.kept import Kept, main_loss
from netwright.watch.near_copies import NearCopies, near_copies
from netwright.watch.on_graph import keep_graph
from netwright.watch.skill import Goals, answers, direct_loss, goals, recalls, skill
from netwright.watch.snapshot import Snapshot, unseen
from netwright.watch.tape import Entry, Tape
from netwright.watch.trial import trial

_STEPS = 150
_ROWS = 3000
_MOST = 4_000_000  # numbers that the rows hold
_AT_ONCE = 256  # rows that a net is given
_FEWEST = 48
_SOLVED = 0.9
_GROUPS = 4  # of a class: one of a few groups cannot be told by the others
_STRONG_DECAY = 0.002  # of the weights a step
_DECIDE = ("eq", "ne", "gt", "ge", "lt", "le", "argmax", "max", "round", "topk")


@dataclass(frozen=True)
class _Rows:
    inputs: Tensor
    goal: Goals

    def at(self, which: Tensor) -> "_Rows":
        return _Rows(self.inputs[which], self.goal.at(which))


def skills(kept: Kept) -> None:
    """Record what is told of rows, and try what could be."""
    loss = direct_loss(kept)
    if len(kept.last.nets) != 1 or not loss or kept.trace.places("loss.coupled"):
        return
    training = _rows(trained(kept), loss, kept)
    if training is None or len(training.inputs) < _FEWEST:
        return
    seen = [(one.inputs, one.targets) for one in evaluated(kept) if one.targets is not None]
    judged = _rows([(x, t) for x, t in seen if t is not None], loss, kept)
    if judged is not None and not (len(judged.inputs) >= _FEWEST and _same_unit(training, judged)):
        judged = None
    told = _record(kept, "train", kept.last, training)
    if told is None:
        return
    there = _record(kept, "evaluated", kept.last, judged) if judged is not None else None
    _classes(kept, training, judged if judged is not None else training)
    groups = _grouped(kept, training, judged)
    if min(told, there if there is not None else told) >= _SOLVED:
        return
    _undecayed(kept, training if judged is None else judged)
    _unpenalised(kept, training if judged is None else judged)
    _reconnected(kept, training if judged is None else judged)
    simple = None
    if groups is None:
        simple = _baseline(kept, "baseline", *_halves(training))
    beaten = simple is not None and simple > told + 0.15
    if judged is None or there is None:
        if beaten:
            _continued(kept, None, training)
        return
    if there < 0.5 * told or there < 0.2:
        if groups is None:  # else near copies tell of each other, in whatever way rows were made
            _baseline(kept, "evaluated.baseline", *_halves(judged))
            _baseline(kept, "across", training, judged)
        _fresh(kept, loss)
    _continued(kept, judged, training if beaten else None)


def _grouped(kept: Kept, training: _Rows, judged: _Rows | None) -> NearCopies | None:
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
    _baseline(kept, "baseline", known.at(groups.sides), known.at(~groups.sides))
    _baseline(kept, "baseline.mixed", *_halves(known))
    return groups


def _rows(pairs: list[tuple[Tensor, Tensor]], loss: str, kept: Kept) -> _Rows | None:
    """Join batches of one form whose targets the loss takes one of a row."""
    if not pairs or len({(x.shape[1:], x.dtype, t.shape[1:]) for x, t in pairs}) > 1:
        return None
    most = min(_ROWS, max(1, _MOST // max(1, math.prod(pairs[0][0].shape[1:]))))
    inputs = torch.cat([x for x, _ in pairs])[:most]
    targets = torch.cat([t for _, t in pairs])[:most]
    output = _ask(kept, kept.last, inputs[:2])
    if output is None or not len(output) == 2 or output.ndim > 2:
        return None
    goal = goals(loss, targets, output.shape[1] if output.ndim == 2 else 1)
    return None if goal is None else _Rows(inputs, goal)


def _same_unit(training: _Rows, judged: _Rows) -> bool:
    """Whether targets have one scale: answers may be scaled back before they meet theirs."""
    if training.goal.classes or judged.goal.classes:
        return training.goal.classes == judged.goal.classes
    here, there = training.goal.values, judged.goal.values
    near = float((here.mean() - there.mean()).abs()) < float(here.std())
    return near and 0.5 < float(there.std() / here.std().clamp_min(1e-30)) < 2


def _ask(kept: Kept, state: Snapshot, inputs: Tensor) -> Tensor | None:
    net = state.again().nets[0].eval()
    with unseen(), torch.no_grad():
        found = [net(part) for part in inputs.split(_AT_ONCE)]
    if not all(isinstance(part, Tensor) and part.ndim for part in found):
        return None
    return torch.cat(found)


def _record(kept: Kept, name: str, state: Snapshot, rows: _Rows) -> float | None:
    """Record the skill of a state."""
    output = _ask(kept, state, rows.inputs)
    answer = None if output is None else answers(rows.goal, output)
    return None if answer is None else _write(kept, name, skill(rows.goal, answer))


def _write(kept: Kept, name: str, found: tuple[float, float] | None) -> float | None:
    if found is None or not all(map(math.isfinite, found)):
        return None
    kept.trace.record(f"skill.{name}", "", kept.steps, found[0])
    kept.trace.record(f"skill.{name}.noise", "", kept.steps, found[1])
    return found[0]


def _classes(kept: Kept, training: _Rows, rows: _Rows) -> None:
    """Record how often each class comes, and how much of it is found."""
    if not training.goal.classes:
        return
    decided = any(e.name.strip("_") in _DECIDE for t in kept.evaluations for e in t.entries)
    kept.trace.record("answers.decided", "", kept.steps, float(decided))
    output = _ask(kept, kept.last, rows.inputs)
    answer = None if output is None else answers(rows.goal, output)
    if answer is None:
        return
    labels, counts = training.goal.values.unique(return_counts=True)
    for label, count in zip(labels.tolist(), counts.tolist(), strict=True):
        kept.trace.record("class.count", str(label), kept.steps, count)
    for label, (number, share) in recalls(rows.goal, answer).items():
        if number >= 10:
            kept.trace.record("recall", str(label), kept.steps, share)
            if share < 0.5 and 10 * int((training.goal.values == label).sum()) < int(counts.max()):
                _weighted(kept, training.goal, rows)


def _weighted(kept: Kept, goal: Goals, rows: _Rows) -> None:
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
    seconds = max(0.2, kept.left / 5)
    state, losses = trial(
        kept.first, kept.tapes, kept.recipe, steps=_STEPS, change=change, seconds=seconds
    )
    if losses and math.isfinite(losses[-1]):
        _record(kept, "weighted", state, rows)


def _halves(rows: _Rows) -> tuple[_Rows, _Rows]:
    """Deal different rows out into two halves: a row that comes again stays on one side."""
    sides = torch.tensor([h % 2 == 0 for h in _hashes(rows.inputs)])
    return rows.at(sides), rows.at(~sides)


def _baseline(kept: Kept, name: str, known: _Rows, others: _Rows) -> float | None:
    if min(len(known.inputs), len(others.inputs)) < _FEWEST:
        return None
    if known.goal.classes != others.goal.classes:
        return None
    found = predict(known.inputs, known.goal, others.inputs)
    return None if found is None else _write(kept, name, skill(others.goal, found))


def _fresh(kept: Kept, loss: str) -> None:
    """Train a while on half of the kept batches; judge on the others' rows that are not in them."""
    learned, held_out = kept.tapes[::2], kept.tapes[1::2]
    pairs = trained(kept)
    if len(pairs) != len(kept.tapes) or not held_out:
        return
    known = _rows(pairs[::2], loss, kept)
    others = _rows(pairs[1::2], loss, kept)
    if known is None or others is None:
        return
    seen = set(_hashes(known.inputs))
    new = torch.tensor([h not in seen for h in _hashes(others.inputs)])
    if int(new.sum()) < _FEWEST:
        return
    state, _ = trial(
        kept.first, learned, kept.recipe, steps=_STEPS, seconds=max(0.2, kept.left / 5)
    )
    _record(kept, "fresh", state, others.at(new))


def _hashes(inputs: Tensor) -> list[int]:
    flat = inputs.reshape(len(inputs), -1).detach().cpu().contiguous().numpy()
    return [zlib.crc32(row.tobytes()) for row in flat]  # hash() is another one in each process


def _continued(kept: Kept, judged: _Rows | None, training: _Rows | None) -> None:
    """Let the run go on from its end."""
    for name, factor in (("continued", 1.0), ("faster", 10.0)):
        rows = {name: judged, f"{name}.train": training}
        _go_on(kept, {k: v for k, v in rows.items() if v is not None}, lr_factor=factor)


def _undecayed(kept: Kept, rows: _Rows) -> None:
    """Let the run go on from its end with its weight decay and without, where that is strong."""
    if max(kept.trace.values("decay.ratio"), default=0.0) < _STRONG_DECAY:
        return
    for name, decays in (("decayed", True), ("undecayed", False)):
        _go_on(kept, {name: rows}, decays=decays)


def _unpenalised(kept: Kept, rows: _Rows) -> None:
    """Let the run go on from its end with what is added to its loss and without, where that is a
    function of the weights alone: the same for every batch."""
    added: list[float] = []
    plain: list[Tape] = []
    for tape in kept.tapes:
        main = main_loss(tape)
        if main is None or main.results == (tape.loss,) or tape.loss is None:
            return
        plain.append(replace(tape, loss=main.results[0]))
        if len(added) < 4:
            with unseen(), torch.no_grad():
                slots = tape.run(kept.last.swap)
            added.append(float(slots[tape.loss].sum() - slots[main.results[0]].sum()))
    if min(added) <= 0 or max(added) - min(added) > 1e-4 * max(added):
        return
    _go_on(kept, {"penalised": rows})
    _go_on(kept, {"unpenalised": rows}, tapes=plain)


def _reconnected(kept: Kept, rows: _Rows) -> None:
    """Try the run with the graph as it is and whole, where it is cut before what is to learn."""
    reached, held = set(kept.trace.places("reached")), _held(kept)
    if not reached or not any(
        n in held and n not in reached for n in kept.trace.places("unreached")
    ):
        return
    for name, whole in (("cut", False), ("reconnected", True)):
        undo = keep_graph(everywhere=True) if whole else None
        try:
            state, losses = trial(
                kept.first, kept.tapes, kept.recipe, steps=_STEPS, seconds=max(0.2, kept.left / 5)
            )
        finally:
            if undo is not None:
                undo()
        if losses and math.isfinite(losses[-1]):
            _record(kept, name, state, rows)


def _held(kept: Kept) -> set[str]:
    """Return the names of the parameters that the optimizer was given."""
    state = kept.first
    copies = [state.originals.get(i) for _, ids in kept.recipe.groups for i in ids]
    held = {id(copy) for copy in copies if copy is not None}
    return {name for name, p in state.nets[0].named_parameters() if id(p) in held}


def _go_on(
    kept: Kept, rows: Mapping[str, _Rows], *, tapes: Sequence[Tape] = (), **changes: Any
) -> None:
    """Train on from the run's end; record the skill on the rows of each name."""
    steps, seconds = min(_STEPS, max(10, kept.steps // 2)), max(0.2, kept.left / 5)
    used = tapes or kept.tapes
    state, losses = trial(kept.last, used, kept.recipe, steps=steps, seconds=seconds, **changes)
    if losses and math.isfinite(losses[-1]):
        for name, those in rows.items():
            _record(kept, name, state, those)
