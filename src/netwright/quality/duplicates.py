"""Rows that stand in two splits: the score on them shows what was learned by heart.

Equal rows have equal keys. Where columns have few values, rows agree by chance; how often, were the
columns independent, says `match_probability`.
"""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

__all__ = ["Twins", "find_twins", "match_probability", "row_keys"]

Index = NDArray[np.int64]


@dataclass(frozen=True)
class Twins:
    """Row other[i] equals row train[i]. rows: how many others were looked at. distinct: share of
    the training rows that are the only or the first of their kind.
    """

    other: Index
    train: Index
    rows: int
    distinct: float

    @property
    def share(self) -> float:
        """The share of the other rows that have a twin."""
        return len(self.other) / self.rows if self.rows else 0.0


def row_keys(*arrays: NDArray[Any]) -> NDArray[np.uint64]:
    """Return a 64-bit key of each row of arrays (rows, ...) side by side; equal rows have one."""
    parts = []
    for array in arrays:
        flat = np.ascontiguousarray(array.reshape(len(array), -1))
        if flat.dtype.kind == "f":
            flat = flat + 0.0  # -0.0 is 0.0
        parts.append(flat)
    digests = (
        hashlib.blake2b(b"".join(part[at].tobytes() for part in parts), digest_size=8).digest()
        for at in range(len(parts[0]))
    )
    return np.frombuffer(b"".join(digests), dtype=np.uint64)


def find_twins(train: NDArray[np.uint64], other: NDArray[np.uint64]) -> Twins:
    """Match the keys of two splits."""
    known, first = np.unique(train, return_index=True)
    at = np.searchsorted(known, other).clip(0, max(len(known) - 1, 0))
    same = np.flatnonzero(known[at] == other) if len(known) else np.empty(0, dtype=np.int64)
    distinct = len(known) / len(train) if len(train) else 1.0
    return Twins(same.astype(np.int64), first[at[same]].astype(np.int64), len(other), distinct)


def match_probability(columns: Sequence[NDArray[Any]]) -> float:
    """Return the chance that two rows agree in all `columns`, each (rows,), were the columns
    independent."""
    total = 1.0
    for column in columns:
        shares = np.unique(column, return_counts=True)[1] / len(column)
        total *= float((shares**2).sum())
    return total
