"""How much of the target one column alone gives away.

Half of the rows give each of up to 256 quantile bins (or codes) its usual target; the other half is
predicted by it. What counts is the share explained of what the best constant leaves open: errors
for classes, squares of ranks for numbers.
"""

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

__all__ = ["GIVES_AWAY", "explained_shares"]

Index = NDArray[np.int64]

# Explained share of what guessing leaves open. Real single features stay below; a copy, a code or
# a monotone function of the target reaches 1.
GIVES_AWAY = 0.98
BINS = 256
ROWS_A_BIN = 5
MOST_ROWS = 50_000  # a sample of these shows a leak as well as millions


def explained_shares(
    columns: Sequence[NDArray[Any]], targets: NDArray[Any], *, classes: bool, seed: int = 0
) -> list[float]:
    """Return the share of `targets` (rows,) that each column (rows,) explains alone, at most 1.

    Columns of floats are numbers, columns of integers are codes from 0. classes: targets are class
    ids, else numbers.
    """
    rows = len(targets)
    chosen = np.random.default_rng(seed).permutation(rows)[:MOST_ROWS]
    fit, check = chosen[: len(chosen) // 2], chosen[len(chosen) // 2 :]
    y = targets
    if not classes:
        y = np.argsort(np.argsort(y, kind="stable"), kind="stable") / rows
    bins = int(min(BINS, max(len(fit) // ROWS_A_BIN, 2)))
    found = []
    for cells in columns:
        codes = _bins(cells, fit, bins) if cells.dtype.kind == "f" else cells
        found.append(_explained(codes, y, fit, check, classes))
    return found


def _bins(cells: NDArray[Any], fit: Index, bins: int) -> NDArray[np.int64]:
    edges = np.unique(np.quantile(cells[fit], np.linspace(0, 1, bins + 1)[1:-1]))
    return np.searchsorted(edges, cells, side="right").astype(np.int64)


def _explained(
    codes: NDArray[np.int64], y: NDArray[Any], fit: Index, check: Index, classes: bool
) -> float:
    size = int(codes.max()) + 1
    if classes:
        num = int(y.max()) + 1
        table = np.bincount(codes[fit] * num + y[fit], minlength=size * num).reshape(size, num)
        usual = int(table.sum(0).argmax())
        said = np.where(table.sum(1) > 0, table.argmax(1), usual)
        wrong = float((said[codes[check]] != y[check]).mean())
        base = float((y[check] != usual).mean())
    else:
        count = np.bincount(codes[fit], minlength=size)
        total = np.bincount(codes[fit], weights=y[fit], minlength=size)
        mean = float(y[fit].mean())
        said = np.where(count > 0, total / np.maximum(count, 1), mean)
        wrong = float(((said[codes[check]] - y[check]) ** 2).mean())
        base = float(((y[check] - mean) ** 2).mean())
    return 1 - wrong / base if base > 0 else 0.0
