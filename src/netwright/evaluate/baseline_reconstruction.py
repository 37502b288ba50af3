"""What rows are rebuilt by without a net: their mean (trivial), and as many principal components as
the net's code is wide (linear), which no linear map of that width betters (Eckart and Young 1936).
"""

from collections.abc import Callable, Iterator

import numpy as np
import torch
from numpy.typing import NDArray

from netwright.data.data import Encoding
from netwright.evaluate.baseline_inputs import Sample
from netwright.nets._coding import rows_of

__all__ = ["mean_errors", "pca_errors"]

Array = NDArray[np.float64]
PIECE = 4096  # rows at once
MOST_NUMBERS = 4096  # a row; of wider ones fewer rows are looked at
FEW = 2_000  # rows, then


def mean_errors(train: Sample, test: Sample, encoding: Encoding) -> Array:
    """Return the errors (rows, 2) of test rows that are rebuilt as the mean of the training
    rows."""
    mean, _ = _centre(train, encoding)
    return _errors(test, encoding, lambda x: np.broadcast_to(mean, x.shape))


def pca_errors(train: Sample, test: Sample, encoding: Encoding, *, width: int) -> tuple[Array, str]:
    """Return the errors (rows, 2) of test rows that are rebuilt from `width` principal components,
    and what was cut."""
    cut, mean_of = "", train
    numbers = int(np.prod(next(_rows(train, encoding)).shape[1:]))
    if numbers > MOST_NUMBERS and len(train) > FEW:
        chosen = np.linspace(0, len(train) - 1, FEW).astype(np.int64)
        mean_of, cut = train.select(chosen), f"components of {FEW:,} of {len(train):,} rows"
    mean, _ = _centre(mean_of, encoding)
    if numbers > MOST_NUMBERS:
        all_rows = np.concatenate(list(_rows(mean_of, encoding))) - mean
        axes = np.linalg.svd(all_rows, full_matrices=False)[2][:width]
    else:
        _, second = _centre(mean_of, encoding)
        axes = np.linalg.eigh(second)[1][:, ::-1][:, :width].T
    return _errors(test, encoding, lambda x: mean + (x - mean) @ axes.T @ axes), cut


def _centre(sample: Sample, encoding: Encoding) -> tuple[Array, Array]:
    """Return the mean (numbers,), and the covariance where rows are not too wide for one."""
    total, count = 0.0, 0
    for rows in _rows(sample, encoding):
        total, count = total + rows.sum(0), count + len(rows)
    mean: Array = np.asarray(total / count)
    if len(mean) > MOST_NUMBERS:
        return mean, np.empty((0, 0))
    second = np.zeros((len(mean), len(mean)))
    for rows in _rows(sample, encoding):
        centred = (rows - mean).astype(np.float32)
        second += centred.T @ centred
    return mean, second / count


def _errors(test: Sample, encoding: Encoding, rebuild: Callable[[Array], Array]) -> Array:
    found = []
    for rows in _rows(test, encoding):
        off = rebuild(rows) - rows
        found.append(np.stack([(off**2).mean(1), np.abs(off).mean(1)], 1))
    return np.concatenate(found)


def _rows(sample: Sample, encoding: Encoding) -> Iterator[Array]:
    """Yield the rows as nets are asked to rebuild them, (some rows, numbers)."""
    shape = rows_of(encoding.shapes())
    for at in range(0, len(sample), PIECE):
        inputs = tuple(torch.from_numpy(x[at : at + PIECE]) for x in sample.inputs)
        yield shape(*encoding.prepare(inputs)).flatten(1).double().numpy()
