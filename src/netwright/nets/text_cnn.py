"""Convolutions over word vectors, each filter's largest answer kept: which phrases a text holds.

features = max over time of activation(conv_k(E[tokens])) for each width k, dropout, outputs = W
features + b.

Kim 2014, "Convolutional Neural Networks for Sentence Classification", arXiv:1408.5882. Different
from the paper: no max-norm on W (weight decay is the recipe's), and the outputs of a fastText bag
may be added, which carries small sets.
"""

from collections.abc import Sequence

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from netwright.nets._layers import Dropout, activation_layer, output_layer, positive
from netwright.nets.fasttext import FastText

__all__ = ["TextCNN"]


class TextCNN(nn.Module):
    """int64 tokens (batch, time), 0 is padding -> (batch, outputs).

    length: tokens a row, as the data gives it; any length works. width: numbers a word vector.
    channels: filters of each of kernel_sizes (words a filter sees). bag_buckets: rows for hashed
    word pairs of the added fastText bag, 0 for no bag.
    """

    def __init__(
        self,
        *,
        vocab: int,
        outputs: int,
        length: int = 0,
        width: int = 128,
        channels: int = 100,
        kernel_sizes: Sequence[int] = (3, 4, 5),
        activation: str = "relu",
        dropout: float = 0.5,
        bag_buckets: int = 0,
    ) -> None:
        super().__init__()
        positive(vocab=vocab, width=width, channels=channels, outputs=outputs)
        self.embedding = nn.Embedding(vocab, width, padding_idx=0)
        nn.init.normal_(self.embedding.weight, std=0.25)  # Kim's scale for words without a vector
        with torch.no_grad():
            self.embedding.weight[0] = 0
        self.kernel_sizes = list(kernel_sizes)
        self.convs = nn.ModuleList(nn.Conv1d(width, channels, size) for size in kernel_sizes)
        self.activation = activation_layer(activation)
        self.dropout = Dropout(dropout)
        self.output = output_layer(channels * len(kernel_sizes), outputs)
        self.bag = (
            FastText(vocab=vocab, outputs=outputs, buckets=bag_buckets, dropout=dropout)
            if bag_buckets
            else None
        )

    def forward(self, tokens: Tensor) -> Tensor:
        words = self.embedding(tokens).transpose(1, 2)  # (batch, width, time)
        empty = tokens == 0
        # A text without any word still has one window, of padding.
        empty = torch.cat([torch.zeros_like(empty[:, :1]), empty[:, 1:]], 1).unsqueeze(1)
        features = []
        for conv, size in zip(self.convs, self.kernel_sizes, strict=True):
            # One window starts at each word, so a text's answer does not depend on how far it was
            # padded.
            answers = self.activation(conv(F.pad(words, (0, size - 1))))
            features.append(answers.masked_fill(empty, -torch.inf).amax(2))
        outputs = self.output(self.dropout(torch.cat(features, 1)))
        return outputs if self.bag is None else outputs + self.bag(tokens)
