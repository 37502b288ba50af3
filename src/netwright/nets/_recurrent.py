"""What the recurrent nets share: running over padded rows so that padding changes nothing."""

import torch
from torch import Tensor, nn
from torch.nn.utils.rnn import pack_padded_sequence, pad_packed_sequence

from netwright.nets._sequence import last


def run_recurrent(rnn: nn.RNNBase, vectors: Tensor, real: Tensor | None) -> Tensor:
    """(batch, time, features), real bool (batch, time) or None -> states (batch, time, hidden).

    A forward pass meets the padding after the text, where it cannot matter; a backward pass would
    meet it first, so rows are packed for it.
    """
    if real is None or not rnn.bidirectional:
        return rnn(vectors)[0]
    lengths = last(real).cpu() + 1
    packed = pack_padded_sequence(vectors, lengths, batch_first=True, enforce_sorted=False)
    states, _ = pad_packed_sequence(rnn(packed)[0], batch_first=True, total_length=vectors.shape[1])
    return states


def summary(states: Tensor, real: Tensor | None, *, bidirectional: bool) -> Tensor:
    """Return what each direction knows at its end: (batch, time, hidden) -> (batch, hidden).

    Forward that is the last real step, backward the first.
    """
    at = states.shape[1] - 1 if real is None else last(real)
    ends = states[torch.arange(len(states), device=states.device), at]
    if not bidirectional:
        return ends
    half = states.shape[2] // 2
    return torch.cat([ends[:, :half], states[:, 0, half:]], 1)
