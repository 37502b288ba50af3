"""Nearest neighbours of words, and of sums of words, by the cosine of their vectors."""

import pandas as pd
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from netwright.data.word_encoding import FIRST, WordEncoding

__all__ = ["COUNT", "neighbours_frame", "neighbours_of", "vectors_of"]

COUNT = 10


def vectors_of(net: nn.Module) -> Tensor:
    """Return the net's vectors of words (vocab, width), of length 1, on the CPU; padding's is 0."""
    found = net.vectors
    assert isinstance(found, Tensor)
    return F.normalize(found.detach().cpu(), dim=1)


def neighbours_of(
    vectors: Tensor, ids: Tensor, signs: Tensor, *, count: int = COUNT
) -> tuple[Tensor, Tensor]:
    """Return (cosines, ids), each (rows, count), best first, of sums of words' unit vectors: ids,
    signs (rows, terms), 0 for padding. The words of a sum are none of its neighbours (Mikolov et
    al. 2013)."""
    sums = F.normalize((vectors[ids] * signs.unsqueeze(2)).sum(1), dim=1)
    cosines = sums @ vectors.t()
    cosines.scatter_(1, ids, -2.0)
    cosines[:, 0] = -2.0  # padding
    best = cosines.topk(min(count, cosines.shape[1] - 1), dim=1)
    return best.values, best.indices


def neighbours_frame(
    net: nn.Module, encoding: WordEncoding, ids: Tensor, signs: Tensor
) -> pd.DataFrame:
    """Return "prediction", the nearest word, its "cosine", and the next ones; a row of padding has
    none."""
    cosines, found = neighbours_of(vectors_of(net), ids, signs)
    known = (ids > 0).any(1)
    words = [
        [encoding.vocabulary[at - FIRST] for at in row] if ok else [None] * len(row)
        for row, ok in zip(found.tolist(), known.tolist(), strict=True)
    ]
    values = torch.where(known[:, None], cosines, torch.nan).numpy()
    columns: dict[str, object] = {}
    for place in range(found.shape[1]):
        ending = f"_{place + 1}" if place else ""
        columns["prediction" if not place else f"neighbour{ending}"] = [w[place] for w in words]
        columns[f"cosine{ending}"] = values[:, place]
    return pd.DataFrame(columns)
