"""Language baselines: how often each token occurs (trivial), and after which one (linear).

The second is what logistic regression on the last token alone would learn, in closed form: counts
of pairs, smoothed by the counts of single tokens (Jelinek and Mercer 1980), the share between both
chosen on the validation rows.
"""

import numpy as np
from numpy.typing import NDArray

from netwright.evaluate.baseline_inputs import Sample

__all__ = ["MAX_VOCABULARY", "pair_nats", "single_nats"]

Array = NDArray[np.float64]
MAX_VOCABULARY = 4000  # pairs are held as one table
SHARES = (0.5, 0.7, 0.8, 0.9, 0.95, 0.98, 0.99, 0.999)


def single_nats(train: Sample, test: Sample, vocabulary: int) -> Array:
    """Return the nats of each test token, (rows, time), by how often it occurs in training."""
    nats: Array = -np.log(_single(train, vocabulary))[test.targets]
    return nats


def pair_nats(train: Sample, validation: Sample, test: Sample, vocabulary: int) -> Array:
    """Return the nats of each test token, (rows, time), by how often it follows the one before."""
    single = _single(train, vocabulary)
    before, after = train.inputs[0].ravel().astype(np.int64), train.targets.ravel()
    counts = np.bincount(before * vocabulary + after, minlength=vocabulary**2)
    table = counts.reshape(vocabulary, vocabulary).astype(np.float64)
    total = table.sum(1, keepdims=True)
    pairs = np.divide(table, total, out=np.zeros_like(table), where=total > 0)

    def nats(sample: Sample, share: float) -> Array:
        found = pairs[sample.inputs[0].astype(np.int64), sample.targets]
        mixed: Array = -np.log(share * found + (1 - share) * single[sample.targets])
        return mixed

    best = min(SHARES, key=lambda share: float(nats(validation, share).mean()))
    return nats(test, best)


def _single(train: Sample, vocabulary: int) -> Array:
    counts = np.bincount(train.targets.ravel(), minlength=vocabulary) + 1.0
    share: Array = counts / counts.sum()
    return share
