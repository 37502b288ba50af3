"""Long short-term memory: a cell that is added to, not overwritten, so that errors reach far back.

c_t = f * c_{t-1} + i * tanh(W x_t + U h_{t-1}),  h_t = o * tanh(c_t),  gates f, i, o =
sigmoid(...).

Hochreiter and Schmidhuber 1997; forget gate of Gers, Schmidhuber and Cummins 2000, which starts
open (bias 1; Jozefowicz, Zaremba and Sutskever 2015). Recurrent weights start orthogonal.
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

__all__ = ["LSTM"]


class LSTM(nn.Module):
    """Text int64 (batch, time) or series (batch, time, in_channels) -> (batch, outputs).

    Token 0 is padding and changes nothing.

    vocab: tokens of a text, each embedded in `width` numbers; or in_channels of a series. length:
    steps a row, as the data gives it; any length works. hidden_size and depth: units and number of
    recurrent layers. pool: what of the states is read, "last", "mean", "max", or "none" for an
    answer at every step, (batch, time, outputs), which makes a language model when outputs is
    vocab. forget_bias: at the start; a cell keeps sigmoid(forget_bias) of itself a step: 1
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
        forget_bias: float = 1.0,
        dropout: float = 0.0,
    ) -> None:
        super().__init__()
        positive(outputs=outputs, hidden_size=hidden_size, depth=depth)
        self.inputs = SequenceInput(vocab=vocab, in_channels=in_channels, width=width)
        self.rnn = nn.LSTM(
            self.inputs.out_features,
            hidden_size,
            num_layers=depth,
            batch_first=True,
            bidirectional=bidirectional,
            dropout=dropout if depth > 1 else 0.0,
        )
        start_orthogonal_(self.rnn)
        keep_past_(self.rnn, forget_bias)
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
