"""BERT: a transformer that sees both sides of every step, first trained to fill in masked tokens.

h = norm(blocks(E[tokens])),  logits = E norm(act(W h)) + b at every step, E the embedding.

Devlin et al. 2019, arXiv:1810.04805. Different from the paper: norms come first in each block and
positions are rotary unless asked otherwise; no segments, no [CLS] token and no guessing of whether
two sentences follow each other: an answer for a row is read from the mean of its steps (as in
Liu et al. 2019, arXiv:1907.11692, training is masking alone).
"""

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from netwright.nets._layers import (
    Dropout,
    activation_layer,
    norm_layer,
    output_layer,
    positive,
)
from netwright.nets._positions import Positions
from netwright.nets._sequence import SequenceInput, SequencePool
from netwright.nets.transformer import blocks

__all__ = ["BERT"]


class BERT(nn.Module):
    """int64 tokens (batch, time), 0 is padding -> (batch, time, vocab), what each step may be.

    `mask_token`, one past the vocabulary, stands for a token to be filled in. With outputs the net
    answers for the row, (batch, outputs); all other tensors keep names and shapes, so that they can
    be taken from a net trained to fill in. pool: what of the steps is read then, "mean", "max",
    "last", or "none" for an answer at every step. length: steps a row, needed for learned positions
    alone. width, depth, num_heads, hidden_size: of the blocks, as in transformer.

    Without outputs `asked`, bool (batch, time), says which steps are to be filled in; logits are
    then of those alone, (steps asked for, vocab), which saves most of the time.
    """

    answers = "rows or masked tokens"

    def __init__(
        self,
        *,
        vocab: int,
        outputs: int = 0,
        length: int = 0,
        width: int = 128,
        depth: int = 4,
        num_heads: int = 4,
        hidden_size: int = 0,
        positions: str = "rotary",
        pool: str = "mean",
        activation: str = "gelu",
        norm: str = "layer",
        dropout: float = 0.1,
    ) -> None:
        super().__init__()
        positive(vocab=vocab)
        self.vocab, self.mask_token = vocab, vocab
        self.inputs = SequenceInput(vocab=vocab + 1, in_channels=0, width=width, std=0.02)
        self.positions = Positions(positions, length=length, width=width)
        self.dropout = Dropout(dropout)
        self.blocks = nn.ModuleList(
            blocks(
                depth,
                width=width,
                num_heads=num_heads,
                hidden_size=hidden_size,
                causal=False,
                positions=positions,
                activation=activation,
                norm=norm,
                dropout=dropout,
            )
        )
        self.norm = norm_layer(norm, width)
        self.pool = SequencePool(pool)
        self.output = output_layer(width, outputs) if outputs else None
        if outputs == 0:
            self.transform = nn.Sequential(
                nn.Linear(width, width), activation_layer(activation), norm_layer(norm, width)
            )
            self.bias = nn.Parameter(torch.zeros(vocab))

    def forward(self, tokens: Tensor, asked: Tensor | None = None) -> Tensor:
        x, real = self.inputs(tokens)
        x = self.dropout(self.positions(x))
        for block in self.blocks:
            x = block(x, real)
        x = self.norm(x)
        if self.output is not None:
            return self.output(self.dropout(self.pool(x, real)))
        assert self.inputs.embedding is not None
        x = x if asked is None else x[asked]
        words = self.inputs.embedding.weight[: self.vocab]  # no step may be the mask
        return F.linear(self.transform(x), words, self.bias)
