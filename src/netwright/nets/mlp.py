"""Multilayer perceptron for tables: embedded columns, then linear layers and activations.

h_0 = [embed(numeric), embed(categorical)],  h_l = dropout(activation(norm(W_l h_{l-1} + b_l))),
outputs = W h_L + b.

Rumelhart, Hinton and Williams 1986; numeric embeddings of Gorishniy et al. 2022 (arXiv:2203.05556)
and RealMLP (arXiv:2407.04491). Different from RealMLP: no parametric activation, no scaling layer,
PyTorch's parametrisation.
"""

from collections.abc import Sequence

import torch
from torch import Tensor, nn

from netwright.nets._layers import Dropout, activation_layer, norm_layer, output_layer, positive
from netwright.nets._tabular import (
    CategoryEmbedding,
    PiecewiseLinearEmbedding,
    numeric_embedding_layer,
)

__all__ = ["MLP"]


class MLP(nn.Module):
    """numeric (batch, numeric), categorical int64 (batch, columns) -> (batch, outputs).

    cardinalities: ids of each categorical column, id 0 ("unknown") included. width and depth: units
    and number of hidden layers; widths: units of each hidden layer instead, such as [256, 128, 64]
    for a funnel. numeric_embedding: "none", "linear", "periodic" (frequencies, frequency_scale) or
    "piecewise-linear" (bins or num_bins), each with embedding_size numbers a column.
    categorical_embedding: numbers a category.
    """

    def __init__(
        self,
        *,
        numeric: int,
        outputs: int,
        cardinalities: Sequence[int] = (),
        width: int = 256,
        depth: int = 3,
        widths: Sequence[int] | None = None,
        activation: str = "relu",
        norm: str = "none",
        dropout: float = 0.0,
        numeric_embedding: str = "none",
        embedding_size: int = 4,
        frequencies: int = 16,
        frequency_scale: float = 0.1,
        num_bins: int = 32,
        bins: Sequence[Sequence[float]] | None = None,
        categorical_embedding: int = 8,
    ) -> None:
        super().__init__()
        positive(outputs=outputs)
        if numeric == 0 and not cardinalities:
            raise ValueError(
                "The MLP has no inputs: numeric is 0 and cardinalities is empty. "
                "Give it at least one column."
            )
        sizes = [width] * depth if widths is None else list(widths)
        positive(**{f"widths[{i}]": size for i, size in enumerate(sizes)})

        self.embed_numeric = numeric_embedding_layer(
            numeric_embedding,
            numeric,
            size=embedding_size,
            frequencies=frequencies,
            frequency_scale=frequency_scale,
            num_bins=num_bins,
            bins=bins,
        )
        self.embed_categories = (
            CategoryEmbedding(cardinalities, size=categorical_embedding) if cardinalities else None
        )
        features = numeric if self.embed_numeric is None else self.embed_numeric.out_features
        if self.embed_categories is not None:
            features += self.embed_categories.out_features

        layers: list[nn.Module] = []
        for size in sizes:
            layers.append(nn.Linear(features, size))
            if norm != "none":
                layers.append(norm_layer(norm, size))
            layers.append(activation_layer(activation))
            if dropout > 0:
                layers.append(Dropout(dropout))
            features = size
        self.layers = nn.Sequential(*layers, output_layer(features, outputs))

    def forward(self, numeric: Tensor, categorical: Tensor | None = None) -> Tensor:
        x = numeric if self.embed_numeric is None else self.embed_numeric(numeric)
        if self.embed_categories is not None:
            if categorical is None:
                raise ValueError(
                    "This MLP has categorical columns, but was called with numeric inputs alone. "
                    "Call it as net(numeric, categorical)."
                )
            x = torch.cat([x, self.embed_categories(categorical)], 1)
        return self.layers(x)

    def fit_bins_(self, numeric: Tensor) -> None:
        """Set piecewise-linear bins from training rows (rows, numeric), if there are any."""
        if isinstance(self.embed_numeric, PiecewiseLinearEmbedding):
            self.embed_numeric.fit_bins_(numeric)
