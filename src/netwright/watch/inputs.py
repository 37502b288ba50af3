"""What comes into the nets: scale, holes, and whether mending it would help this run.

Signals of the first net's first input: "input.bad" (share of numbers that are not finite),
"input.std" and "input.std.largest" (median and largest standard deviation of its features),
"input.std.ratio" (largest over smallest), "input.shift" (largest abs(mean)/std), "input.largest"
(number, by size), "input.sentinel" (largest share of one far-off value that a feature repeats),
"input.sentinel.features". A feature is a column, in series one of the last axis, in images a
channel. Trials on kept batches, measured on others that were held out: "trial.as.is",
"trial.standardised" (targets too, where their deviation, "target.std", is beyond 10; their mean is
"target.mean"), "trial.repaired" (far-off repeated values replaced, then standardised).
"""

import math
from collections.abc import Callable, Sequence
from typing import Any

import torch
from torch import Tensor

from netwright.watch.kept import Kept, main_loss, target_of
from netwright.watch.tape import Entry, Tape
from netwright.watch.trial import Change, measure, trial

_STEPS = 150
_ROWS = 20_000
_POWERS = {"mse_loss": 2, "l1_loss": 1}  # of the targets' unit
_NEAR_POWERS = {**_POWERS, "smooth_l1_loss": 2, "huber_loss": 2}  # of errors far below 1
Mend = Callable[[Tensor], Tensor]


def inputs(kept: Kept) -> None:
    """Record the inputs' scale; try other scales where it is unusual."""
    trace, step = kept.trace, kept.steps
    everything = _pooled(kept.tapes)
    if everything is None:
        return
    bad = float((~everything.isfinite()).double().mean())
    if bad:
        trace.record("input.bad", "", step, bad)
        return
    if len(everything) < 32:
        return
    mean, std = _moments(everything)
    live = std > 1e-9 * mean.abs()
    if not live.any():
        return
    largest, smallest = float(std[live].max()), float(std[live].min())
    shift = float((mean.abs()[live] / std[live]).max())
    trace.record("input.std", "", step, float(std[live].median()))
    trace.record("input.std.largest", "", step, largest)
    trace.record("input.std.ratio", "", step, largest / smallest)
    trace.record("input.shift", "", step, shift)
    trace.record("input.largest", "", step, float(everything.abs().max()))
    holes = _sentinels(_by_feature(everything))
    if holes:
        trace.record("input.sentinel", "", step, max(share for _, share in holes.values()))
        trace.record("input.sentinel.features", "", step, len(holes))
    unusual = largest / smallest > 10 or shift > 3 or largest > 10
    far = _far_targets(kept)
    if far is not None:
        trace.record("target.mean", "", step, far[0])
        trace.record("target.std", "", step, far[1])
    if not (holes or unusual or far) or len(kept.tapes) < 2:
        return
    _try(kept, "as.is", None)
    if unusual or far:
        _try(kept, "standardised", _standardise(mean, std), far)
    if holes:
        _try(kept, "repaired", _repair(everything, holes), far or _near_targets(kept))


def _pooled(tapes: Sequence[Tape]) -> Tensor | None:
    """Return the first net's first input of all tapes as one, (rows, features, ...)."""
    found = []
    for tape in tapes:
        entry = tape.nets()[0] if tape.nets() else None
        value = entry.args[0] if entry is not None and entry.args else None
        if not isinstance(value, Tensor) or not value.is_floating_point() or value.ndim < 2:
            return None
        found.append(value)
    if len({value.shape[1:] for value in found}) > 1:
        return None
    return torch.cat(found)[:_ROWS].double()


def _moments(x: Tensor) -> tuple[Tensor, Tensor]:
    """Images are scaled by channel, series by feature, tables by column."""
    axes = {2: [0], 3: [0, 1]}.get(x.ndim, [0, *range(2, x.ndim)])
    return x.mean(axes, keepdim=True), x.std(axes, keepdim=True)


def _standardise(mean: Tensor, std: Tensor) -> Mend:
    safe = torch.where(std > 0, std, torch.ones_like(std))
    return lambda x: (x - mean.to(x)) / safe.to(x)


def _by_feature(x: Tensor) -> Tensor:
    """(numbers, features), see _moments."""
    return x.movedim(_axis(x), -1).flatten(0, -2)


