"""What predictions and targets must look like before they are scored."""

from typing import Any

import numpy as np
import torch
from numpy.typing import ArrayLike, NDArray

from netwright.data.task import Task
from netwright.errors import DataError, TrainingError
from netwright.evaluate.bootstrap import Array

__all__ = ["as_array", "check_classes", "check_finite", "check_rows"]


def check_classes(p: Array, t: NDArray[Any], task: Task) -> None:
    """Refuse what are no probabilities (rows, classes) and targets of this task."""
    check_rows(len(p))
    wanted = len(task.classes) or (p.shape[1] if p.ndim == 2 else 2)
    if p.ndim != 2 or p.shape[1] != wanted:
        raise ValueError(
            f"Probabilities have shape {p.shape}; expected (rows, {wanted}), "
            "one column for each class of the task."
        )
    expected = p.shape if task.form == "multilabel" else p.shape[:1]
    if t.shape != expected:
        raise ValueError(f"Targets have shape {t.shape}; expected {expected} for {task.form}.")
    check_finite(p, t)
    if p.min() < -1e-6 or p.max() > 1 + 1e-6:
        raise ValueError(
            f"Probabilities lie between {p.min():.3g} and {p.max():.3g}; expected 0 to 1. "
            "Turn logits into probabilities first: model.probabilities(outputs)."
        )
    if task.form == "multilabel":
        return
    off = np.abs(p.sum(1) - 1).max()
    if off > 1e-3:
        raise ValueError(
            f"A row's probabilities sum to 1 only within {off:.3g}. "
            "Give a softmax over the classes."
        )
    if t.min() < 0 or t.max() >= p.shape[1]:
        raise ValueError(
            f"Targets run from {t.min()} to {t.max()}; expected class ids 0 to {p.shape[1] - 1}."
        )


def check_rows(rows: int) -> None:
    """Refuse an empty set."""
    if rows == 0:
        raise DataError("There are no rows to score. Give a split with at least one row.")


def check_finite(p: Array, t: NDArray[Any]) -> None:
    """Refuse NaN and infinity: in predictions training failed, in targets the data lacks."""
    bad = ~np.isfinite(p).reshape(len(p), -1).all(1)
    if bad.any():
        raise TrainingError(
            f"The predictions of {int(bad.sum()):,} of {len(p):,} rows are not finite numbers "
            f"(first: row {int(bad.argmax())}). Training has diverged, or an input holds NaN: "
            "lower recipe.lr or set recipe.clip."
        )
    missing = ~np.isfinite(t.astype(np.float64)).reshape(len(t), -1).all(1)
    if missing.any():
        raise DataError(
            f"The targets of {int(missing.sum()):,} of {len(t):,} rows are missing "
            f"(first: row {int(missing.argmax())}). Leave those rows out of the split."
        )


def as_array(values: ArrayLike) -> NDArray[Any]:
    """Return a tensor, list or array as a numpy array; floats keep their width."""
    if isinstance(values, torch.Tensor):
        values = values.detach().cpu().numpy()
    array = np.asarray(values)
    if array.dtype.kind == "f":
        return array
    return array.astype(np.int64 if array.dtype.kind in "bui" else np.float64)
