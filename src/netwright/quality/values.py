"""Values that no net can learn from: NaN and infinity, columns that never change, and one far-off
number repeated (-999, 9999), which is a code and no measurement.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

__all__ = ["BadValues", "Code", "bad_values", "constant_columns", "far_off_code"]

FAR = 10.0  # standard deviations of the others: a measured value does not come there three times
FEWEST_REPEATS = 3
FEWEST_OTHERS = 20  # different values; with fewer the column is itself a code


@dataclass(frozen=True)
class BadValues:
    """How many numbers are NaN or infinite, and in which rows and columns."""

    missing: int
    infinite: int
    rows: NDArray[np.int64]
    columns: NDArray[np.int64]

    @property
    def count(self) -> int:
        """How many there are of both."""
        return self.missing + self.infinite


def bad_values(x: NDArray[Any]) -> BadValues:
    """Find what is not finite in x (rows, ...); the axes after the first count as columns."""
    flat = x.reshape(len(x), -1)
    if flat.dtype.kind != "f" or bool(np.isfinite(flat).all()):
        none = np.empty(0, dtype=np.int64)
        return BadValues(0, 0, none, none)
    bad = ~np.isfinite(flat)
    rows, columns = (np.flatnonzero(bad.any(axis)) for axis in (1, 0))
    missing = int(np.isnan(flat).sum())
    return BadValues(missing, int(bad.sum()) - missing, rows, columns)


def constant_columns(x: NDArray[Any]) -> NDArray[np.int64]:
    """Return the columns of x (rows, columns) that hold one value in all rows."""
    if len(x) < 2:
        return np.empty(0, dtype=np.int64)
    return np.flatnonzero((x == x[:1]).all(0))


@dataclass(frozen=True)
class Code:
    """A number that stands for something else. share: of the rows that hold it."""

    value: float
    share: float
    nearest: float  # of the other values


def far_off_code(column: NDArray[np.floating]) -> Code | None:
    """Return the smallest or largest value of (rows,) numbers if it is repeated far from all
    others, which must be varied themselves. NaN is left out."""
    known = column[np.isfinite(column)]
    for extreme in (known.min(), known.max()) if len(known) else ():
        same = known == extreme
        rest = known[~same]
        if same.sum() < FEWEST_REPEATS or same.mean() > 0.5:
            continue
        if len(np.unique(rest)) < FEWEST_OTHERS:
            continue
        nearest = rest[np.abs(rest - extreme).argmin()]
        if abs(nearest - extreme) > FAR * rest.std():
            return Code(float(extreme), float(same.sum() / len(column)), float(nearest))
    return None
