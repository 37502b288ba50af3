"""Do the labels say what the inputs say, and are the classes even? A plain model, out of fold, on
the rows of the kept batches."""

import numpy as np
import torch
from torch import Tensor

from netwright.check.case import Case, Part
from netwright.check.checks import class_balance as balance
from netwright.check.checks import label_noise as noise
from netwright.check.result import Check
from netwright.check.seen import Seen
from netwright.data.data import Kind
from netwright.evaluate.baseline_inputs import Sample
from netwright.quality.duplicates import row_keys
from netwright.watch.kept import Kept, target_of

__all__ = ["class_balance", "label_noise"]

MOST_CLASSES = 100
"""More distinct whole numbers are taken for amounts or words, not for classes."""
KINDS: dict[int, Kind] = {2: "table", 4: "image"}


def label_noise(seen: Seen) -> Check:
    """Warn where labels are wrong among the rows that a model is surest of."""
    case = _case(seen)
    if case is None:
        words = "it is asked of classes, and of tables or images as inputs"
        return Check(name=noise.NAME, status="skipped", words=words)
    found = noise.label_noise(case)
    if found.status == "warning" and "entropy removed" in found.numbers:
        # Trees see no order in time, no signs multiplied: the net may well see what they do not.
        words = f"{found.words} (or what they say is nothing that a tree sees)"
        return Check(name=found.name, status="info", words=words, numbers=found.numbers)
    return found


def class_balance(seen: Seen) -> Check:
    """Tell of a class that is rare."""
    case = _case(seen)
    if case is None:
        words = "it is asked of one class a row"
        return Check(name=balance.NAME, status="skipped", words=words)
    found = balance.class_balance(case)
    if found.status == "warning":  # the script may weigh or sample its classes
        return Check(
            name=found.name, status="info", fault=found.fault, words=found.words,
            numbers=found.numbers,
        )  # fmt: skip
    return found


def _case(seen: Seen) -> Case | None:
    kept = seen.kept
    if kept is None:
        return None
    rows = _rows(kept)
    if rows is None:
        return None
    x, y = rows
    keys = row_keys(x.numpy(), y.numpy())
    _, once = np.unique(keys, return_index=True)  # later epochs bring the same rows again
    x, y = x[np.sort(once)], y[np.sort(once)]
    names = tuple(str(int(label)) for label in range(int(y.max()) + 1))
    part = Part("training", Sample((x.numpy(),), y.numpy(), None, len(y)))
    form = "binary" if len(names) == 2 else "multiclass"
    return Case(kind=KINDS[x.ndim], form=form, parts={"train": part}, classes=names, seed=seen.seed)  # type: ignore[arg-type]


def _rows(kept: Kept) -> tuple[Tensor, Tensor] | None:
    """Return inputs and class numbers, (rows,), where they are such."""
    inputs, targets = [], []
    for tape in kept.tapes:
        nets, y = tape.nets(), target_of(tape)
        x = nets[0].args[0] if len(nets) == 1 and nets[0].args else None
        if not isinstance(x, Tensor) or y is None or x.ndim not in KINDS or not x.numel():
            return None
        y = y.reshape(len(y), -1) if y.ndim else y
        if y.ndim != 2 or y.shape[1] != 1 or len(y) != len(x) or not x.is_floating_point():
            return None
        inputs.append(x.detach().cpu().float())
        targets.append(y[:, 0].detach().cpu())
    if len({x.shape[1:] for x in inputs}) != 1:
        return None
    x, y = torch.cat(inputs), torch.cat(targets)
    whole = bool(x.isfinite().all()) and bool((y == y.round()).all())
    if not whole or y.min() < 0 or y.max() >= MOST_CLASSES or not 1 < len(y.unique()):
        return None
    if y.is_floating_point() and len(y.unique()) > 2:
        return None  # whole amounts, it may be
    return x, y.long()
