"""train() and eval(): do the net's modes matter, and which was on when?

Signals: "mode.layers" (text by place: its dropout and batch norm layers), "mode.gap" (mean change
of a net's output between the two modes over its spread, on an evaluation's own batch, last state),
"mode.decided" (share of rows whose answer, the largest column or the side of the middle, changes),
"norm.unused" (by layer: batch norm that never saw a batch in train mode), "evaluation.again" (share
of evaluations, the first left out, that asked the net of the very rows of the one before).
"""

import math
from itertools import pairwise

import torch
from torch import Tensor, nn

from netwright.watch.kept import Kept
from netwright.watch.snapshot import unseen
from netwright.watch.tape import Tape

_DROPOUT = (nn.modules.dropout._DropoutNd, nn.RNNBase)
_NORM = (nn.modules.batchnorm._BatchNorm,)


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
    if not (dropout or norm) or not kept.evaluations:
        return
    pairs = list(pairwise(kept.evaluations))
    if pairs:
        again = sum(a.step == b.step and _same_rows(a, b) for a, b in pairs)
        trace.record("evaluation.again", "", step, again / len(pairs))
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
