"""How targets are spread over batches, and whether the net still knows its early batches.

Signals: "label.spread" (mean over batches of the spread of targets within a batch over the spread
in all kept batches; entropy for classes, standard deviation for numbers), "label.classes" (0 for
numbers), "kept.loss" (mean loss of the last state over all kept batches), "kept.recent" (mean of
the losses that the run itself saw in its last steps), "trial.mixed" (as "kept.loss", after a short
training on the rows of the kept batches, mixed).
"""

import math
from collections.abc import Sequence
from dataclasses import replace

import torch
from torch import Tensor

from netwright.watch.kept import Kept, target_of
from netwright.watch.tape import Tape
from netwright.watch.trial import measure, trial

_STEPS = 150
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
        if math.fsum(within) / len(within) < 0.5 * total:
            _shuffle(kept)


def _shuffle(kept: Kept) -> None:
    """Try the run on the rows of the kept batches, mixed over batches."""
    mixed = mix(kept.tapes)
    if mixed is None:
        return
    seconds = max(0.2, kept.left / 3)
    state, losses = trial(kept.first, mixed, kept.recipe, steps=_STEPS, seconds=seconds)
    if losses and math.isfinite(losses[-1]):
        found = measure(state, kept.tapes)
        kept.trace.record("trial.mixed", "", len(losses), math.fsum(found) / len(found))


def mix(tapes: Sequence[Tape]) -> list[Tape] | None:
    """Deal the rows of tapes of one form out anew; None where fewer than two are of one form."""
    form = _form(tapes[0])
    alike = [tape for tape in tapes if _form(tape) == form]
    rows = next((len(t) for t in _batches(tapes[0])), 0)
    if len(alike) < 2 or rows < 2:
        return None
    order = torch.randperm(rows * len(alike), generator=torch.Generator().manual_seed(0))
    columns = list(zip(*(_batches(tape) for tape in alike), strict=True))
    dealt = [torch.cat(list(column))[order].split(rows) for column in columns]
    return [_with(tape, [column[i] for column in dealt]) for i, tape in enumerate(alike)]


def _batches(tape: Tape) -> list[Tensor]:
    """The constants of a tape that have a row a sample: as many as its first net's first input."""
    found: list[Tensor] = []
    for entry in tape.entries:
        for value in entry.args:
            if isinstance(value, Tensor) and value.ndim and not value.requires_grad:
                if not found or len(value) == len(found[0]):
                    found.append(value)
    return found


def _form(tape: Tape) -> list[tuple[str, ...] | torch.Size]:
    names: list[tuple[str, ...] | torch.Size] = [tuple(entry.name for entry in tape.entries)]
    return names + [value.shape for value in _batches(tape)]


def _with(tape: Tape, values: list[Tensor]) -> Tape:
    """A tape whose batches are others."""
    new = dict(zip(map(id, _batches(tape)), values, strict=True))
    entries = [
        replace(entry, args=tuple(new.get(id(value), value) for value in entry.args))
        for entry in tape.entries
    ]
    return replace(tape, entries=entries)


def _target(tape: Tape) -> Tensor | None:
    target = target_of(tape)
    if target is None or not target.ndim:
        return None
    one_hot = target.ndim == 2 and target.shape[1] > 1 and target.is_floating_point()
    return target.argmax(1) if one_hot else target


def _entropy(values: Tensor) -> float:
    shares = values.unique(return_counts=True)[1].double() / len(values)
    return float(-(shares * shares.log()).sum())


def _deviation(values: Tensor) -> float:
    return float(values.double().std())
