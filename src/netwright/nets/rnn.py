"""Recurrent net: one state, made anew at every step from the step and the state before.

h_t = tanh(W x_t + b + U h_{t-1}),  outputs = V h_last + c.

Elman 1990, "Finding Structure in Time". Different from the paper: trained through all steps of a
row, U starts orthogonal, and the row may be read in both directions (Schuster and Paliwal 1997).
"""

from torch import Tensor, nn

from netwright.nets._layers import Dropout, choice, output_layer, positive
from netwright.nets._recurrent import State, answer, answer_steps, start_orthogonal_
from netwright.nets._sequence import SequenceInput, SequencePool

__all__ = ["RNN"]


class RNN(nn.Module):
    """Text int64 (batch, time) or series (batch, time, in_channels) -> (batch, outputs).

    Token 0 is padding and changes nothing.

    vocab: tokens of a text, each embedded in `width` numbers; or in_channels of a series. length:
    steps a row, as the data gives it; any length works. hidden_size and depth: units and number of
    recurrent layers. pool: what of the states is read, "last", "mean", "max", or "none" for an
    answer at every step, (batch, time, outputs), which makes a language model when outputs is
    vocab. dropout: on vectors, between layers and before the outputs. activation: "tanh" or "relu".
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
        activation: str = "tanh",
        dropout: float = 0.0,
    ) -> None:
        super().__init__()
        positive(outputs=outputs, hidden_size=hidden_size, depth=depth)
        self.inputs = SequenceInput(vocab=vocab, in_channels=in_channels, width=width)
        self.rnn = nn.RNN(
            self.inputs.out_features,
            hidden_size,
            num_layers=depth,
            nonlinearity=choice("activation", activation, ("tanh", "relu")),
            batch_first=True,
            bidirectional=bidirectional,
            dropout=dropout if depth > 1 else 0.0,
        )
        start_orthogonal_(self.rnn)
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
