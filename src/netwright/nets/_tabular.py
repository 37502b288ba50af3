"""Embeddings of table columns: linear, periodic or piecewise-linear numbers; category vectors.

Gorishniy, Rubachev and Babenko 2022, "On Embeddings for Numerical Features in Tabular Deep
Learning", arXiv:2203.05556; the periodic one in the densely connected form of RealMLP (Holzmüller,
Grinsztajn and Steinwart 2024, arXiv:2407.04491).
"""

import math
from collections.abc import Sequence

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from netwright.nets._layers import choice, positive

NUMERIC_EMBEDDINGS = ("none", "linear", "periodic", "piecewise-linear")


def numeric_embedding_layer(
    name: str,
    numeric: int,
    *,
    size: int,
    frequencies: int,
    frequency_scale: float,
    num_bins: int,
    bins: Sequence[Sequence[float]] | None,
) -> "LinearEmbedding | PeriodicEmbedding | PiecewiseLinearEmbedding | None":
    """Return the embedding called `name`, or None where numbers go into the net as they are."""
    choice("numeric_embedding", name, NUMERIC_EMBEDDINGS)
    if bins is not None and name != "piecewise-linear":
        raise ValueError(
            f"bins were given with numeric_embedding={name!r}; only 'piecewise-linear' uses them. "
            "Leave bins out or change numeric_embedding."
        )
    if name == "none" or numeric == 0:
        return None
    if name == "linear":
        return LinearEmbedding(numeric, size=size)
    if name == "periodic":
        return PeriodicEmbedding(numeric, size=size, frequencies=frequencies, scale=frequency_scale)
    return PiecewiseLinearEmbedding(numeric, size=size, num_bins=num_bins, bins=bins)


class LinearEmbedding(nn.Module):
    """(batch, numeric) -> (batch, numeric * size). Each column has its own relu(w x + b)."""

    own_init = True

    def __init__(self, numeric: int, *, size: int) -> None:
        super().__init__()
        positive(embedding_size=size)
        self.out_features = numeric * size
        self.weight = nn.Parameter(torch.empty(numeric, size).uniform_(-1, 1))
        self.bias = nn.Parameter(torch.empty(numeric, size).uniform_(-1, 1))

    def forward(self, x: Tensor) -> Tensor:
        return torch.relu(torch.addcmul(self.bias, x.unsqueeze(-1), self.weight)).flatten(1)


class PeriodicEmbedding(nn.Module):
    """(batch, numeric) -> (batch, numeric * size). Column x: [x, W cos(2 pi f x + phase) + b].

    Frequencies are learned and start from N(0, scale^2): a larger scale lets nearby values differ
    more. Each column has its own W, and keeps its plain value beside the periodic part ("PBLD" in
    RealMLP).
    """

    own_init = True

    def __init__(self, numeric: int, *, size: int, frequencies: int, scale: float) -> None:
        super().__init__()
        positive(frequencies=frequencies)
        if size < 2:
            raise ValueError(
                f"embedding_size is {size}; a periodic embedding keeps the number itself and needs "
                "at least one more. Give 2 or more."
            )
        self.out_features = numeric * size
        bound = frequencies**-0.5
        self.frequency = nn.Parameter(torch.randn(numeric, frequencies) * scale)
        self.phase = nn.Parameter(torch.empty(numeric, frequencies).uniform_(-math.pi, math.pi))
        self.weight = nn.Parameter(
            torch.empty(numeric, frequencies, size - 1).uniform_(-bound, bound)
        )
        self.bias = nn.Parameter(torch.empty(numeric, 1, size - 1).uniform_(-bound, bound))

    def forward(self, x: Tensor) -> Tensor:
        columns = x.t().unsqueeze(-1)  # (numeric, batch, 1)
        turns = torch.addcmul(
            self.phase.unsqueeze(1), columns, 2 * math.pi * self.frequency[:, None]
        )
        parts = torch.baddbmm(self.bias, torch.cos(turns), self.weight)
        return torch.cat([columns, parts], -1).transpose(0, 1).flatten(1)


