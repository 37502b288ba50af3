"""Graphs as tables: nodes.csv (a row a node) and edges.csv (two nodes a row); with graphs.csv (a
row a graph) they are many graphs, and nodes.csv says in a column which of them each node is of.
"""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from netwright.data.cells import distinct
from netwright.data.formats.tables import read_table
from netwright.data.graphs import Graphs, Index, clean_edges
from netwright.data.ledger import Ledger
from netwright.errors import DataError

__all__ = ["read_graph_tables"]

NODE_NAMES = ("node", "node_id", "nodeid", "id", "name", "index")
GRAPH_NAMES = ("graph", "graph_id", "graphid", "graph_name", "molecule")
END_NAMES = (
    ("source", "target"), ("from", "to"), ("src", "dst"), ("u", "v"), ("node1", "node2"),
    ("node_1", "node_2"), ("start", "end"), ("head", "tail"), ("a", "b"),
)  # fmt: skip
JOINT = "\x1f"  # between a graph's and a node's name, where nodes are named anew in each graph

Words = NDArray[np.object_]


def read_graph_tables(paths: Sequence[Path], ledger: Ledger) -> Graphs:
    """Read nodes and edges, and the table of graphs where there is one (paths in this order)."""
    nodes, edges = (read_table(path, ledger) for path in paths[:2])
    if edges.shape[1] < 2:
        raise DataError(
            f"{paths[1].name} has one column; expected two nodes a row, such as source,target."
        )
    own = _named(nodes, NODE_NAMES) or str(nodes.columns[0])
    ends = _ends(edges, ledger, paths[1].name)
    names = _words(nodes, own, paths[0])
    sides = [_words(edges, end, paths[1]) for end in ends]
    of = np.zeros(len(names), dtype=np.int64)
    table = None
    rest = nodes.drop(columns=[own])
    keys = names
    if len(paths) > 2:
        table, of, graphs = _graphs(rest, paths, ledger)
        rest = rest.drop(columns=[_graph_column(rest, paths[0])])
        inside = _named(edges, GRAPH_NAMES)
        if inside is not None:
            keys = graphs + JOINT + names
            sides = [_words(edges, inside, paths[1]) + JOINT + side for side in sides]
    place = _places(keys, paths[0])
    pairs = np.stack([_find(side, place, sides, paths) for side in sides])
    across = of[pairs[0]] != of[pairs[1]]
    if across.any():
        row = int(across.argmax())
        raise DataError(
            f"{paths[1].name}, row {row + 1:,}: the edge joins nodes of two graphs. Expected both "
            "ends in one graph; with a column 'graph' in both files nodes may have equal names."
        )
    return Graphs(names, rest, clean_edges(pairs, ledger, paths[1].name), of, table)


def _named(frame: pd.DataFrame, known: Sequence[str]) -> str | None:
    by_name = {str(name).strip().casefold(): str(name) for name in frame.columns}
    return next((by_name[name] for name in known if name in by_name), None)


def _ends(edges: pd.DataFrame, ledger: Ledger, file: str) -> tuple[str, str]:
    by_name = {str(name).strip().casefold(): str(name) for name in edges.columns}
    pair = next((p for p in END_NAMES if set(p) <= by_name.keys()), None)
    if pair is not None:
        ends = by_name[pair[0]], by_name[pair[1]]
    else:
        free = [str(n) for n in edges.columns if str(n) != _named(edges, GRAPH_NAMES)]
        ends = free[0], free[1]
        ledger.note("guessed", file, f"an edge joins the columns {ends[0]!r} and {ends[1]!r}")
    left = [str(n) for n in edges.columns if str(n) not in (*ends, _named(edges, GRAPH_NAMES))]
    if left:
        what = f"columns of edges are not used: {', '.join(left)}"
        ledger.note("dropped", file, what, len(left))
    return ends


def _words(frame: pd.DataFrame, column: str, path: Path) -> Words:
    """Return the cells of a column of names; a row without one is an error."""
    known = distinct(frame[column])
    missing = np.flatnonzero(known.codes < 0)
    if len(missing):
        raise DataError(
            f"{path.name}, row {int(missing[0]) + 1:,} has no {column!r}. Fill the cell in or take "
            "the row out."
        )
    return known.take(known.words, "")


def _places(names: Words, path: Path) -> dict[str, int]:
    place: dict[str, int] = {}
    for at, name in enumerate(names):
        first = place.setdefault(name, at)
        if first != at:
            raise DataError(
                f"{path.name}, row {at + 1:,}: the node {_shown(name)} stands in row {first + 1:,} "
                "already. Give each node one row."
            )
    return place


def _find(side: Words, place: dict[str, int], sides: list[Words], paths: Sequence[Path]) -> Index:
    found = np.array([place.get(name, -1) for name in side], dtype=np.int64)
    if (found < 0).any():
        row = int((found < 0).argmax())
        joined = " - ".join(_shown(one[row]) for one in sides)
        raise DataError(
            f"{paths[1].name}, row {row + 1:,}: the edge {joined} names the node "
            f"{_shown(side[row])}, which {paths[0].name} lacks. Add the node or take the edge out."
        )
    return found


def _shown(name: str) -> str:
    graph, joint, node = name.partition(JOINT)
    return f"{node!r} of graph {graph!r}" if joint else repr(name)


def _graph_column(nodes: pd.DataFrame, path: Path) -> str:
    column = _named(nodes, GRAPH_NAMES)
    if column is None:
        raise DataError(
            f"{path.name} has no column 'graph', which says the graph that each node is of "
            f"(columns: {', '.join(map(str, nodes.columns[:8]))}). Add it, or take graphs.csv away "
            "to learn about nodes."
        )
    return column


def _graphs(
    nodes: pd.DataFrame, paths: Sequence[Path], ledger: Ledger
) -> tuple[pd.DataFrame, Index, Words]:
    """Return the table of graphs with its names first, the graph of each node as a number, and as
    it is called."""
    graphs = _words(nodes, _graph_column(nodes, paths[0]), paths[0])
    table = read_table(paths[2], ledger)
    own = _named(table, (*GRAPH_NAMES, "id", "name")) or str(table.columns[0])
    place: dict[str, int] = {}
    for row, name in enumerate(_words(table, own, paths[2])):
        if place.setdefault(name, row) != row:
            raise DataError(
                f"{paths[2].name}, row {row + 1:,}: the graph {name!r} stands in row "
                f"{place[name] + 1:,} already. Give each graph one row."
            )
    of = np.array([place.get(name, -1) for name in graphs], dtype=np.int64)
    if (of < 0).any():
        row = int((of < 0).argmax())
        raise DataError(
            f"{paths[0].name}, row {row + 1:,}: the node is of graph {graphs[row]!r}, which "
            f"{paths[2].name} lacks. Add the graph or take its nodes out."
        )
    table = table[[own, *(name for name in table.columns if name != own)]]
    return table.rename(columns={own: "graph"}), of, graphs
