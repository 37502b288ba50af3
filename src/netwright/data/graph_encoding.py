"""GraphEncoding: rows are graphs, stored padded and joined for the net.

Stored: features float32 (graphs, nodes, in_features), edges int64 (graphs, edges, 2), each pair
once, and counts int64 (graphs, 2) of the real nodes and edges. The net is called with a batch's
graphs side by side as one: features (nodes, in_features), edges int64 (2, edges) in both
directions, and graphs int64 (nodes,), which graph each node is of.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from torch import Tensor

from netwright.data.data import Kind
from netwright.data.graphs import Graphs, Index
from netwright.data.ledger import Ledger
from netwright.data.memory import data_budget
from netwright.data.node_features import NodeFeatures
from netwright.errors import DataError

__all__ = ["GraphEncoding", "fit_graph_encoding"]


@dataclass(frozen=True)
class GraphEncoding:
    """nodes: how cells become features, fitted on the nodes of training graphs."""

    nodes: NodeFeatures

    @property
    def kind(self) -> Kind:
        return "graph"

    def encode(self, raw: Any, ledger: Ledger | None = None) -> tuple[Tensor, ...]:
        """Turn Graphs into (features, edges, counts), padded to the largest of them. A graph
        without nodes becomes one node without features."""
        graphs: Graphs = raw
        features = self.nodes.encode(graphs, ledger)
        count = np.bincount(graphs.of, minlength=len(graphs))
        empty = int((count == 0).sum())
        if empty and ledger is not None:
            what = "graphs without a node, read as a single node without features"
            ledger.note("warned", "graphs", what, empty)
        edge_of = graphs.of[graphs.edges[0]]
        edge_count = np.bincount(edge_of, minlength=len(graphs))
        most, most_edges = max(int(count.max()), 1), max(int(edge_count.max(initial=0)), 1)
        self._check_memory(len(graphs), most, most_edges)
        padded = torch.zeros(len(graphs), most, self.nodes.width)
        within = _within(graphs.of, count)
        padded[torch.from_numpy(graphs.of), torch.from_numpy(within)] = features
        edges = torch.zeros(len(graphs), most_edges, 2, dtype=torch.int64)
        at = torch.from_numpy(_within(edge_of, edge_count))
        edges[torch.from_numpy(edge_of), at] = torch.from_numpy(within[graphs.edges].T.copy())
        counts = torch.from_numpy(np.stack([np.maximum(count, 1), edge_count], 1).astype(np.int64))
        return padded, edges, counts

    def _check_memory(self, graphs: int, nodes: int, edges: int) -> None:
        need = graphs * (nodes * self.nodes.width * 4 + edges * 16)
        if need > data_budget():
            raise DataError(
                f"{graphs:,} graphs, each stored as large as the largest ({nodes:,} nodes, "
                f"{edges:,} edges), take {need >> 20:,} MB, more than memory allows. Leave the "
                "largest graphs out."
            )

    def prepare(self, inputs: tuple[Tensor, ...]) -> tuple[Tensor, ...]:
        """Join a batch of graphs: features (nodes, in_features), edges (2, edges), graphs
        (nodes,)."""
        features, edges, counts = inputs
        place = torch.arange(features.shape[1], device=features.device)
        real = place < counts[:, :1]  # (graphs, nodes)
        graphs = real.nonzero()[:, 0]
        first = counts[:, 0].cumsum(0) - counts[:, 0]
        there = torch.arange(edges.shape[1], device=edges.device) < counts[:, 1:]
        pairs = (edges + first[:, None, None])[there].t()  # (2, edges), each once
        return features[real], torch.cat([pairs, pairs.flip(0)], 1), graphs

    def summary(self, inputs: tuple[Tensor, ...]) -> Tensor:
        """Return how many nodes and edges each graph has, and sums and means of what its nodes
        have by themselves, float32 (rows, 2 + 2 * in_features)."""
        features, _, counts = inputs
        sums = torch.stack([self.nodes.unscaled(one).sum(0) for one in features])
        return torch.cat([counts.float(), sums, sums / counts[:, :1]], 1)

    def feature_names(self) -> list[str]:
        """Name each number of `summary`, in order."""
        own = self.nodes.feature_names()
        return ["nodes", "edges", *(f"sum of {n}" for n in own), *(f"mean of {n}" for n in own)]

    def shapes(self) -> Mapping[str, Any]:
        return {"in_features": self.nodes.width}

    def to_dict(self) -> dict[str, Any]:
        return {"type": "graphs", "kind": "graph", "nodes": self.nodes.to_dict()}

    def tensors(self) -> dict[str, Tensor]:
        return self.nodes.tensors()

    @classmethod
    def from_dict(cls, values: Mapping[str, Any], tensors: Mapping[str, Tensor]) -> "GraphEncoding":
        """Read the JSON form."""
        return cls(NodeFeatures.from_dict(values["nodes"], tensors))


def fit_graph_encoding(graphs: Graphs, train: Index, ledger: Ledger) -> GraphEncoding:
    """Fit on the nodes of the graphs numbered `train`."""
    rows = np.flatnonzero(np.isin(graphs.of, train)).astype(np.int64)
    return GraphEncoding(NodeFeatures.fit(graphs, rows, ledger))


def _within(of: Index, count: Index) -> Index:
    """Return the place of each item among those of its graph, in order."""
    order = np.argsort(of, kind="stable")
    first = np.cumsum(count) - count
    place = np.empty(len(of), dtype=np.int64)
    place[order] = np.arange(len(of)) - first[of[order]]
    return place
