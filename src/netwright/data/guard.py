"""Guard: rows that stand in two splits, and columns that give the target away.

Nothing is removed: a repeated row may be honest, and a perfect column may be known in time. Both
are warned of, because both make a test score say more than it should.
"""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd
import torch
from numpy.typing import NDArray

from netwright.data.cells import distinct
from netwright.data.ledger import Ledger
from netwright.quality.giveaway import GIVES_AWAY, explained_shares

__all__ = ["guard_columns", "guard_groups", "guard_rows"]

Index = NDArray[np.int64]


def guard_rows(
    features: pd.DataFrame,
    splits: Mapping[str, Index],
    ledger: Ledger,
    *,
    labels: NDArray[Any] | None = None,
) -> dict[str, int]:
    """Count validation and test rows that equal a training row in all of `features`; warn of
    them."""
    keys = row_keys(features)
    train = keys[splits["train"]]
    found = {}
    if labels is not None:
        together = keys ^ (pd.util.hash_array(labels.astype(str)) * np.uint64(0x9E3779B97F4A7C15))
    for name in ("validation", "test"):
        rows = splits[name]
        same = _among(keys[rows], train)
        count = int(same.sum())
        found[name] = count
        if count:
            share = f"{count / len(rows):.1%} of {len(rows):,}"
            what = f"rows whose inputs equal a training row's ({share}); kept"
            if labels is not None:
                agree = int(_among(together[rows], together[splits["train"]]).sum())
                what += f"; {agree:,} have the same target too"
            ledger.note("warned", f"{name} split", what, count)
    return found


def _among(keys: NDArray[np.uint64], known: NDArray[np.uint64]) -> NDArray[np.bool_]:
    return pd.Series(keys).isin(known).to_numpy()


def row_keys(features: pd.DataFrame) -> NDArray[np.uint64]:
    """Return a 64-bit key of each row; rows with equal cells have equal keys."""
    keys = np.zeros(len(features), dtype=np.uint64)
    for position, name in enumerate(features.columns):
        cells = _cell_keys(features[name])
        # Multiplying by an odd number of its own keeps (a, b) apart from (b, a).
        with np.errstate(over="ignore"):
            keys = keys * np.uint64(0x100000001B3) + cells * np.uint64(2 * position + 1)
    return keys


def _cell_keys(cells: pd.Series) -> NDArray[np.uint64]:
    if isinstance(cells.dtype, np.dtype) and cells.dtype.kind in "fiuMb":
        values = cells.to_numpy()
        plain = values.view(np.int64) if values.dtype.kind == "M" else values
        return pd.util.hash_array(plain.astype(np.float64))
    column = distinct(cells)
    if not len(column.words):
        return np.ones(len(cells), dtype=np.uint64)
    return np.append(pd.util.hash_array(column.words), np.uint64(1))[column.codes]


def guard_groups(
    groups: NDArray[Any], splits: Mapping[str, Index], name: str, ledger: Ledger
) -> None:
    """Warn when given splits share groups: the test then shows what is already known."""
    train = set(groups[splits["train"]])
    for split in ("validation", "test"):
        shared = train & set(groups[splits[split]])
        if shared:
            shown = ", ".join(sorted(map(repr, shared))[:3])
            what = f"groups of {name!r} that are in training too ({shown}): the score flatters"
            ledger.note("warned", f"{split} split", what, len(shared))


def guard_columns(
    inputs: tuple[torch.Tensor, ...],
    names: tuple[Sequence[str], Sequence[str]],
    targets: torch.Tensor,
    ledger: Ledger,
    *,
    classes: bool,
    seed: int = 0,
) -> list[str]:
    """Warn of each column that alone predicts the training targets: (numeric, categorical), names
    of both.

    What counts is the share of the target that a column explains (see `quality/giveaway.py`).
    """
    rows = len(targets)
    if targets.ndim == 2 and targets.shape[1] != 1:
        return []
    y = targets.reshape(rows).numpy()
    given_away: dict[str, float] = {}
    for values, columns in zip(inputs, names, strict=True):
        cells = list(values.numpy().T)
        shares = explained_shares(cells, y, classes=classes, seed=seed)
        for name, share in zip(columns, shares, strict=True):
            if share > GIVES_AWAY:
                given_away[name] = max(share, given_away.get(name, 0.0))
    for name, share in given_away.items():
        what = f"alone it predicts {share:.1%} of the target: if it is not known when predicting, "
        what += "leave it out"
        ledger.note("warned", name, what)
    return list(given_away)
