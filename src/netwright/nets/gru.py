"""Gated recurrent unit: a state that each step may keep, renew or forget in part.

h_t = (1 - z) * n + z * h_{t-1},  z = sigmoid(W_z x_t + U_z h_{t-1}),  n = tanh(W_n x_t + r * U_n
h_{t-1}).

Cho et al. 2014, arXiv:1406.1078. Different from the paper: the reset gate r acts after U_n, as in
cuDNN and PyTorch; the recurrent weights start orthogonal.
"""

from torch import Tensor, nn

from netwright.nets._layers import Dropout, output_layer, positive
from netwright.nets._recurrent import (
    State,
    answer,
    answer_steps,
    keep_past_,
    start_orthogonal_,
)
from netwright.nets._sequence import SequenceInput, SequencePool

__all__ = ["GRU"]


class GRU(nn.Module):
    """Text int64 (batch, time) or series (batch, time, in_channels) -> (batch, outputs).

    Token 0 is padding and changes nothing.

    vocab: tokens of a text, each embedded in `width` numbers; or in_channels of a series. length:
    steps a row, as the data gives it; any length works. hidden_size and depth: units and number of
    recurrent layers. pool: what of the states is read, "last", "mean", "max", or "none" for an
    answer at every step, (batch, time, outputs), which makes a language model when outputs is
    vocab. update_bias: at the start; a state keeps sigmoid(update_bias) of itself a step: 0
    remembers a few steps, 5 a hundred. dropout: on vectors, between layers and before the outputs.
    """

    def __init__(
        self,
        *,
        outputs: int,
        vocab: int = 0,
        in_channels: int = 0,
        length: int = 0,
        width: int = 128,
        hidden_size: int = 128,
        depth: int = 1,
        bidirectional: bool = False,
        pool: str = "last",
        update_bias: float = 0.0,
        dropout: float = 0.0,
    ) -> None:
        super().__init__()
        positive(outputs=outputs, hidden_size=hidden_size, depth=depth)
        self.inputs = SequenceInput(vocab=vocab, in_channels=in_channels, width=width)
        self.rnn = nn.GRU(
            self.inputs.out_features,
            hidden_size,
            num_layers=depth,
            batch_first=True,
            bidirectional=bidirectional,
            dropout=dropout if depth > 1 else 0.0,
        )
        start_orthogonal_(self.rnn)
        keep_past_(self.rnn, update_bias)
        self.pool = SequencePool(pool)
        self.dropout = Dropout(dropout)
        self.output = output_layer(hidden_size * (2 if bidirectional else 1), outputs)

    def forward(self, inputs: Tensor, lengths: Tensor | None = None) -> Tensor:
        return answer(self, inputs, lengths)

    def step(
        self, inputs: Tensor, state: tuple[State, State] | None = None
    ) -> tuple[Tensor, tuple[State, State]]:
        """The next steps of rows -> outputs, state to go on from (see `answer_steps`)."""
        return answer_steps(self, inputs, state)
