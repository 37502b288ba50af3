"""What the recurrent nets share: running over padded rows so that padding changes nothing, and
going on where earlier steps ended.

A state is a tuple of tensors, (hidden,) or an LSTM's (hidden, cell), each (batch, layers, hidden).
The batch comes first, unlike torch's, so that whoever keeps several rows may pick among them.
"""

from typing import Protocol

import torch
from torch import Tensor, nn
from torch.nn.utils.rnn import pack_padded_sequence, pad_packed_sequence

from netwright.nets._layers import Dropout
from netwright.nets._sequence import SequenceInput, SequencePool, last

State = tuple[Tensor, ...]


class Recurrent(Protocol):
    """The parts of a recurrent net, in the order in which a row passes them."""

    inputs: SequenceInput
    pool: SequencePool
    dropout: Dropout
    output: nn.Linear

    @property
    def rnn(self) -> nn.RNNBase:  # read alone: a net's is a kind of it
        ...


def answer(net: Recurrent, inputs: Tensor, lengths: Tensor | None = None) -> Tensor:
    """Text (batch, time) or series (batch, time, channels), with their lengths (batch,) where they
    are padded -> (batch, outputs), or with pool "none" (batch, time, outputs)."""
    vectors, real = net.inputs(inputs, lengths)
    states = run_recurrent(net.rnn, net.dropout(vectors), real)
    if net.pool.pool == "last":
        features = summary(states, real, bidirectional=net.rnn.bidirectional)
    else:
        features = net.pool(states, real)
    found: Tensor = net.output(net.dropout(features))
    return found


def answer_steps(
    net: Recurrent, inputs: Tensor, state: tuple[State, State] | None = None
) -> tuple[Tensor, tuple[State, State]]:
    """The next steps of rows, in pieces of any length -> outputs, state to go on from.

    outputs: those of `answer` for all steps so far, (batch, outputs); with pool "none" those of the
    new steps, (batch, time, outputs). The state's tensors have the batch first.
    """
    check_one_way(net.rnn)
    hidden, pooled = (None, ()) if state is None else state
    vectors, real = net.inputs(inputs, first=state is None)
    states, hidden = continue_recurrent(net.rnn, net.dropout(vectors), real, hidden)
    features, pooled = net.pool.step(states, real, pooled)
    return net.output(net.dropout(features)), (hidden, pooled)


def start_orthogonal_(rnn: nn.RNNBase) -> None:
    """Start each gate's recurrent weights orthogonal and all biases at 0 (Saxe et al. 2014)."""
    for name, p in rnn.named_parameters():
        if name.startswith("weight_hh"):
            for gate in p.split(rnn.hidden_size):
                nn.init.orthogonal_(gate)
        elif name.startswith("bias"):
            nn.init.zeros_(p)


def keep_past_(rnn: nn.LSTM | nn.GRU, bias: float) -> None:
    """Start the gates that keep the past, the second of either kind, at sigmoid(bias)."""
    hidden = rnn.hidden_size
    for name, p in rnn.named_parameters():
        if name.startswith("bias_ih"):
            nn.init.constant_(p[hidden : 2 * hidden], bias)
    rnn.gate_bias = bias  # for init: a mark on the module


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
