"""Sequence to sequence: one recurrent net reads the source, another writes the target.

encoder: h_1 ... h_S = rnn(E_s[source]), both directions;  decoder starts from tanh(W ends).
decoder: s_t = rnn(E[given_t], s_{t-1});  c_t = what s_t gathers from h by attention;
logits_t = E tanh(W [s_t, c_t]) + b, E the target's embedding.

Sutskever, Vinyals and Le 2014, arXiv:1409.3215 (attention "none": the source must fit into one
state); Bahdanau, Cho and Bengio 2015, arXiv:1409.0473 ("additive"); Luong, Pham and Manning 2015,
arXiv:1508.04025 ("dot"). Different from Bahdanau: what is gathered goes to the outputs alone, as
in Luong, so that training runs all steps of the target at once; output weights are the embedding's
(Press and Wolf 2017, arXiv:1608.05859).
"""

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from netwright.nets._layers import Dropout, choice, positive
from netwright.nets._recurrent import State, continue_recurrent
from netwright.nets._sequence import SequenceInput
from netwright.nets.attention import AdditiveAttention, DotAttention

__all__ = ["Seq2Seq"]

# What the encoder leaves: its states (batch, time, memory), which of them are real (batch, time),
# and what the decoder starts from.
Memory = tuple[Tensor, Tensor, State]
CELLS = {"gru": nn.GRU, "lstm": nn.LSTM}


class Seq2Seq(nn.Module):
    """source int64 (batch, time), given int64 (batch, steps) -> (batch, steps, vocab).

    given: the target moved one step to the right, a start token first; 0 is padding in both. The
    scores at a step are those of the token after it. source_vocab and vocab: tokens of source and
    target. cell: "gru" or "lstm". attention: "additive", "dot" or "none". width: numbers an
    embedding; hidden_size: units of the decoder and of each direction of the encoder; depth: layers
    of both. length: steps of the longest row, as the data gives it; any length works.
    """

    def __init__(
        self,
        *,
        source_vocab: int,
        vocab: int,
        length: int = 0,
        cell: str = "gru",
        attention: str = "additive",
        width: int = 128,
        hidden_size: int = 256,
        depth: int = 1,
        dropout: float = 0.1,
    ) -> None:
        super().__init__()
        positive(source_vocab=source_vocab, vocab=vocab, hidden_size=hidden_size, depth=depth)
        rnn = CELLS[choice("cell", cell, tuple(CELLS))]
        choice("attention", attention, ("additive", "dot", "none"))
        self.source = SequenceInput(vocab=source_vocab, in_channels=0, width=width)
        self.target = SequenceInput(vocab=vocab, in_channels=0, width=width)
        for inputs in (self.source, self.target):
            assert inputs.embedding is not None
            nn.init.normal_(inputs.embedding.weight, std=width**-0.5)
        self.scale = width**0.5  # of unit size as inputs, small as output weights
        self.dropout = Dropout(dropout)
        between = dropout if depth > 1 else 0.0
        self.encoder = rnn(
            width, hidden_size, num_layers=depth, batch_first=True, bidirectional=True,
            dropout=between,
        )  # fmt: skip
        self.decoder = rnn(width, hidden_size, num_layers=depth, batch_first=True, dropout=between)
        # One bridge for the hidden states of all layers, one for an LSTM's cells.
        self.bridges = nn.ModuleList(
            nn.Linear(2 * hidden_size, hidden_size) for _ in range(2 if cell == "lstm" else 1)
        )
        memory = 2 * hidden_size
        self.attention: nn.Module | None = None
        if attention == "additive":
            self.attention = AdditiveAttention(
                query_size=hidden_size, memory_size=memory, width=hidden_size
            )
        elif attention == "dot":
            self.attention = DotAttention(query_size=hidden_size, memory_size=memory)
        self.readout = nn.Linear(hidden_size + (0 if self.attention is None else memory), width)
        self.bias = nn.Parameter(torch.zeros(vocab))

    def forward(self, source: Tensor, given: Tensor) -> Tensor:
        return self.decode(self.encode(source), given)[0]

    def encode(self, source: Tensor) -> Memory:
        """Return what the decoder looks back at; rows of it may be picked, the batch is first."""
        vectors, real = self.source(source)
        states, ends = continue_recurrent(self.encoder, self.dropout(vectors * self.scale), real)
        start = []
        for bridge, end in zip(self.bridges, ends, strict=True):
            # torch orders the ends by layer, then by direction.
            layers = end.unflatten(1, (-1, 2)).flatten(2)  # (batch, layers, 2 * hidden)
            start.append(bridge(layers).tanh())
        return states, real, tuple(start)

    def decode(
        self, memory: Memory, given: Tensor, state: State | None = None
    ) -> tuple[Tensor, State]:
        """The target's next tokens, one or more or all -> (batch, steps, vocab), state to go on
        from, whose tensors have the batch first."""
        scores, _, state = self.decode_aligned(memory, given, state)
        return scores, state

    def decode_aligned(
        self, memory: Memory, given: Tensor, state: State | None = None
    ) -> tuple[Tensor, Tensor | None, State]:
        """As `decode`, with the weights (batch, steps, time) of each step on the source's steps;
        None without attention."""
        states, real, start = memory
        vectors, _ = self.target(given)
        x, state = continue_recurrent(
            self.decoder,
            self.dropout(vectors * self.scale),
            None,
            start if state is None else state,
        )
        weights = None
        if self.attention is not None:
            gathered, weights = self.attention(x, states, real)
            x = torch.cat([x, gathered], 2)
        x = self.dropout(self.readout(x).tanh())
        assert self.target.embedding is not None
        return F.linear(x, self.target.embedding.weight, self.bias), weights, state
