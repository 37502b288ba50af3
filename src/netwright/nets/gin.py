"""Graph isomorphism net: sums over neighbours tell graphs apart that means or maxima confuse.

h_0 = features,  h_k = mlp_k((1 + eps_k) h_{k-1} + sum of the neighbours' h_{k-1}),
outputs = sum over k of W_k pool(h_k) + b.

Xu et al. 2019, arXiv:1810.00826. Different from the release: dropout before each W_k, not after.
"""

import torch
from torch import Tensor, nn

from netwright.nets._graph import POOLS, check_graph, pool_graphs, scatter_sum
from netwright.nets._layers import Dropout, activation_layer, choice, norm_layer, positive

__all__ = ["GIN"]


class GIN(nn.Module):
    """features (nodes, in_features), edges int64 (2, edges) -> (nodes, outputs).

    With graphs int64 (nodes,), which graph each node is of (or pairs of nodes and
    answers, see _graph), -> (graphs, outputs). pool: "sum",
    "mean" or "max". depth: rounds of messages; hidden_size: of the two-layer nets. learn_eps: the
    weight of a node's own features is learned; it stays 1 otherwise. dropout: before the outputs.
    """

    answers = "nodes"

    def __init__(
        self,
        *,
        in_features: int,
        outputs: int,
        hidden_size: int = 32,
        depth: int = 4,
        learn_eps: bool = False,
        pool: str = "sum",
        activation: str = "relu",
        norm: str = "batch",
        dropout: float = 0.5,
    ) -> None:
        super().__init__()
        positive(in_features=in_features, outputs=outputs, hidden_size=hidden_size, depth=depth)
        self.pool = choice("pool", pool, POOLS)
        self.layers = nn.ModuleList(
            _two_layers(hidden_size if i else in_features, hidden_size, activation, norm)
            for i in range(depth)
        )
        self.eps = nn.Parameter(torch.zeros(depth)) if learn_eps else None
        self.dropout = Dropout(dropout)
        # Each round's features are read, the first ones too: what is told apart early is kept.
        self.reads = nn.ModuleList(
            nn.Linear(hidden_size if i else in_features, outputs, bias=False)
            for i in range(depth + 1)
        )
        for read in self.reads:
            read.feeds = "outputs"  # type: ignore[assignment]  # for init: no activation follows
        self.bias = nn.Parameter(torch.zeros(outputs))

    def forward(self, features: Tensor, edges: Tensor, graphs: Tensor | None = None) -> Tensor:
        check_graph(features, edges)
        x = features
        outputs = self._read(x, graphs, 0) + self.bias
        for number, layer in enumerate(self.layers):
            own = x if self.eps is None else (1 + self.eps[number]) * x
            x = layer(own + scatter_sum(x[edges[0]], edges[1], len(x)))
            outputs = outputs + self._read(x, graphs, number + 1)
        return outputs

    def _read(self, x: Tensor, graphs: Tensor | None, number: int) -> Tensor:
        pooled = x if graphs is None else pool_graphs(x, graphs, self.pool)
        return self.reads[number](self.dropout(pooled))


def _two_layers(in_features: int, features: int, activation: str, norm: str) -> nn.Sequential:
    bias = norm != "batch"  # batch norm takes the mean away again
    return nn.Sequential(
        nn.Linear(in_features, features, bias=bias),
        norm_layer(norm, features),
        activation_layer(activation),
        nn.Linear(features, features, bias=bias),
        norm_layer(norm, features),
        activation_layer(activation),
    )
