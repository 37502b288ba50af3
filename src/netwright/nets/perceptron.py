"""Rosenblatt's perceptron: one layer of threshold units; the sign of each output is its answer.

y = W x + b.  Rosenblatt 1958, "The Perceptron". His rule: where a row is missed, add x to the
weights of its class and take it from those of the class that was said. It is what gradient descent
does on the perceptron loss max_k y_k - y_class; with cross-entropy the same layer is logistic
regression, see logistic. Different from the original: no fixed random layer of
association units before it.
"""

from collections.abc import Sequence

import torch
from torch import Tensor, nn

from netwright.nets._layers import output_layer, positive
from netwright.nets._tabular import OneHot

__all__ = ["Perceptron"]


class Perceptron(nn.Module):
    """numeric (batch, numeric), categorical int64 (batch, columns) -> (batch, outputs).

    Categories are read as one-hot. For Rosenblatt's rule call `fill_grad` in place of
    `loss.backward()`; an optimiser that subtracts the gradient (SGD, rate 1, a row at a time) then
    follows it.

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

    def _features(self, numeric: Tensor, categorical: Tensor | None = None) -> Tensor:
        return numeric if self.one_hot is None else self.one_hot(numeric, categorical)

    @torch.no_grad()
    def fill_grad(self, inputs: tuple[Tensor, ...], targets: Tensor) -> int:
        """Set the gradients to minus the change of Rosenblatt's rule, added up over the rows;
        return how many rows were missed.

        inputs: as `forward` takes them. targets int64 (batch,): class ids; 0 or 1 where there is
        one output, whose sign is the answer.
        """
        x = self._features(*inputs)
        sums = self.linear(x)
        change = torch.zeros_like(sums)
        if sums.shape[1] == 1:
            missed = (sums[:, 0] >= 0) != targets.bool()
            change[:, 0] = missed * (2.0 * targets - 1.0)
        else:
            said = sums.argmax(1)
            missed = said != targets
            change.scatter_add_(1, targets[:, None], missed[:, None].to(change))
            change.scatter_add_(1, said[:, None], -missed[:, None].to(change))
        self.linear.weight.grad = -(change.t() @ x)
        self.linear.bias.grad = -change.sum(0)
        return int(missed.sum())

    def forward(self, numeric: Tensor, categorical: Tensor | None = None) -> Tensor:
        sums = self.linear(self._features(numeric, categorical))
        if not self.hard:
            return sums
        signs = (sums >= 0).to(sums.dtype) * 2 - 1
        soft = sums.clamp(-1, 1)
        return soft + (signs - soft).detach()
