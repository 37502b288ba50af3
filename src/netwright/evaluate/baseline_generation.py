"""What rows are drawn from without a net: a normal for each number alone (trivial), and one normal
of all numbers with their covariance, which is a linear map of noise (linear)."""

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from netwright.data.data import Encoding
from netwright.evaluate.baseline_inputs import Sample

__all__ = ["MOST_NUMBERS", "normal_rows"]

MOST_NUMBERS = 4096  # a row, for a covariance


def normal_rows(
    train: Sample, encoding: Encoding, count: int, *, correlated: bool, seed: int
) -> Tensor:
    """Return `count` rows (count, numbers) drawn from a normal with the training rows' mean and
    deviations, or with their covariance."""
    rows = encoding.prepare((torch.from_numpy(train.inputs[0]),))[0].float().flatten(1)
    mean, rng = rows.mean(0), torch.Generator().manual_seed(seed)
    noise = torch.randn(count, rows.shape[1], generator=rng)
    if not correlated:
        return mean + noise * rows.std(0)
    return mean + noise @ _root(rows).t()


def _root(rows: Tensor) -> Tensor:
    """Return a matrix whose product with its transpose is the covariance."""
    values, axes = np.linalg.eigh(np.cov(rows.numpy(), rowvar=False).reshape(rows.shape[1], -1))
    root: NDArray[np.float64] = axes * np.sqrt(np.maximum(values, 0))
    return torch.from_numpy(root).float()
