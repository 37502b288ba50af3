"""Baselines of word vectors: no vectors at all, and the singular vectors of what counting finds.

Linear: word2vec factorises a matrix of shifted pointwise mutual information (Levy and Goldberg
2014, NeurIPS); the singular vectors of its positive part are what a linear model has to say.
"""

import numpy as np
import torch
from scipy import sparse
from scipy.sparse.linalg import svds
from torch import Tensor

from netwright.data.data import Data
from netwright.data.word_stream import WINDOW, WordStream, around_of

__all__ = ["singular_cosines"]

WIDTH = 100


def singular_cosines(data: Data, *, seed: int) -> Tensor:
    """Return the cosines (pairs, 1) of the test pairs by singular vectors of positive PMI."""
    stream, vocab = data.train, int(data.encoding.shapes()["vocab"])
    assert isinstance(stream, WordStream)
    counts = sparse.csr_matrix((vocab, vocab), dtype=np.float64)
    for centres in torch.arange(len(stream)).split(200_000):
        around = around_of(stream.ids, stream.lines, centres, WINDOW)
        rows, places = (around > 0).nonzero(as_tuple=True)
        pairs = (stream.ids[centres[rows]].numpy(), around[rows, places].numpy())
        counts += sparse.coo_matrix(
            (np.ones(len(rows)), pairs), shape=(vocab, vocab)
        ).tocsr()  # sums what occurs twice
    found = counts.tocoo()
    share = np.asarray(counts.sum(1)).ravel()
    context = share**0.75  # as negatives are drawn: rare neighbours tell less (Levy et al. 2015)
    pmi = np.log(found.data * context.sum() / (share[found.row] * context[found.col]).clip(1e-12))
    positive = sparse.csr_matrix((pmi.clip(0), (found.row, found.col)), shape=(vocab, vocab))
    start = np.random.default_rng(seed).standard_normal(vocab)
    u, s, _ = svds(positive, k=min(WIDTH, vocab - 2), v0=start)
    vectors = u * np.sqrt(s)
    lengths = np.linalg.norm(vectors, axis=1, keepdims=True)
    unit = torch.from_numpy(vectors / np.where(lengths == 0, 1.0, lengths))
    (first, second) = data.test.inputs  # type: ignore[attr-defined] # pairs are Rows
    return (unit[first] * unit[second]).sum(1, keepdim=True).float()