class PiecewiseLinearEmbedding(nn.Module):
    """(batch, numeric) -> (batch, numeric * size). Each column as `size` piecewise-linear curves.

    A column's range is cut into bins; bin t holds 0 below it, 1 above it and the position within it
    in between (outermost bins go on linearly). A linear layer of each column reads them. As in
    TabM's release ("version B"), its bin weights start at zero beside a plain linear embedding, so
    the net starts linear in each number.

    bins: edges of each column, ascending. Without them the bins are those of standard-normal
    columns until `fit_bins_` is called with the training rows.
    """

    own_init = True
    left: Tensor
    per_width: Tensor
    low: Tensor
    high: Tensor

    def __init__(
        self, numeric: int, *, size: int, num_bins: int, bins: Sequence[Sequence[float]] | None
    ) -> None:
        super().__init__()
        positive(embedding_size=size, num_bins=num_bins)
        if bins is not None and len(bins) != numeric:
            raise ValueError(
                f"bins holds edges for {len(bins)} columns, but the table has {numeric} numeric "
                "ones. Give one list of edges for each column."
            )
        if bins is not None:
            num_bins = max(1, *(len(edges) - 1 for edges in bins))
        self.numeric, self.num_bins, self.out_features = numeric, num_bins, numeric * size
        for name in ("left", "per_width", "low", "high"):
            self.register_buffer(name, torch.zeros(numeric, num_bins))
        if bins is None:
            # The outermost quantiles of a normal are infinite; 3 standard deviations hold 99.7 % of
            # it.
            share = torch.linspace(0.0, 1.0, num_bins + 1)
            edges = (math.sqrt(2) * torch.erfinv(2 * share - 1)).clamp(-3, 3)
            self._set_bins([edges] * numeric)
        else:
            self._set_bins([torch.tensor(list(edges), dtype=torch.float32) for edges in bins])
        self.weight = nn.Parameter(torch.empty(numeric, 1, size).uniform_(-1, 1))
        self.bias = nn.Parameter(torch.empty(numeric, 1, size).uniform_(-1, 1))
        self.bin_weight = nn.Parameter(torch.zeros(numeric, num_bins, size))

    def fit_bins_(self, rows: Tensor) -> None:
        """Set the bins to quantiles of training `rows` (rows, numeric); equal ones are merged."""
        if rows.ndim != 2 or rows.shape[1] != self.numeric or len(rows) < 2:
            raise ValueError(
                f"fit_bins_ got rows of shape {tuple(rows.shape)}; expected (rows, {self.numeric}) "
                "with at least 2 rows. Give the numeric training inputs."
            )
        positions = torch.linspace(0, len(rows) - 1, self.num_bins + 1).round().long()
        ordered = rows.detach().float().cpu().sort(0).values
        self._set_bins([torch.unique(column) for column in ordered[positions].t()])

    def _set_bins(self, edges: Sequence[Tensor]) -> None:
        with torch.no_grad():
            # An unused bin keeps per_width 0 and so reads 0 everywhere.
            for buffer in (self.left, self.per_width, self.low, self.high):
                buffer.zero_()
            for column, points in enumerate(edges):
                used = len(points) - 1
                widths = points.diff()
                if used > self.num_bins or bool((widths <= 0).any()):
                    raise ValueError(
                        f"The bins of column {column} have {len(points)} edges; expected at most "
                        f"{self.num_bins + 1}, strictly ascending. Merge equal ones or raise "
                        "num_bins."
                    )
                if used < 1:  # a constant column
                    continue
                self.left[column, :used] = points[:-1]
                self.per_width[column, :used] = 1 / widths
                self.high[column, :used] = 1
                self.low[column, 0] = -math.inf
                self.high[column, used - 1] = math.inf

    def forward(self, x: Tensor) -> Tensor:
        columns = x.t().unsqueeze(-1)  # (numeric, batch, 1)
        filled = (columns - self.left[:, None]) * self.per_width[:, None]
        filled = filled.clamp(self.low[:, None], self.high[:, None])  # (numeric, batch, num_bins)
        curves = torch.baddbmm(self.bias + columns * self.weight, filled, self.bin_weight)
        return torch.relu(curves).transpose(0, 1).flatten(1)


class OneHot(nn.Module):
    """numeric (batch, numeric), int64 (batch, columns) -> both side by side, categories as 0 and 1.

    cardinalities: how many ids each column has, id 0 ("unknown") included.
    """

    def __init__(self, cardinalities: Sequence[int]) -> None:
        super().__init__()
        self.cardinalities = list(cardinalities)

    def forward(self, numeric: Tensor, categories: Tensor | None) -> Tensor:
        if categories is None:
            raise ValueError(
                "This net has categorical columns, but was called with numeric inputs alone. "
                "Call it as net(numeric, categorical)."
            )
        columns = [
            F.one_hot(column, size).to(numeric.dtype)
            for column, size in zip(categories.unbind(1), self.cardinalities, strict=True)
        ]
        return torch.cat([numeric, *columns], 1)


class CategoryEmbedding(nn.Module):
    """int64 (batch, columns) -> (batch, columns * size). All columns share one table.

    cardinalities: how many ids each column has, id 0 ("unknown") included. Unknown starts as the
    zero vector, so that a category never seen in training adds nothing.
    """

    own_init = True
    offsets: Tensor

    def __init__(self, cardinalities: Sequence[int], *, size: int) -> None:
        super().__init__()
        positive(
            embedding_size=size, **{f"cardinalities[{i}]": c for i, c in enumerate(cardinalities)}
        )
        self.out_features = len(cardinalities) * size
        starts = torch.tensor([0, *cardinalities]).cumsum(0)
        self.register_buffer("offsets", starts[:-1], persistent=False)
        self.table = nn.Embedding(int(starts[-1]), size)
        # As in rtdl: the scale of a linear layer's weights, so that categories and numbers start
        # out alike.
        nn.init.uniform_(self.table.weight, -(size**-0.5), size**-0.5)
        with torch.no_grad():
            self.table.weight[self.offsets] = 0

    def forward(self, categories: Tensor) -> Tensor:
        return self.table(categories + self.offsets).flatten(1)
