"""TabM: many slightly different MLPs for tables in one net, whose answers are averaged.

Member i of k: h = (x * r_i) W^T * s_i + b_i in each layer, with W shared and r, s, b its own
(BatchEnsemble, Wen et al. 2020); outputs_i = W_i h + b_i. In the "mini" form only the first r and
the last layer are a member's own.

Gorishniy, Kotelnikov and Babenko 2025, "TabM: Advancing Tabular Deep Learning with
Parameter-Efficient Ensembling", ICLR, arXiv:2410.24210. Different from the release: periodic
embeddings are RealMLP's, categories are embedded instead of one-hot.
"""

from collections.abc import Sequence

import torch
from torch import Tensor, nn

from netwright.nets._layers import Dropout, activation_layer, choice, positive
from netwright.nets._tabular import (
    CategoryEmbedding,
    PiecewiseLinearEmbedding,
    numeric_embedding_layer,
)

__all__ = ["TabM"]


class TabM(nn.Module):
    """numeric (batch, numeric), categorical int64 (batch, columns) -> (batch, members, outputs).

    Train on the mean of the members' losses, not on the loss of their mean: members must stay
    different. Predict with the mean of their probabilities (of their numbers, for regression).

    members: k. variant: "mini" (members differ in how they weigh the inputs, and in the last layer)
    or "full" (in every layer). The other arguments are the MLP's.
    """

    def __init__(
        self,
        *,
        numeric: int,
        outputs: int,
        cardinalities: Sequence[int] = (),
        members: int = 32,
        variant: str = "mini",
        width: int = 256,
        depth: int = 3,
        activation: str = "relu",
        dropout: float = 0.1,
        numeric_embedding: str = "piecewise-linear",
        embedding_size: int = 16,
        frequencies: int = 16,
        frequency_scale: float = 0.1,
        num_bins: int = 48,
        bins: Sequence[Sequence[float]] | None = None,
        categorical_embedding: int = 8,
    ) -> None:
        super().__init__()
        positive(outputs=outputs, members=members, width=width, depth=depth)
        choice("variant", variant, ("mini", "full"))
        if numeric == 0 and not cardinalities:
            raise ValueError(
                "TabM has no inputs: numeric is 0 and cardinalities is empty. "
                "Give it at least one column."
            )
        self.members = members
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
        # How many numbers of the input come from one column: they share a member's first weight.
        spans = [1 if self.embed_numeric is None else embedding_size] * numeric
        spans += [categorical_embedding] * len(cardinalities)

        self.start = Scale(members, spans, normal=self.embed_numeric is not None)
        features = sum(spans)
        layers: list[nn.Module] = []
        for i in range(depth):
            if variant == "mini":
                layers.append(nn.Linear(features, width))
            else:
                layers.append(EnsembleLinear(members, features, width, scale_inputs=i > 0))
            layers.append(activation_layer(activation))
            if dropout > 0:
                layers.append(Dropout(dropout))
            features = width
        self.layers = nn.Sequential(*layers)
        self.output = MemberLinear(members, features, outputs)

    def forward(self, numeric: Tensor, categorical: Tensor | None = None) -> Tensor:
        x = numeric if self.embed_numeric is None else self.embed_numeric(numeric)
        if self.embed_categories is not None:
            if categorical is None:
                raise ValueError(
                    "This TabM has categorical columns, but was called with numeric inputs alone. "
                    "Call it as net(numeric, categorical)."
                )
            x = torch.cat([x, self.embed_categories(categorical)], 1)
        x = self.start(x.unsqueeze(1))  # (batch, members, features)
        return self.output(self.layers(x))

    def fit_bins_(self, numeric: Tensor) -> None:
        """Set piecewise-linear bins from training rows (rows, numeric), if there are any."""
        if isinstance(self.embed_numeric, PiecewiseLinearEmbedding):
            self.embed_numeric.fit_bins_(numeric)


class Scale(nn.Module):
    """(batch, 1, features) -> (batch, members, features): each member weighs columns in its way.

    spans: how many features each column takes. Weights start as random signs, or normal where
    numbers are embedded, one for each column, as in the release.
    """

    own_init = True

    def __init__(self, members: int, spans: Sequence[int], *, normal: bool) -> None:
        super().__init__()
        start = torch.randn(members, len(spans))
        columns = torch.arange(len(spans)).repeat_interleave(torch.tensor(spans))
        self.weight = nn.Parameter((start if normal else start.sign())[:, columns].contiguous())

    def forward(self, x: Tensor) -> Tensor:
        return x * self.weight


class EnsembleLinear(nn.Module):
    """(batch, members, in_features) -> (batch, members, out_features): (x * r) W^T * s + b."""

    def __init__(
        self, members: int, in_features: int, out_features: int, *, scale_inputs: bool
    ) -> None:
        super().__init__()
        self.r = nn.Parameter(torch.ones(members, in_features)) if scale_inputs else None
        self.shared = nn.Linear(in_features, out_features, bias=False)
        self.s = nn.Parameter(torch.ones(members, out_features))
        bound = in_features**-0.5
        self.bias = nn.Parameter(torch.empty(members, out_features).uniform_(-bound, bound))

    def forward(self, x: Tensor) -> Tensor:
        x = x if self.r is None else x * self.r
        return torch.addcmul(self.bias, self.shared(x), self.s)


class MemberLinear(nn.Module):
    """(batch, members, in_features) -> (batch, members, out_features), a layer of each member."""

    own_init = True

    def __init__(self, members: int, in_features: int, out_features: int) -> None:
        super().__init__()
        bound = in_features**-0.5
        self.weight = nn.Parameter(
            torch.empty(members, in_features, out_features).uniform_(-bound, bound)
        )
        self.bias = nn.Parameter(torch.zeros(members, 1, out_features))

    def forward(self, x: Tensor) -> Tensor:
        return torch.baddbmm(self.bias, x.transpose(0, 1), self.weight).transpose(0, 1)
