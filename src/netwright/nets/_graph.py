"""What graph nets share: sums over neighbours, the weights of edges, answers for whole graphs.

Edges are int64 (2, edges): sources, then targets, what a message comes from and goes to. A graph
without directions holds each edge both ways. Nodes of several graphs may share one batch; `graphs`
int64 (nodes,) then says which graph, numbered from 0, each of them is of. It may also be pairs,
int64 (2, pairs): a node, and the answer that it is pooled into; so some nodes alone may be asked.
"""

import torch
from torch import Tensor

from netwright.nets._layers import choice

POOLS = ("mean", "sum", "max")


def check_graph(features: Tensor, edges: Tensor) -> None:
    """Refuse what is no list of edges."""
    if features.ndim != 2 or edges.ndim != 2 or edges.shape[0] != 2 or edges.dtype != torch.int64:
        raise ValueError(
            "A graph is features (nodes, in_features) and edges int64 (2, edges), but these are "
            f"{tuple(features.shape)} and {edges.dtype} {tuple(edges.shape)}. "
            "Give sources in the first row of edges and targets in the second."
        )


def with_self_loops(edges: Tensor, nodes: int) -> Tensor:
    """Return the edges with each node joined to itself once, so that it keeps what it has."""
    proper = edges[:, edges[0] != edges[1]]
    own = torch.arange(nodes, device=edges.device).expand(2, -1)
    return torch.cat([proper, own], 1)


def symmetric_weights(edges: Tensor, features: Tensor) -> Tensor:
    """Return (edges,), of the features' dtype: 1 / sqrt(degree of the source * of the target).

    A node's degree is how many edges end in it.
    """
    degrees = torch.bincount(edges[1], minlength=len(features))
    scale = degrees.clamp_min(1).to(features.dtype).rsqrt()
    return scale[edges[0]] * scale[edges[1]]


def scatter_sum(values: Tensor, at: Tensor, size: int) -> Tensor:
    """(items, ...), int64 (items,) -> (size, ...): the sum of the values of each place."""
    return values.new_zeros(size, *values.shape[1:]).index_add(0, at, values)


def scatter_mean(values: Tensor, at: Tensor, size: int) -> Tensor:
    """As scatter_sum, the mean; 0 where there is none."""
    count = torch.bincount(at, minlength=size).clamp_min(1).to(values.dtype)
    return scatter_sum(values, at, size) / count.view(-1, *[1] * (values.ndim - 1))


def scatter_max(values: Tensor, at: Tensor, size: int) -> Tensor:
    """As scatter_sum, the largest; 0 where there is none."""
    index = at.view(-1, *[1] * (values.ndim - 1)).expand_as(values)
    zeros = values.new_zeros(size, *values.shape[1:])
    return zeros.scatter_reduce(0, index, values, "amax", include_self=False)


def scatter_softmax(scores: Tensor, at: Tensor, size: int) -> Tensor:
    """(items, ...), int64 (items,) -> the same: softmax over the items of each place."""
    # Less the largest, which changes no share and keeps exp in range.
    powers = (scores - scatter_max(scores.detach(), at, size)[at]).exp()
    return powers / scatter_sum(powers, at, size)[at]


def pool_graphs(nodes: Tensor, graphs: Tensor, pool: str) -> Tensor:
    """(nodes, features), int64 (nodes,) or (2, pairs) -> (graphs, features)."""
    if graphs.ndim == 2:
        nodes, graphs = nodes[graphs[0]], graphs[1]
    count = int(graphs.max()) + 1
    match choice("pool", pool, POOLS):
        case "sum":
            return scatter_sum(nodes, graphs, count)
        case "max":
            return scatter_max(nodes, graphs, count)
        case _:
            return scatter_mean(nodes, graphs, count)