def _axis(x: Tensor) -> int:
    return -1 if x.ndim == 3 else 1


def _sentinels(x: Tensor) -> dict[int, tuple[float, float]]:
    """Find features in which one value is repeated far from all others: feature -> (value, share).

    The value is the smallest or largest, and lies ten standard deviations of the others away; they
    must be varied themselves (a rare indicator is none), or it lies a hundred away (a count's 999).
    """
    found: dict[int, tuple[float, float]] = {}
    for feature in range(x.shape[1]):
        column = x[:, feature]
        for extreme in (column.min(), column.max()):
            same = column == extreme
            rest = column[~same]
            if same.sum() < 3 or same.double().mean() > 0.5:
                continue
            far = float((rest - extreme).abs().min() / rest.std().clamp_min(1e-30))
            if far > 10 and rest.std() > 0 and (far > 100 or len(rest.unique()) >= 20):
                found[feature] = (float(extreme), float(same.double().mean()))
    return found


def _repair(x: Tensor, holes: dict[int, tuple[float, float]]) -> Mend:
    columns = _by_feature(x)
    middle = torch.stack(
        [
            column[column != holes[i][0]].mean() if i in holes else column.mean()
            for i, column in enumerate(columns.T)
        ]
    )
    clean = _filled(x, holes, middle)
    scale = _standardise(*_moments(clean))
    return lambda batch: scale(_filled(batch, holes, middle.to(batch)))


def _filled(x: Tensor, holes: dict[int, tuple[float, float]], values: Tensor) -> Tensor:
    x = x.clone()
    for feature, (sentinel, _) in holes.items():
        part = x.select(_axis(x), feature)
        part[part.double() == sentinel] = values[feature]
    return x


def _far_targets(kept: Kept) -> tuple[float, float] | None:
    """Return mean and standard deviation of a distance loss's targets where they are beyond 10."""
    moments = _moments_of_targets(kept, _POWERS)
    return moments if moments is not None and moments[1] > 10 else None


def _near_targets(kept: Kept) -> tuple[float, float] | None:
    """Return them where they lie so close that steps of a usual size cannot tell them apart: a
    scale that far-off values set shrinks targets of the same series with the rest."""
    moments = _moments_of_targets(kept, _NEAR_POWERS)
    return moments if moments is not None and 0 < moments[1] < 0.01 else None


def _moments_of_targets(kept: Kept, powers: dict[str, int]) -> tuple[float, float] | None:
    main = main_loss(kept.tapes[0])
    targets = [target_of(tape) for tape in kept.tapes]
    known = [t.detach().double().reshape(-1) for t in targets if t is not None]
    if main is None or main.name not in powers or len(known) < len(targets):
        return None
    values = torch.cat(known)
    return float(values.mean()), float(values.std())


def _try(kept: Kept, name: str, mend: Mend | None, far: tuple[float, float] | None = None) -> None:
    """Train a while on half of the kept batches and measure on the other half.

    far: mean and standard deviation by which the targets are scaled too; the loss is told in the
    targets' own unit.
    """
    training, held_out = kept.tapes[::2], kept.tapes[1::2]
    change: Change | None = None
    if mend is not None:
        first = {id(tape.nets()[0]) for tape in kept.tapes}

        def change(entry: Entry, call: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
            if far is not None and entry.kind == "loss" and entry.name in _NEAR_POWERS:
                return call(args[0], (args[1] - far[0]) / far[1], *args[2:], **kwargs)
            if id(entry) not in first:
                return NotImplemented
            return call(mend(args[0]), *args[1:], **kwargs)

    seconds = max(0.2, kept.left / 4)
    steps = min(_STEPS, kept.steps)  # no more than the run itself had
    state, losses = trial(
        kept.first, training, kept.recipe, steps=steps, change=change, seconds=seconds
    )
    if losses and math.isfinite(losses[-1]):
        found = measure(state, held_out, change)
        main = main_loss(kept.tapes[0])
        unit = far[1] ** _NEAR_POWERS[main.name] if far is not None and main is not None else 1.0
        kept.trace.record(f"trial.{name}", "", len(losses), math.fsum(found) / len(found) * unit)
        if mend is None:
            kept.trace.record("trial.start", "", 0, losses[0])
