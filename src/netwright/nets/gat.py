"""Graph attention net: each node gathers from its neighbours and itself by learned weights.

w_ij = softmax over j of leaky_relu(a' W h_i + b' W h_j),  h'_i = act(sum over j of w_ij W h_j),
in several heads: side by side in hidden layers, averaged in the last one.

Velickovic et al. 2018, arXiv:1710.10903. Different from the paper: the outputs of a graph's nodes
may be pooled to answer for the graph.
"""

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from netwright.nets._graph import (
    POOLS,
    check_graph,
    pool_graphs,
    scatter_softmax,
    scatter_sum,
    with_self_loops,
)
from netwright.nets._layers import Dropout, activation_layer, choice, positive

__all__ = ["GAT"]


class GAT(nn.Module):
    """features (nodes, in_features), edges int64 (2, edges) -> (nodes, outputs).

    With graphs int64 (nodes,), which graph each node is of (or pairs of nodes and
    answers, see _graph), -> (graphs, outputs), the pooled
    outputs of its nodes. pool: "mean", "sum" or "max". hidden_size: of each of num_heads heads;
    depth: layers, the last one included, which has output_heads. dropout: of what each layer reads
    and of the weights.
    """

    answers = "nodes"

    def __init__(
        self,
        *,
        in_features: int,
        outputs: int,
        hidden_size: int = 8,
        depth: int = 2,
        num_heads: int = 8,
        output_heads: int = 1,
        pool: str = "mean",
        activation: str = "elu",
        dropout: float = 0.6,
    ) -> None:
        super().__init__()
        positive(in_features=in_features, outputs=outputs, hidden_size=hidden_size, depth=depth)
        positive(num_heads=num_heads, output_heads=output_heads)
        self.pool = choice("pool", pool, POOLS)
        wide = hidden_size * num_heads
        self.layers = nn.ModuleList(
            GraphAttention(
                wide if i else in_features, hidden_size, num_heads=num_heads, dropout=dropout
            )
            for i in range(depth - 1)
        )
        self.biases = nn.ParameterList(torch.zeros(wide) for _ in range(depth - 1))
        self.activation = activation_layer(activation)
        self.dropout = Dropout(dropout)
        self.output = GraphAttention(
            wide if depth > 1 else in_features, outputs, num_heads=output_heads, dropout=dropout
        )
        self.bias = nn.Parameter(torch.zeros(outputs))

    def forward(self, features: Tensor, edges: Tensor, graphs: Tensor | None = None) -> Tensor:
        check_graph(features, edges)
        edges = with_self_loops(edges, len(features))
        x = features
        for layer, bias in zip(self.layers, self.biases, strict=True):
            x = self.activation(layer(self.dropout(x), edges).flatten(1) + bias)
        x = self.output(self.dropout(x), edges).mean(1) + self.bias
        return x if graphs is None else pool_graphs(x, graphs, self.pool)


class GraphAttention(nn.Module):
    """x (nodes, in_features), edges int64 (2, edges) -> (nodes, heads, out_features)."""

    def __init__(
        self, in_features: int, out_features: int, *, num_heads: int, dropout: float
    ) -> None:
        super().__init__()
        self.linear = nn.Linear(in_features, num_heads * out_features, bias=False)
        self.source = nn.Parameter(torch.empty(num_heads, out_features))
        self.target = nn.Parameter(torch.empty(num_heads, out_features))
        for p in (self.linear.weight, self.source, self.target):
            nn.init.xavier_uniform_(p)
        self.dropout = Dropout(dropout)

    def forward(self, x: Tensor, edges: Tensor) -> Tensor:
        heads = self.linear(x).unflatten(1, self.source.shape)
        weights = self.dropout(self.weights(heads, edges))
        return scatter_sum(heads[edges[0]] * weights.unsqueeze(2), edges[1], len(x))

    def weights(self, heads: Tensor, edges: Tensor) -> Tensor:
        """Return what each edge counts for its target, (edges, heads); they add up to 1 a node."""
        sources, targets = (heads * self.source).sum(2), (heads * self.target).sum(2)
        scores = F.leaky_relu(sources[edges[0]] + targets[edges[1]], 0.2)  # the paper's slope
        return scatter_softmax(scores, edges[1], len(heads))
