"""Highway net for tables: gates decide, unit by unit, whether a layer transforms or carries.

y = g * act(W x + b) + (1 - g) * x,  g = sigmoid(W_g x + b_g).

Srivastava, Greff and Schmidhuber 2015, arXiv:1505.00387. Different from the paper: a linear layer
first brings the columns to the width of the net.
"""

from collections.abc import Sequence

import torch
from torch import Tensor, nn

from netwright.nets._layers import Dropout, activation_layer, output_layer, positive
from netwright.nets._tabular import OneHot

__all__ = ["Highway"]


class Highway(nn.Module):
    """numeric (batch, numeric), categorical int64 (batch, columns) -> (batch, outputs).

    Categories are read as one-hot. width and depth: units and number of highway layers. gate_bias:
    first bias of the gates; below 0 the layers start by carrying, so that depth does not hurt at
    first.
    """

    def __init__(
        self,
        *,
        numeric: int,
        outputs: int,
        cardinalities: Sequence[int] = (),
        width: int = 64,
        depth: int = 4,
        gate_bias: float = -2.0,
        activation: str = "relu",
        dropout: float = 0.0,
    ) -> None:
        super().__init__()
        features = numeric + sum(cardinalities)
        positive(inputs=features, outputs=outputs, width=width, depth=depth)
        self.one_hot = OneHot(cardinalities) if cardinalities else None
        self.start = nn.Linear(features, width)
        self.layers = nn.Sequential(
            *(HighwayLayer(width, gate_bias=gate_bias, activation=activation) for _ in range(depth))
        )
        self.dropout = Dropout(dropout)
        self.output = output_layer(width, outputs)

    def forward(self, numeric: Tensor, categorical: Tensor | None = None) -> Tensor:
        x = numeric if self.one_hot is None else self.one_hot(numeric, categorical)
        return self.output(self.dropout(self.layers(self.start(x))))


class HighwayLayer(nn.Module):
    """(batch, features) -> (batch, features)."""

    def __init__(self, features: int, *, gate_bias: float, activation: str) -> None:
        super().__init__()
        self.transform = nn.Linear(features, features)
        self.activation = activation_layer(activation)
        self.gate = nn.Linear(features, features)
        nn.init.constant_(self.gate.bias, gate_bias)
        self.gate.own_init = True  # type: ignore[assignment]  # a mark on the module, no sub-module

    def forward(self, x: Tensor) -> Tensor:
        gate = torch.sigmoid(self.gate(x))
        return gate * self.activation(self.transform(x)) + (1 - gate) * x
