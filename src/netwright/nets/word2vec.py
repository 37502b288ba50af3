"""word2vec: vectors of words that tell which words stand near each other.

skip-gram: the vector of a word tells each of its neighbours;  CBOW: the mean of the neighbours'
vectors tells the word.  score(word | v) = u_word . v, u from a second table.
negative sampling: sigmoid(score) separates the true word from words drawn at random.
hierarchical softmax: p(word | v) = product of sigmoid(sign_n u_n . v) over the inner nodes n on the
word's path in a Huffman tree, u from a table of the inner nodes.

Mikolov et al. 2013, arXiv:1301.3781 and arXiv:1310.4546. Different from the release: words are
pairs of a batch, with the true word among them, and not updated one by one. A run of words may be
asked about the same choices, so that one product of matrices scores them all (Ji et al. 2016,
arXiv:1604.04661).
"""

from collections.abc import Sequence

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from netwright.nets._layers import positive

__all__ = ["Word2Vec", "huffman"]


class Word2Vec(nn.Module):
    """given int64 (batch,) or (batch, words), asked int64 (batch,) or (batch, choices) -> scores.

    given: one word (skip-gram), or several whose vectors' mean is taken (CBOW); 0 is padding.
    asked: by negative sampling, (batch, choices): how well each word goes with those given, (batch,
    choices). Runs of words are asked about the same choices: given (runs, words, 1 or several),
    asked (runs, choices) -> (runs, words, choices). With counts, how often each word of the
    vocabulary occurs, the softmax is hierarchical: one word a row, (batch,) -> its path's scores
    (batch, longest path), signed so that log p(word) = logsigmoid(scores).sum(1); places after the
    path's end hold 1e4, whose logsigmoid is 0. sparse: gradients for the rows in use alone, which
    plain descent steps without a look at the others.
    """

    answers = "scores of pairs"

    paths: Tensor
    signs: Tensor

    def __init__(
        self,
        *,
        vocab: int,
        width: int = 100,
        counts: Sequence[int] = (),
        sparse: bool = False,
    ) -> None:
        super().__init__()
        positive(vocab=vocab, width=width)
        if counts and len(counts) != vocab:
            raise ValueError(
                f"There are {len(counts)} counts for a vocabulary of {vocab}. "
                "Give one count a word, 0 for padding."
            )
        self.embedding = nn.EmbeddingBag(vocab, width, mode="mean", padding_idx=0, sparse=sparse)
        # The release's start: small vectors of words, and nothing yet in the table they ask.
        nn.init.uniform_(self.embedding.weight, -0.5 / width, 0.5 / width)
        with torch.no_grad():
            self.embedding.weight[0] = 0
        paths, signs = huffman(counts) if counts else (torch.empty(0, 0).long(), torch.empty(0, 0))
        self.register_buffer("paths", paths)
        self.register_buffer("signs", signs)
        self.context = nn.Embedding(vocab - 1 if counts else vocab, width, sparse=sparse)
        nn.init.zeros_(self.context.weight)

    def forward(self, given: Tensor, asked: Tensor) -> Tensor:
        if given.ndim == 3:
            vectors = self.embedding(given.flatten(0, 1)).view(*given.shape[:2], -1)
            return torch.bmm(vectors, self.context(asked).transpose(1, 2))
        vectors = self.embedding(given if given.ndim == 2 else given.unsqueeze(1))
        if len(self.paths) == 0:
            rows = self.context(asked if asked.ndim == 2 else asked.unsqueeze(1))
            return (rows @ vectors.unsqueeze(2)).squeeze(2)
        if asked.ndim != 1:
            raise ValueError(
                f"The softmax is hierarchical: expected one word a row, (batch,), but asked is "
                f"{tuple(asked.shape)}. Give one, or leave counts out for negative sampling."
            )
        signs = self.signs[asked]
        scores = (self.context(self.paths[asked]) @ vectors.unsqueeze(2)).squeeze(2) * signs
        return scores.masked_fill(signs == 0, 1e4)

    @property
    def vectors(self) -> Tensor:
        """The words' vectors, (vocab, width)."""
        return self.embedding.weight

    def nearest(self, vector: Tensor, *, count: int = 10) -> tuple[Tensor, Tensor]:
        """Return the words whose vectors point most nearly as (..., width) does -> cosines, ids,
        each (..., count), best first; padding is none."""
        words = F.normalize(self.vectors[1:], dim=1)
        cosines, ids = (F.normalize(vector, dim=-1) @ words.t()).topk(count, -1)
        return cosines, ids + 1


def huffman(counts: Sequence[int]) -> tuple[Tensor, Tensor]:
    """Return each word's way through the binary tree that makes frequent words' paths short.

    -> paths int64 (words, longest path), inner nodes from the root (which is the last of words - 1
    inner nodes); signs float (words, longest path), +1 where the way goes left, -1 right, 0 after
    the word is reached. Huffman 1952.
    """
    words = len(counts)
    if words < 2:
        raise ValueError(f"A tree needs at least 2 words; there is {words}. Give more counts.")
    parent, left = _grow(counts)
    ways: list[list[tuple[int, int]]] = []
    for word in range(words):
        way, node = [], word
        while parent[node] >= 0:
            way.append((parent[node] - words, 1 if left[node] else -1))
            node = parent[node]
        ways.append(way[::-1])
    longest = max(len(way) for way in ways)
    paths, signs = torch.zeros(words, longest).long(), torch.zeros(words, longest)
    for word, way in enumerate(ways):
        nodes, turns = zip(*way, strict=True)
        paths[word, : len(way)] = torch.tensor(nodes)
        signs[word, : len(way)] = torch.tensor(turns, dtype=torch.float32)
    return paths, signs


def _grow(counts: Sequence[int]) -> tuple[list[int], list[bool]]:
    """Join the two rarest nodes until one is left -> each node's parent (-1 of the root), and
    whether it is its left child; words first, then inner nodes in the order they were made."""
    words = len(counts)
    leaves = sorted(range(words), key=lambda word: counts[word])
    weight = [*counts, *[0] * (words - 1)]
    parent, left = [-1] * (2 * words - 1), [False] * (2 * words - 1)
    # Inner nodes are made in rising weight: the rarest of all is the first of either queue.
    leaf, inner = 0, words
    for made in range(words, 2 * words - 1):
        for side in (True, False):
            take_leaf = leaf < words and (inner == made or weight[leaves[leaf]] <= weight[inner])
            node = leaves[leaf] if take_leaf else inner
            leaf, inner = leaf + take_leaf, inner + (not take_leaf)
            weight[made] += weight[node]
            parent[node], left[node] = made, side
    return parent, left
