"""Folds: the training and validation rows of small data, dealt anew, so that each validates once.

Whole blocks (see `Data`) are dealt in random order, larger ones first, each to the fold that lacks
rows of its classes most: classes, or heights of the target, keep their shares. Where every row is a
block of its own all folds are of one size, and the few rows that are left over train with all.
"""

from dataclasses import dataclass, replace

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from netwright.data.data import Data, Rows
from netwright.errors import DataError

__all__ = ["Folds", "check_folds", "deal_folds"]


@dataclass(frozen=True)
class Folds:
    """data: one a fold, whose validation rows are the fold and whose training rows the others.
    validation: the rows of all folds, each once, in the order of `pool`; positions: where in them
    the rows of each fold are."""

    data: tuple[Data, ...]
    validation: Rows
    positions: tuple[Tensor, ...]

    def __len__(self) -> int:
        return len(self.data)


def deal_folds(data: Data, count: int, *, seed: int = 0) -> Folds:
    """Divide the training and validation rows into `count` folds. The test rows stay as they are,
    and so does the encoding. For DataErrors see `check_folds`."""
    check_folds(data, count)
    train, validation = data.train, data.validation
    assert isinstance(train, Rows) and isinstance(validation, Rows) and data.blocks is not None
    pool = _joined(train, validation)
    blocks = np.unique(data.blocks.numpy(), return_inverse=True)[1]
    dealt = _deal(blocks, _strata(pool.targets, count), count, np.random.default_rng(seed))
    used = torch.from_numpy(np.flatnonzero(dealt >= 0))
    places = torch.full((len(pool),), -1).index_put_((used,), torch.arange(len(used)))
    folds, positions = [], []
    for number in range(count):
        own = torch.from_numpy(np.flatnonzero(dealt == number))
        others = torch.from_numpy(np.flatnonzero(dealt != number))
        rows = pool.select(others, "train")
        folds.append(
            replace(
                data,
                train=rows,
                validation=pool.select(own, "validation"),
                class_counts=_class_counts(rows.targets, data),
                blocks=None,
            )
        )
        positions.append(places[own])
    return Folds(tuple(folds), pool.select(used, "validation"), tuple(positions))


def check_folds(data: Data, count: int) -> None:
    """Raise DataError where the rows may not be divided anew, or are too few for `count` folds."""
    in_memory = isinstance(data.train, Rows) and isinstance(data.validation, Rows)
    if data.blocks is None or not in_memory:
        raise DataError(
            f"The rows of {data.source.name!r} cannot be divided into folds: they are streamed, or "
            "divided by time or by you. Leave members.folds out."
        )
    blocks = len(data.blocks.unique())
    if count > blocks:
        raise DataError(
            f"members.folds is {count}, but the training and validation rows are only {blocks}, or "
            "groups of that number. Take fewer folds."
        )


def _joined(train: Rows, validation: Rows) -> Rows:
    """Return both as one. What was read is left out: training needs the tensors alone."""
    inputs = zip(train.inputs, validation.inputs, strict=True)
    rows = None
    if train.rows is not None and validation.rows is not None:
        rows = torch.cat([train.rows, validation.rows])
    return Rows(
        "pool",
        tuple(torch.cat(pair) for pair in inputs),
        torch.cat([train.targets, validation.targets]),
        rows=rows,
    )


def _strata(targets: Tensor, count: int) -> NDArray[np.int64]:
    """Return what each row is to be spread by: its class, or its neighbours in height, at least
    `count` of them and at most a fiftieth of the rows."""
    first = targets.numpy().reshape(len(targets), -1)[:, 0]
    if not targets.is_floating_point():
        return np.unique(first, return_inverse=True)[1]
    ranks = first.argsort(kind="stable").argsort(kind="stable")
    found: NDArray[np.int64] = ranks // max(count, len(ranks) // 50)
    return found


def _deal(
    blocks: NDArray[np.int64], strata: NDArray[np.int64], count: int, rng: np.random.Generator
) -> NDArray[np.int64]:
    """Return the fold of each row; -1 of a row that is left over."""
    held = np.zeros((blocks.max() + 1, strata.max() + 1))
    np.add.at(held, (blocks, strata), 1)
    sizes = held.sum(1)
    order = rng.permutation(len(held))
    order = order[np.argsort(-sizes[order], kind="stable")]
    weight = 1 / held.sum(0)
    # A fold's worth is the sum of squares of its shares of each stratum and of all rows: dealing a
    # block to where this grows least keeps the shares of all folds alike.
    shares, totals = np.zeros((count, len(weight))), np.zeros(count)
    dealt = np.empty(len(held), dtype=np.int64)
    for block in order:
        own = held[block] * weight
        growth = shares @ own + totals * sizes[block] / len(blocks) ** 2
        to = int(rng.choice(np.flatnonzero(growth <= growth.min() + 1e-12)))
        dealt[block] = to
        shares[to] += own
        totals[to] += sizes[block]
    found = dealt[blocks]
    if sizes.max() == 1:
        for fold in np.flatnonzero(totals > totals.min()):
            rows = np.flatnonzero(found == fold)
            found[rng.choice(rows, int(totals[fold] - totals.min()), replace=False)] = -1
    return found


def _class_counts(targets: Tensor, data: Data) -> tuple[int, ...]:
    if data.task.form == "multilabel":
        return tuple(int(n) for n in targets.sum(0))
    if not data.task.is_classification:
        return ()
    return tuple(torch.bincount(targets, minlength=len(data.task.classes)).tolist())
