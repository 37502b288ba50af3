"""Graphs as they were read: nodes with their cells, and the edges between them.

What any file of edges may hold is put right here, once: an edge is read both ways; a loop, a repeat
and the same edge the other way round add nothing and are counted; an edge to a node that is not
there is an error that names its row.
"""

from dataclasses import dataclass, replace

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from netwright.data.ledger import Ledger

__all__ = ["Graphs", "both_ways", "clean_edges", "degrees", "describe"]

Index = NDArray[np.int64]


@dataclass(frozen=True)
class Graphs:
    """One graph, or several side by side.

    names: of the nodes, str (nodes,). nodes: the cells of each, a row a node. edges: int64 (2,
    edges), each pair of nodes once, without loops. of: int64 (nodes,), the graph that each node is
    of. table: a row a graph; None where there is one graph and its nodes are what is asked about.
    """

    names: NDArray[np.object_]
    nodes: pd.DataFrame
    edges: Index
    of: Index
    table: pd.DataFrame | None = None

    def __len__(self) -> int:
        return 1 if self.table is None else len(self.table)

    def cells(self, columns: list[str]) -> "Graphs":
        """Return the same graphs with some columns of the nodes' cells."""
        return replace(self, nodes=self.nodes[columns])


def clean_edges(pairs: Index, ledger: Ledger, where: str) -> Index:
    """(2, edges) as listed -> (2, edges), each pair once, the smaller node first, no loops."""
    loops = pairs[0] == pairs[1]
    ordered = np.sort(pairs[:, ~loops], axis=0)
    listed = np.unique(pairs[:, ~loops], axis=1).shape[1]
    edges: Index = np.unique(ordered, axis=1).astype(np.int64)
    if loops.any():
        what = "edges from a node to itself left out: nets keep what a node has by themselves"
        ledger.note("dropped", where, what, int(loops.sum()))
    repeats = ordered.shape[1] - listed
    if repeats:
        ledger.note("dropped", where, "edges that are listed more than once", repeats)
    mutual = listed - edges.shape[1]
    if mutual:
        ledger.note("read", where, "edges that are listed in both directions, read as one", mutual)
    if edges.shape[1] > mutual:
        what = "edges without a direction: each is read both ways"
        ledger.note("guessed", where, what, edges.shape[1])
    return edges


def both_ways(edges: Index) -> Index:
    """(2, edges), each pair once -> (2, 2 * edges), each of them in both directions."""
    return np.concatenate([edges, edges[::-1]], axis=1)


def degrees(graphs: Graphs) -> Index:
    """Return how many neighbours each node has, (nodes,)."""
    return np.bincount(graphs.edges.reshape(-1), minlength=len(graphs.names)).astype(np.int64)


def describe(graphs: Graphs, ledger: Ledger, where: str) -> None:
    """Say how large the graphs are, and which nodes hear of no other."""
    count = degrees(graphs)
    size = f"{len(graphs.names):,} nodes, {graphs.edges.shape[1]:,} edges"
    if graphs.table is not None:
        size = f"{len(graphs):,} graphs of {size} in all"
    ledger.note("read", where, f"{size}, {count.mean():.3g} neighbours a node")
    isolated = int((count == 0).sum())
    if isolated:
        what = "nodes without an edge: they are told apart by their own features alone"
        ledger.note("warned", where, what, isolated)
