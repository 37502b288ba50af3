"""NodeEncoding: rows are nodes of one graph, which the encoding holds.

A row's input is its node's number, int64 (rows,). What a net is called with is the whole graph and
which of its nodes are asked, so that a batch hears from all nodes, whoever is in it: features and
edges are known of every node while training, labels of the training nodes alone (a transductive
split, as in Kipf and Welling 2017, arXiv:1609.02907).
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
import torch
from torch import Tensor

from netwright.data.data import Kind
from netwright.data.graphs import Graphs, both_ways
from netwright.data.ledger import Ledger
from netwright.data.node_features import NodeFeatures
from netwright.errors import DataError, did_you_mean

__all__ = ["NodeEncoding", "fit_node_encoding"]

Held = tuple[Tensor, Tensor]


@dataclass(frozen=True, kw_only=True)
class NodeEncoding:
    """nodes: how cells become features. names: of the graph's nodes. features: float32 (nodes,
    in_features). edges: int64 (2, edges), each in both directions."""

    nodes: NodeFeatures
    names: tuple[str, ...]
    features: Tensor = field(repr=False)
    edges: Tensor = field(repr=False)
    _on: dict[torch.device, Held] = field(
        default_factory=dict, init=False, repr=False, compare=False
    )

    @property
    def kind(self) -> Kind:
        return "graph"

    def over(self, graphs: Graphs, ledger: Ledger | None = None) -> "NodeEncoding":
        """Return the encoding of another graph's nodes, or of this one's where it has grown."""
        return replace(
            self,
            names=tuple(map(str, graphs.names)),
            features=self.nodes.encode(graphs, ledger),
            edges=torch.from_numpy(both_ways(graphs.edges)),
        )

    def encode(self, raw: Any, ledger: Ledger | None = None) -> tuple[Tensor, ...]:
        """Turn names of nodes into their numbers, (rows,); one that the graph lacks is an error."""
        place = {name: at for at, name in enumerate(self.names)}
        names = [str(name) for name in raw]
        strange = [name for name in names if name not in place]
        if strange:
            raise DataError(
                f"There is no node {strange[0]!r} in the graph.{did_you_mean(strange[0], place)} "
                "Nodes of another graph are read with their edges: give its folder."
            )
        return (torch.tensor([place[name] for name in names], dtype=torch.int64),)

    def prepare(self, inputs: tuple[Tensor, ...]) -> tuple[Tensor, ...]:
        """Return the graph's features and edges, and pairs int64 (2, rows) of a node and the row
        that asks for it."""
        (ids,) = inputs
        if ids.device not in self._on:
            self._on[ids.device] = (self.features.to(ids.device), self.edges.to(ids.device))
        features, edges = self._on[ids.device]
        return features, edges, torch.stack([ids, torch.arange(len(ids), device=ids.device)])

    def summary(self, inputs: tuple[Tensor, ...]) -> Tensor:
        """Return what each row's node has by itself, float32 (rows, in_features)."""
        return self.nodes.unscaled(self.features[inputs[0].cpu()])

    def feature_names(self) -> list[str]:
        """Name each number of `summary`, in order."""
        return self.nodes.feature_names()

    def shapes(self) -> Mapping[str, Any]:
        return {"in_features": self.features.shape[1]}

    def to_dict(self) -> dict[str, Any]:
        return {
            "type": "nodes",
            "kind": "graph",
            "names": list(self.names),
            "nodes": self.nodes.to_dict(),
        }

    def tensors(self) -> dict[str, Tensor]:
        own = {f"nodes.{name}": tensor for name, tensor in self.nodes.tensors().items()}
        return {"features": self.features, "edges": self.edges, **own}

    @classmethod
    def from_dict(cls, values: Mapping[str, Any], tensors: Mapping[str, Tensor]) -> "NodeEncoding":
        """Read the JSON form."""
        own = {k.removeprefix("nodes."): v for k, v in tensors.items() if k.startswith("nodes.")}
        return cls(
            nodes=NodeFeatures.from_dict(values["nodes"], own),
            names=tuple(values["names"]),
            features=tensors["features"],
            edges=tensors["edges"],
        )


def fit_node_encoding(graphs: Graphs, ledger: Ledger) -> NodeEncoding:
    """Fit the features on all nodes: those of validation and test nodes are in every message."""
    what = "features and edges of all nodes are known while training, labels of training nodes only"
    ledger.note("read", "nodes", what, len(graphs.names))
    nodes = NodeFeatures.fit(graphs, np.arange(len(graphs.names)), ledger)
    empty = NodeEncoding(
        nodes=nodes, names=(), features=torch.empty(0), edges=torch.empty(0, dtype=torch.int64)
    )
    return empty.over(graphs, ledger)
