"""Radial basis function net: each hidden unit answers near its own centre and nowhere else.

phi_j(x) = exp(-|x - c_j|^2 / (2 s_j^2)),  outputs = W phi(x) + b.

Broomhead and Lowe 1988; Moody and Darken 1989. Different from them: centres and radii are learned
with the rest by gradient, not by clustering.
"""

from collections.abc import Sequence

import torch
from torch import Tensor, nn

from netwright.nets._layers import output_layer, positive
from netwright.nets._tabular import OneHot

__all__ = ["RadialBasis"]


class RadialBasis(nn.Module):
    """numeric (batch, numeric), categorical int64 (batch, columns) -> (batch, outputs).

    Categories are read as one-hot. width: number of centres. radius: first s of each, in units of
    the distance that two random rows of standardised numbers have.
    """

    def __init__(
        self,
        *,
        numeric: int,
        outputs: int,
        cardinalities: Sequence[int] = (),
        width: int = 64,
        radius: float = 0.5,
    ) -> None:
        super().__init__()
        features = numeric + sum(cardinalities)
        positive(inputs=features, outputs=outputs, width=width)
        if radius <= 0:
            raise ValueError(f"radius is {radius}; expected above 0. Give a larger radius.")
        self.one_hot = OneHot(cardinalities) if cardinalities else None
        self.centres = nn.Parameter(torch.randn(width, features))
        # Two rows of independent standard normals are about sqrt(2 features) apart.
        spread = radius * (2 * features) ** 0.5
        self.log_radius = nn.Parameter(torch.full((width,), spread).log())
        self.output = output_layer(width, outputs)

    def forward(self, numeric: Tensor, categorical: Tensor | None = None) -> Tensor:
        x = numeric if self.one_hot is None else self.one_hot(numeric, categorical)
        return self.output(self.near(x))

    def near(self, x: Tensor) -> Tensor:
        """(batch, features) -> (batch, width): 1 at a centre, falling to 0 away from it."""
        squared = (x[:, None] - self.centres).square().sum(2)
        return torch.exp(-squared / (2 * torch.exp(2 * self.log_radius)))
