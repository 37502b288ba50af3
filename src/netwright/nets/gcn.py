"""Graph convolutional net: each node becomes a weighted mean of itself and its neighbours.

H' = act(D^-1/2 (A + I) D^-1/2 H W + b),  D the degrees with the added I; no act in the last layer.

Kipf and Welling 2017, arXiv:1609.02907. Different from the paper: the outputs of a graph's nodes
may be pooled to answer for the graph; degrees of directed edges are those of the edges that come
in.
"""

import torch
from torch import Tensor, nn

from netwright.nets._graph import (
    POOLS,
    check_graph,
    pool_graphs,
    scatter_sum,
    symmetric_weights,
    with_self_loops,
)
from netwright.nets._layers import Dropout, activation_layer, choice, output_layer, positive

__all__ = ["GCN"]


class GCN(nn.Module):
    """features (nodes, in_features), edges int64 (2, edges) -> (nodes, outputs).

    With graphs int64 (nodes,), which graph each node is of (or pairs of nodes and
    answers, see _graph), -> (graphs, outputs), the pooled
    outputs of its nodes. pool: "mean", "sum" or "max". depth: layers, the last one included;
    hidden_size: of those between. dropout: before each layer.
    """

    answers = "nodes"

    def __init__(
        self,
        *,
        in_features: int,
        outputs: int,
        hidden_size: int = 16,
        depth: int = 2,
        pool: str = "mean",
        activation: str = "relu",
        dropout: float = 0.5,
    ) -> None:
        super().__init__()
        positive(in_features=in_features, outputs=outputs, hidden_size=hidden_size, depth=depth)
        self.pool = choice("pool", pool, POOLS)
        self.layers = nn.ModuleList(
            GraphConv(hidden_size if i else in_features, hidden_size) for i in range(depth - 1)
        )
        self.activation = activation_layer(activation)
        self.dropout = Dropout(dropout)
        self.output = output_layer(hidden_size if depth > 1 else in_features, outputs)

    def forward(self, features: Tensor, edges: Tensor, graphs: Tensor | None = None) -> Tensor:
        check_graph(features, edges)
        edges = with_self_loops(edges, len(features))
        weights = symmetric_weights(edges, features)
        x = features
        for layer in self.layers:
            x = self.activation(layer(self.dropout(x), edges, weights))
        # Mixing and the linear map may change places; this way round the bias is added once.
        x = self.output(mix(self.dropout(x), edges, weights))
        return x if graphs is None else pool_graphs(x, graphs, self.pool)


class GraphConv(nn.Module):
    """x (nodes, in_features), edges, weights (edges,) -> (nodes, out_features)."""

    def __init__(self, in_features: int, out_features: int) -> None:
        super().__init__()
        self.linear = nn.Linear(in_features, out_features, bias=False)
        self.bias = nn.Parameter(torch.zeros(out_features))

    def forward(self, x: Tensor, edges: Tensor, weights: Tensor) -> Tensor:
        return mix(self.linear(x), edges, weights) + self.bias


def mix(x: Tensor, edges: Tensor, weights: Tensor) -> Tensor:
    """Return the weighted sum of what the edges bring each node: (nodes, features) -> the same."""
    return scatter_sum(x[edges[0]] * weights[:, None], edges[1], len(x))
