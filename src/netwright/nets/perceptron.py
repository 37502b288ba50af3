"""Rosenblatt's perceptron: one layer of threshold units; the sign of each output is its answer.

y = W x + b.  Rosenblatt 1958, "The Perceptron". His rule (add x to the weights of a missed class)
is what gradient descent does on the perceptron loss max(0, -y t); with cross-entropy the same layer
is logistic regression, see logistic. Different from the original: no fixed random layer of
association units before it.
"""

from collections.abc import Sequence

from torch import Tensor, nn

from netwright.nets._layers import output_layer, positive
from netwright.nets._tabular import OneHot

__all__ = ["Perceptron"]


class Perceptron(nn.Module):
    """numeric (batch, numeric), categorical int64 (batch, columns) -> (batch, outputs).

    Categories are read as one-hot.

    hard: answer +1 or -1 instead of the sum, as the original unit does. Its derivative is 0 almost
    everywhere, so the gradient is passed straight through the threshold where the sum lies in [-1,
    1] (Hubara et al. 2016, arXiv:1602.02830).
    """

    def __init__(
        self,
        *,
        numeric: int,
        outputs: int,
        cardinalities: Sequence[int] = (),
        hard: bool = False,
    ) -> None:
        super().__init__()
        positive(inputs=numeric + sum(cardinalities), outputs=outputs)
        self.hard = hard
        self.one_hot = OneHot(cardinalities) if cardinalities else None
        self.linear = output_layer(numeric + sum(cardinalities), outputs)

    def forward(self, numeric: Tensor, categorical: Tensor | None = None) -> Tensor:
        x = numeric if self.one_hot is None else self.one_hot(numeric, categorical)
        sums = self.linear(x)
        if not self.hard:
            return sums
        signs = (sums >= 0).to(sums.dtype) * 2 - 1
        soft = sums.clamp(-1, 1)
        return soft + (signs - soft).detach()
