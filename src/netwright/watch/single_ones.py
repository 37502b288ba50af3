"""Classes as rows of a single 1 under an absolute distance: would cross-entropy tell more?

Signals: "right.as.is" and "right.cross.entropy" (share of right classes on held-out batches: of the
last state, and after a training from the first state with cross-entropy, of as many steps up to
_STEPS), "right.rows" (their number).
"""

import math
from typing import Any

import torch
from torch import Tensor
from torch.nn import functional as F

from netwright.watch.kept import Kept, main_loss, target_of
from netwright.watch.outputs import function_of
from netwright.watch.snapshot import Snapshot
from netwright.watch.tape import Entry
from netwright.watch.trial import measure, trial

_STEPS = 400


def single_ones(kept: Kept) -> None:
    """Try cross-entropy where each row of targets has a single 1."""
    main, found = main_loss(kept.tapes[0]), [target_of(tape) for tape in kept.tapes]
    targets = [t for t in found if t is not None and t.ndim == 2 and t.shape[1] > 1]
    if main is None or main.name != "l1_loss" or len(targets) < len(found):
        return
    if all(bool(((t == 0) | (t == 1)).all() and (t.sum(1) == 1).all()) for t in targets):
        _compare(kept)


def _compare(kept: Kept) -> None:
    """Try the run with cross-entropy."""
    state, losses = trial(
        kept.first, kept.tapes[::2], kept.recipe, steps=min(_STEPS, kept.steps),
        change=_cross_entropy, seconds=max(0.2, kept.left / 3),
    )  # fmt: skip
    if not losses or not math.isfinite(losses[-1]) or len(kept.tapes) < 2:
        return
    for name, judged in (("as.is", kept.last), ("cross.entropy", state)):
        right = _right(kept, judged)
        kept.trace.record(f"right.{name}", "", kept.steps, float(right.double().mean()))
        kept.trace.record("right.rows", "", kept.steps, len(right))


def _cross_entropy(entry: Entry, call: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
    if entry.kind != "loss" or entry.name != "l1_loss" or len(args) < 2:
        return NotImplemented
    squashed = function_of(args[0]) == "softmax"
    scores = args[0].clamp_min(1e-7).log() if squashed else args[0]
    return F.cross_entropy(scores, args[1].argmax(1))


def _right(kept: Kept, state: Snapshot) -> Tensor:
    found = []

    def see(entry: Entry, call: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        if entry.kind == "loss" and entry.name == "l1_loss":
            found.append(args[0].argmax(1) == args[1].argmax(1))
        return NotImplemented

    measure(state, kept.tapes[1::2], see)
    return torch.cat(found)
