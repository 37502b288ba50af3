"""train() and eval(): do the net's modes matter, and which was on when?

Signals: "mode.layers" (text by place: its dropout and batch norm layers), "mode.gap" (mean change
of a net's output between the two modes over its spread, on an evaluation's own batch, last state),
"mode.decided" (share of rows whose answer, the largest column or the side of the middle, changes),
"norm.unused" (by layer: batch norm that never saw a batch in train mode), "evaluation.again" (share
of evaluations, the first left out, that asked the net of the very rows of the one before),
"mode.cost" (how much lower the evaluation's score is in train mode, over several draws: share of
right classes, or R2) and its standard error "mode.cost.noise", "eval.drawn" (share of classes that
are answered otherwise when eval mode is asked again, by F.dropout).
"""

import math
from itertools import pairwise
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from netwright.watch.evaluated import Evaluated, evaluated
from netwright.watch.kept import Kept
from netwright.watch.rewire import rewired
from netwright.watch.skill import Goals, answers, direct_loss, goals
from netwright.watch.snapshot import Snapshot, unseen
from netwright.watch.tape import Tape

_DROPOUT = (nn.modules.dropout._DropoutNd, nn.RNNBase)
_NORM = (nn.modules.batchnorm._BatchNorm,)
_FEWEST = 50  # rows that a score is worth comparing on
_DRAWS = 6  # of the units that dropout deletes
_ASKINGS = ((1, True), (2, True), (1, False), (2, False))  # seed, and whether F.dropout drops


def modes(kept: Kept) -> None:
    """Record which layers have modes, and what difference they make to an evaluation."""
    trace, step = kept.trace, kept.steps
    dropout = norm = False
    for net in kept.last.nets:
        for name, module in net.named_modules():
            if isinstance(module, _NORM):
                norm = True
                trace.note("mode.layers", type(module).__name__, place=name)
                if module.num_batches_tracked is not None and not module.num_batches_tracked:
                    trace.record("norm.unused", name, step, 1)
            elif isinstance(module, _DROPOUT) and _rate(module):
                dropout = True
                trace.note("mode.layers", type(module).__name__, place=name)
    trace.record("mode.dropout", "", step, dropout)
    trace.record("mode.norm", "", step, norm)
    if not kept.evaluations:
        return
    pairs = list(pairwise(kept.evaluations))
    if pairs:
        again = sum(a.step == b.step and _same_rows(a, b) for a, b in pairs)
        trace.record("evaluation.again", "", step, again / len(pairs))
    _drawn(kept)
    if not (dropout or norm):
        return
    gaps, decided = [], []
    for tape in kept.evaluations[-4:]:
        for entry in tape.nets()[:1]:
            with unseen(), torch.no_grad():
                answers = []
                for mode in (True, False):
                    copied = kept.last.again()
                    for net in copied.nets:
                        net.train(mode)
                    slots = tape.run(copied.swap)
                    answers.append(slots[entry.results[0]].double())
            trained, evaluated = answers
            if trained.shape != evaluated.shape or not evaluated.ndim:
                continue
            spread = float(evaluated.std()) if evaluated.numel() > 1 else 0.0
            if spread > 0 and math.isfinite(spread):
                gaps.append(float((trained - evaluated).abs().mean()) / spread)
                decided.append(_changed(trained, evaluated))
    if gaps:
        trace.record("mode.gap", "", step, sum(gaps) / len(gaps))
        trace.record("mode.decided", "", step, sum(decided) / len(decided))
    _cost(kept)


