"""What the recurrent nets share: running over padded rows so that padding changes nothing, and
going on where earlier steps ended.

A state is a tuple of tensors, (hidden,) or an LSTM's (hidden, cell), each (batch, layers, hidden).
The batch comes first, unlike torch's, so that whoever keeps several rows may pick among them.
"""

import torch
from torch import Tensor, nn
from torch.nn.utils.rnn import pack_padded_sequence, pad_packed_sequence

from netwright.nets._sequence import last

State = tuple[Tensor, ...]


def run_recurrent(rnn: nn.RNNBase, vectors: Tensor, real: Tensor | None) -> Tensor:
    """(batch, time, features), real bool (batch, time) or None -> states (batch, time, hidden).

    A forward pass meets the padding after the text, where it cannot matter; a backward pass would
    meet it first, so rows are packed for it.
    """
    if real is None or not rnn.bidirectional:
        return rnn(vectors)[0]
    return continue_recurrent(rnn, vectors, real)[0]


def continue_recurrent(
    rnn: nn.RNNBase, vectors: Tensor, real: Tensor | None, state: State | None = None
) -> tuple[Tensor, State]:
    """As `run_recurrent`, from `state` on -> states, the state after each row's last real step.

    A row without a real step keeps its state.
    """
    layers = rnn.num_layers * (2 if rnn.bidirectional else 1)
    if state is None:
        zeros = vectors.new_zeros(len(vectors), layers, rnn.hidden_size)
        state = (zeros, zeros) if isinstance(rnn, nn.LSTM) else (zeros,)
    given = tuple(part.transpose(0, 1).contiguous() for part in state)
    start = given if isinstance(rnn, nn.LSTM) else given[0]
    if real is None:
        states, end = rnn(vectors, start)
    else:
        lengths = (last(real).cpu() + 1).clamp_min(1)
        packed = pack_padded_sequence(vectors, lengths, batch_first=True, enforce_sorted=False)
        packed, end = rnn(packed, start)
        states, _ = pad_packed_sequence(packed, batch_first=True, total_length=vectors.shape[1])
    ends = tuple(part.transpose(0, 1) for part in (end if isinstance(end, tuple) else (end,)))
    if real is not None:
        moved = real.any(1)[:, None, None]
        ends = tuple(torch.where(moved, new, old) for new, old in zip(ends, state, strict=True))
    return states, ends


def check_one_way(rnn: nn.RNNBase) -> None:
    """Refuse to stream through a net that reads backwards as well."""
    if rnn.bidirectional:
        raise ValueError(
            "This net is bidirectional: it reads a row from its end too and cannot be given steps "
            "one after another. Build it with bidirectional: false, or give it whole rows."
        )


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
