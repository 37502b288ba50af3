"""How targets are spread over batches, and whether the net still knows its early batches.

Signals: "label.spread" (mean over batches of the spread of targets within a batch over the spread
in all kept batches; entropy for classes, standard deviation for numbers), "label.classes" (0 for
numbers), "kept.loss" (mean loss of the last state over all kept batches), "kept.recent" (mean of
the losses that the run itself saw in its last steps).
"""

import math

import torch
from torch import Tensor

from netwright.watch.kept import Kept, main_loss
from netwright.watch.tape import Tape
from netwright.watch.trial import measure

_FEWEST = 8  # batches, and rows in each


def labels(kept: Kept) -> None:
    """Record the spread of targets and the loss over all kept batches."""
    trace, step = kept.trace, kept.steps
    found = measure(kept.last, kept.tapes)
    trace.record("kept.loss", "", step, math.fsum(found) / len(found))
    recent = trace.values("loss")[-max(4, min(20, kept.steps // 10)) :]
    if len(recent):
        trace.record("kept.recent", "", step, float(recent.mean()))
    targets = [t for t in map(_target, kept.tapes) if t is not None and len(t) >= _FEWEST]
    if len(targets) < _FEWEST:
        return
    flat = [t.detach().reshape(len(t), -1)[:, 0] for t in targets]
    everything = torch.cat(flat)
    distinct = everything.unique()
    whole = bool((everything == everything.round()).all()) and len(distinct) <= 100
    spread = _entropy if whole else _deviation
    total = spread(everything)
    if total > 0:
        within = [spread(t) for t in flat]
        trace.record("label.spread", "", step, math.fsum(within) / len(within) / total)
        trace.record("label.classes", "", step, len(distinct) if whole else 0)


def _target(tape: Tape) -> Tensor | None:
    main = main_loss(tape)
    if main is None:
        return None
    target = [*main.args, *main.kwargs.values()][1]
    if not isinstance(target, Tensor) or not target.ndim:
        return None
    one_hot = target.ndim == 2 and target.shape[1] > 1 and target.is_floating_point()
    return target.argmax(1) if one_hot else target


def _entropy(values: Tensor) -> float:
    shares = values.unique(return_counts=True)[1].double() / len(values)
    return float(-(shares * shares.log()).sum())


def _deviation(values: Tensor) -> float:
    return float(values.double().std())