def _drawn(kept: Kept) -> None:
    """Record the share of classes that are answered otherwise when asked again in eval mode, where
    that is the doing of dropout that is called as a function."""
    loss, changed = direct_loss(kept), []
    for one in evaluated(kept)[-4:] if loss else ():
        columns = one.output.shape[1] if one.output.ndim == 2 else 1
        goal = None if one.targets is None else goals(loss, one.targets, columns)
        if goal is None or not goal.classes:
            continue
        copied = kept.last.again()
        for net in copied.nets:
            net.eval()
        asked = [_asked(one, copied, seed, dropping) for seed, dropping in _ASKINGS]
        drawn, still = (_share_changed(goal, *pair) for pair in (asked[:2], asked[2:]))
        if drawn is not None and still is not None:
            changed.append(drawn if still < 0.5 * drawn else 0.0)
    if changed:
        kept.trace.record("eval.drawn", "", kept.steps, sum(changed) / len(changed))


def _asked(one: Evaluated, copied: Snapshot, seed: int, dropping: bool) -> Tensor:
    """Return what the net answers. dropping: with what F.dropout does."""
    undo = None if dropping else rewired(F, "dropout", _no_dropout)
    try:
        with unseen(seed=seed), torch.no_grad():
            return one.tape.run(copied.swap)[one.tape.nets()[0].results[0]]
    finally:
        if undo is not None:
            undo()


def _no_dropout(original: Any) -> Any:
    return lambda x, *options, **named: x


def _share_changed(goal: Goals, one: Tensor, other: Tensor) -> float | None:
    first, second = answers(goal, one), answers(goal, other)
    if first is None or second is None:
        return None
    return float((first != second).double().mean())


def _cost(kept: Kept) -> None:
    """Record what the mode costs an evaluation's score, row by row."""
    loss, found = direct_loss(kept), []
    for one in evaluated(kept)[-4:] if loss else ():
        columns = one.output.shape[1] if one.output.ndim == 2 else 1
        goal = None if one.targets is None else goals(loss, one.targets, columns)
        if goal is not None:
            found.append((one, goal))
    values = [goal.values for _, goal in found]
    spread = torch.cat(values).double().var(correction=0) if values else torch.zeros(())
    if not found or len(torch.cat(values)) < _FEWEST or not spread > 0:
        return
    costs = torch.cat([_costs(kept, one, goal, float(spread)) for one, goal in found])
    kept.trace.record("mode.cost", "", kept.steps, float(costs.mean()))
    noise = float(costs.std()) / math.sqrt(len(costs))
    kept.trace.record("mode.cost.noise", "", kept.steps, noise)


def _costs(kept: Kept, one: Evaluated, goal: Goals, spread: float) -> Tensor:
    """Return (rows,): what a row adds to the score in eval mode less what it adds in train mode."""
    result = one.tape.nets()[0].results[0]
    scores = [_scores(goal, one.output, spread)]
    for _ in range(_DRAWS):
        copied = kept.last.again()
        for net in copied.nets:
            net.train()
        with unseen(), torch.no_grad():
            scores.append(_scores(goal, one.tape.run(copied.swap)[result], spread))
    return scores[0] - torch.stack(scores[1:]).mean(0)


def _scores(goal: Goals, output: Tensor, spread: float) -> Tensor:
    answer = answers(goal, output)
    assert answer is not None  # the loss took an output of this form
    if goal.classes:
        return (answer == goal.values).double()
    return 1 - (answer - goal.values).square() / spread


def _same_rows(a: Tape, b: Tape) -> bool:
    """Whether two evaluations began with the same inputs."""
    first, second = a.nets()[0].args[:1], b.nets()[0].args[:1]
    if not first or not second:
        return False
    x, y = first[0], second[0]
    if not isinstance(x, Tensor) or not isinstance(y, Tensor):
        return False
    return x.shape == y.shape and torch.equal(x, y)


def _rate(module: nn.Module) -> float:
    return float(getattr(module, "dropout" if isinstance(module, nn.RNNBase) else "p"))


def _changed(a: Tensor, b: Tensor) -> float:
    if a.ndim > 1 and a.shape[1] > 1:
        return float((a.argmax(1) != b.argmax(1)).double().mean())
    middle = b.median()
    return float(((a > middle) != (b > middle)).double().mean())
