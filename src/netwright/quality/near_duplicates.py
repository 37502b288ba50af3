"""Nearly equal rows in two splits: copies with noise, cropped pictures, texts with a word changed.

A copy lies much nearer to its original than rows of the training split lie to each other, and
differs from it a little in many columns (rows that differ in one are neighbours by nature). How
many rows would lie so near by chance follows from the data's dimension: distances to the nearest
row below a share e of the median have probability about ln 2 * e^d. The dimension is estimated
from the ratio of the distances to the second and the first neighbour (Facco, d'Errico, Rodriguez
and Laio 2017, "Estimating the intrinsic dimension of datasets", Scientific Reports 7).
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

__all__ = ["NEAR", "NearTwins", "find_near_twins"]

Matrix = NDArray[np.float32]
NEAR = 0.05  # of the median distance between a training row and its nearest
MOST_TRAIN, MOST_OTHER, MOST_COLUMNS = 20_000, 1_000, 128
FEWEST_TRAIN = 50
PIECE = 250  # rows compared at a time
MANY = 0.5  # of the columns that have many values must differ between copies
FEW_VALUES = 20


@dataclass(frozen=True)
class NearTwins:
    """Row other[i] lies next to row train[i]. expected: how many would by chance. rows: how many
    others were looked at; dimension: of the data, as their distances show it.
    """

    other: NDArray[np.int64]
    train: NDArray[np.int64]
    expected: float
    rows: int
    dimension: float


def find_near_twins(
    train: Matrix, other: Matrix, *, near: float = NEAR, seed: int = 0
) -> NearTwins | None:
    """Find rows of `other` (rows, columns) that lie next to a row of `train` without being equal.
    Columns must be on one scale. near: the share of the usual distance. None where rows are too few
    to say what is near."""
    rng = np.random.default_rng(seed)
    kept = np.sort(rng.permutation(len(train))[:MOST_TRAIN])
    asked = np.sort(rng.permutation(len(other))[:MOST_OTHER])
    x, y = train[kept], other[asked]
    if len(kept) < FEWEST_TRAIN or not len(asked):
        return None
    if x.shape[1] > MOST_COLUMNS:
        # Random directions keep distances (Johnson and Lindenstrauss 1984).
        way = rng.normal(size=(x.shape[1], MOST_COLUMNS)) / np.sqrt(MOST_COLUMNS)
        x, y = x @ way.astype(np.float32), y @ way.astype(np.float32)
    sample = np.sort(rng.permutation(len(x))[:MOST_OTHER])
    first, second, _ = _nearest(x, x[sample])
    apart = first > 0
    if apart.sum() < FEWEST_TRAIN // 2:
        return None
    median = float(np.median(first[apart]))
    ratios = np.log(second[apart] / first[apart])
    dimension = float(apart.sum() / max(float(ratios.sum()), 1e-9))
    distance, _, nearest = _nearest(x, y, itself=False)
    expected = float(np.log(2) * near**dimension * len(asked))
    found = np.flatnonzero((distance > 0) & (distance < near * median))
    differing = (other[asked[found]] != train[kept[nearest[found]]]).sum(1)
    found = found[differing >= MANY * _varied(train)]
    return NearTwins(asked[found], kept[nearest[found]], expected, len(asked), dimension)


def _varied(x: Matrix) -> int:
    """Count the columns that have many values."""
    return sum(len(np.unique(column)) > FEW_VALUES for column in x[:2000].T)


def _nearest(
    x: Matrix, y: Matrix, *, itself: bool = True
) -> tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.int64]]:
    """Return each row of y's distance to its nearest and second nearest row of x, and which the
    nearest is. itself: y's rows stand in x too, and do not count."""
    square = (x * x).sum(1)
    first, second, which = [], [], []
    for at in range(0, len(y), PIECE):
        part = y[at : at + PIECE]
        far = np.maximum((part * part).sum(1)[:, None] + square - 2 * part @ x.T, 0)
        near = np.argpartition(far, 2, axis=1)[:, :3]
        # The short formula loses small distances to rounding; of the few nearest they are exact.
        exact = np.sqrt(((part[:, None].astype(np.float64) - x[near]) ** 2).sum(2))
        order = exact.argsort(1)
        exact = np.take_along_axis(exact, order, 1)
        skip = int(itself)
        first.append(exact[:, skip])
        second.append(exact[:, skip + 1])
        which.append(near[np.arange(len(part)), order[:, skip]])
    return np.concatenate(first), np.concatenate(second), np.concatenate(which)
