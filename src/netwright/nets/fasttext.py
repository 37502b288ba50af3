"""fastText: the mean of a text's word and word-pair vectors, then one linear layer.

outputs = W mean(E[w_1], ..., E[w_n], E[hash(w_1, w_2)], ...) + b.

Joulin et al. 2017, "Bag of Tricks for Efficient Text Classification", arXiv:1607.01759. Different
from the release: no hierarchical softmax and no sub-word pieces; dropout and a hidden layer may be
added (a deep averaging network, Iyyer et al. 2015).
"""

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from netwright.nets._layers import Dropout, activation_layer, output_layer, positive

__all__ = ["FastText"]


class FastText(nn.Module):
    """int64 tokens (batch, time), 0 is padding -> (batch, outputs).

    length: tokens a row, as the data gives it; any length works. width: numbers a vector. ngrams:
    the longest run of words with a vector of its own (1 is words alone); all runs share `buckets`
    rows by a hash. hidden: units between mean and outputs, 0 for none.
    """

    def __init__(
        self,
        *,
        vocab: int,
        outputs: int,
        length: int = 0,
        width: int = 64,
        ngrams: int = 2,
        buckets: int = 32768,
        hidden: int = 0,
        activation: str = "relu",
        dropout: float = 0.0,
    ) -> None:
        super().__init__()
        positive(vocab=vocab, outputs=outputs, width=width, ngrams=ngrams, buckets=buckets)
        self.vocab, self.ngrams, self.buckets = vocab, ngrams, buckets
        rows = vocab + (buckets if ngrams > 1 else 0)
        self.embedding = nn.EmbeddingBag(rows, width, mode="mean", padding_idx=0)
        # fastText's start: small, so that words never seen in training hardly move the mean.
        nn.init.uniform_(self.embedding.weight, -1 / width, 1 / width)
        with torch.no_grad():
            self.embedding.weight[0] = 0
        layers: list[nn.Module] = [Dropout(dropout)] if dropout > 0 else []
        if hidden > 0:
            layers += [nn.Linear(width, hidden), activation_layer(activation)]
            if dropout > 0:
                layers.append(Dropout(dropout))
        self.layers = nn.Sequential(*layers, output_layer(hidden or width, outputs))

    def forward(self, tokens: Tensor) -> Tensor:
        return self.layers(self.embedding(self.bag(tokens)))

    def bag(self, tokens: Tensor) -> Tensor:
        """(batch, time) -> (batch, time * ngrams): the rows of the words, then of their runs."""
        pieces = [tokens]
        run = tokens
        for n in range(1, self.ngrams):
            following = F.pad(tokens[:, n:], (0, n))
            # A run that reaches into padding is padding. The factor is fastText's.
            run = (run * 116049371 + following) * ((run != 0) & (following != 0))
            pieces.append(torch.where(run != 0, self.vocab + run % self.buckets, 0))
        return torch.cat(pieces, 1)
