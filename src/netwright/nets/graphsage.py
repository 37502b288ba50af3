"""GraphSAGE: each node's own features beside what its neighbours hold together.

h' = act(W h + U together(h_j of the neighbours j) + b).
together: their mean, or the largest of each act(V h_j + c) ("pool" in the paper).

Hamilton, Ying and Leskovec 2017, arXiv:1706.02216. Different from the paper: all neighbours are
read and none drawn at random; the outputs of a graph's nodes may be pooled to answer for the graph.
"""

from torch import Tensor, nn
from torch.nn import functional as F

from netwright.nets._graph import POOLS, check_graph, pool_graphs, scatter_max, scatter_mean
from netwright.nets._layers import Dropout, activation_layer, choice, positive

__all__ = ["GraphSAGE"]


class GraphSAGE(nn.Module):
    """features (nodes, in_features), edges int64 (2, edges) -> (nodes, outputs).

    With graphs int64 (nodes,), which graph each node is of (or pairs of nodes and
    answers, see _graph), -> (graphs, outputs), the pooled
    outputs of its nodes. pool: "mean", "sum" or "max". aggregate: how neighbours are taken
    together, "mean" or "max". unit: hidden vectors are brought to length 1. depth: layers, the last
    one included; hidden_size: of those between. dropout: before each layer.
    """

    answers = "nodes"

    def __init__(
        self,
        *,
        in_features: int,
        outputs: int,
        hidden_size: int = 64,
        depth: int = 2,
        aggregate: str = "mean",
        unit: bool = True,
        pool: str = "mean",
        activation: str = "relu",
        dropout: float = 0.5,
    ) -> None:
        super().__init__()
        positive(in_features=in_features, outputs=outputs, hidden_size=hidden_size, depth=depth)
        choice("aggregate", aggregate, ("mean", "max"))
        self.pool, self.unit = choice("pool", pool, POOLS), unit
        self.layers = nn.ModuleList(
            SAGEConv(
                hidden_size if i else in_features,
                hidden_size if i < depth - 1 else outputs,
                aggregate=aggregate,
                activation=activation,
            )
            for i in range(depth)
        )
        self.activation = activation_layer(activation)
        self.dropout = Dropout(dropout)

    def forward(self, features: Tensor, edges: Tensor, graphs: Tensor | None = None) -> Tensor:
        check_graph(features, edges)
        x = features
        for number, layer in enumerate(self.layers):
            x = layer(self.dropout(x), edges)
            if number < len(self.layers) - 1:
                x = self.activation(x)
                x = F.normalize(x, dim=1) if self.unit else x
        return x if graphs is None else pool_graphs(x, graphs, self.pool)


class SAGEConv(nn.Module):
    """x (nodes, in_features), edges int64 (2, edges) -> (nodes, out_features)."""

    def __init__(
        self, in_features: int, out_features: int, *, aggregate: str, activation: str
    ) -> None:
        super().__init__()
        self.own = nn.Linear(in_features, out_features)
        self.neighbours = nn.Linear(in_features, out_features, bias=False)
        self.each = (
            nn.Sequential(nn.Linear(in_features, in_features), activation_layer(activation))
            if aggregate == "max"
            else None
        )

    def forward(self, x: Tensor, edges: Tensor) -> Tensor:
        if self.each is None:
            together = scatter_mean(x[edges[0]], edges[1], len(x))
        else:
            together = scatter_max(self.each(x)[edges[0]], edges[1], len(x))
        return self.own(x) + self.neighbours(together)
