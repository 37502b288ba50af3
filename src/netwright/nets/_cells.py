"""Recurrent cells written out, to be read: torch's fused layers compute the same, only faster.

Elman: h' = act(W x + b + U h + c).
LSTM:  i, f, g, o = W x + b + U h + c;  c' = s(f) c + s(i) tanh(g);  h' = s(o) tanh(c').
GRU:   r, z = s(W x + b + U h + c);  n = tanh(W x + b + r (U h + c));  h' = (1 - z) n + z h.

Elman 1990; Hochreiter and Schmidhuber 1997 with the forget gate of Gers, Schmidhuber and Cummins
2000; Cho et al. 2014, arXiv:1406.1078, with the reset gate after U, as in cuDNN and PyTorch.
"""

import torch
from torch import Tensor, nn
from torch.nn import functional as F

# W, U and the two biases, as torch names them: weight_ih, weight_hh, bias_ih, bias_hh.
Weights = tuple[Tensor, Tensor, Tensor, Tensor]


def elman_cell(x: Tensor, hidden: Tensor, weights: Weights, *, activation: str = "tanh") -> Tensor:
    """x (batch, features), hidden (batch, hidden) -> the next hidden. activation: tanh or relu."""
    w, u, b, c = weights
    sums = F.linear(x, w, b) + F.linear(hidden, u, c)
    return sums.relu() if activation == "relu" else sums.tanh()


def lstm_cell(x: Tensor, hidden: Tensor, cell: Tensor, weights: Weights) -> tuple[Tensor, Tensor]:
    """x (batch, features), hidden and cell (batch, hidden) -> the next hidden, the next cell."""
    w, u, b, c = weights
    write, keep, new, show = (F.linear(x, w, b) + F.linear(hidden, u, c)).chunk(4, 1)
    cell = keep.sigmoid() * cell + write.sigmoid() * new.tanh()
    return show.sigmoid() * cell.tanh(), cell


def gru_cell(x: Tensor, hidden: Tensor, weights: Weights) -> Tensor:
    """x (batch, features), hidden (batch, hidden) -> the next hidden."""
    w, u, b, c = weights
    x_reset, x_keep, x_new = F.linear(x, w, b).chunk(3, 1)
    h_reset, h_keep, h_new = F.linear(hidden, u, c).chunk(3, 1)
    keep = (x_keep + h_keep).sigmoid()
    new = (x_new + (x_reset + h_reset).sigmoid() * h_new).tanh()
    return (1 - keep) * new + keep * hidden


def run_cells(rnn: nn.RNNBase, vectors: Tensor) -> Tensor:
    """(batch, time, features) -> states (batch, time, hidden): `rnn` cell by cell, no dropout.

    For what fused layers do not give: the states inside, second derivatives on a GPU.
    """
    for layer in range(rnn.num_layers):
        ways = [_run_one_way(rnn, vectors, f"l{layer}")]
        if rnn.bidirectional:
            ways.append(_run_one_way(rnn, vectors.flip(1), f"l{layer}_reverse").flip(1))
        vectors = torch.cat(ways, 2)
    return vectors


def _run_one_way(rnn: nn.RNNBase, vectors: Tensor, suffix: str) -> Tensor:
    w, u, b, c = (
        getattr(rnn, f"{name}_{suffix}")
        for name in ("weight_ih", "weight_hh", "bias_ih", "bias_hh")
    )
    hidden = cell = vectors.new_zeros(len(vectors), rnn.hidden_size)
    states = []
    for x in vectors.unbind(1):
        if isinstance(rnn, nn.LSTM):
            hidden, cell = lstm_cell(x, hidden, cell, (w, u, b, c))
        elif isinstance(rnn, nn.GRU):
            hidden = gru_cell(x, hidden, (w, u, b, c))
        else:
            activation = "relu" if rnn.mode == "RNN_RELU" else "tanh"
            hidden = elman_cell(x, hidden, (w, u, b, c), activation=activation)
        states.append(hidden)
    return torch.stack(states, 1)
