"""Hebbian learning: a linear layer whose weights grow with what happens together; no loss.

y = W x.  Hebb: dW = y x'.  Oja: dW = y x' - lower(y y') W, which takes out what this unit and those
before it explain already; its rows become the first principal components at length 1, while Hebb's
grow without end.

Hebb 1949, "The Organization of Behavior"; Oja 1982, J. Math. Biol. 15 (one unit); Sanger 1989,
Neural Networks 2 (several, by the lower triangle). Different from them: the change is the mean over
a batch. Inputs should have mean 0: the components are those of their second moments.
"""

from collections.abc import Sequence

import torch
from torch import Tensor, nn

from netwright.nets._layers import choice, positive
from netwright.nets._tabular import OneHot

__all__ = ["Hebbian"]

RULES = ("hebb", "oja")


class Hebbian(nn.Module):
    """numeric (batch, numeric), categorical int64 (batch, columns) -> (batch, outputs).

    Categories are read as one-hot. rule: "hebb" or "oja". Call `fill_grad` after `forward` in place
    of `loss.backward()`; any optimiser that subtracts the gradient then follows the rule.
    """

    answers = "features"

    def __init__(
        self,
        *,
        numeric: int,
        outputs: int,
        cardinalities: Sequence[int] = (),
        rule: str = "oja",
    ) -> None:
        super().__init__()
        features = numeric + sum(cardinalities)
        positive(inputs=features, outputs=outputs)
        self.rule = choice("rule", rule, RULES)
        self.one_hot = OneHot(cardinalities) if cardinalities else None
        self.linear = nn.Linear(features, outputs, bias=False)
        # Rows of about length 1, where Oja's rule keeps them.
        nn.init.normal_(self.linear.weight, std=features**-0.5)
        self.linear.own_init = True  # type: ignore[assignment]  # a mark on the module, no sub-module

    def forward(self, numeric: Tensor, categorical: Tensor | None = None) -> Tensor:
        return self.linear(self._features(numeric, categorical))

    @torch.no_grad()
    def fill_grad(self, inputs: tuple[Tensor, ...], outputs: Tensor) -> None:
        """Set the weight's `.grad` to minus the rule's change.

        inputs: as `forward` took them; outputs (batch, outputs): what it gave.
        """
        x = self._features(*inputs)
        change = outputs.t() @ x / len(x)
        if self.rule == "oja":
            change -= (outputs.t() @ outputs / len(x)).tril() @ self.linear.weight
        self.linear.weight.grad = -change

    def _features(self, numeric: Tensor, categorical: Tensor | None = None) -> Tensor:
        return numeric if self.one_hot is None else self.one_hot(numeric, categorical)
