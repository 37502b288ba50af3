"""Graphs as one text: how many there are, then for each "nodes label" and a line a node, "tag
neighbours ...", in which the neighbours are counted first ("2 3 0 5 7": tag 2, three neighbours)
and numbers after them are features of the node.

The layout of the graph sets that came with Xu et al. 2019, arXiv:1810.00826, and with DGCNN (Zhang
et al. 2018, AAAI).
"""

from pathlib import Path

import numpy as np
import pandas as pd

from netwright.data.graphs import Graphs, clean_edges
from netwright.data.ledger import Ledger
from netwright.errors import DataError

__all__ = ["is_graph_text", "read_graph_text"]

HEAD_BYTES = 1 << 16


def is_graph_text(path: Path) -> bool:
    """Tell whether the first graph of a text reads as one; without opening more than its head."""
    with path.open("rb") as file:
        head = file.read(HEAD_BYTES)
    try:
        lines = [line.split() for line in head.decode("ascii").splitlines()]
    except UnicodeDecodeError:
        return False
    if len(lines) < 3 or len(lines[0]) != 1 or len(lines[1]) != 2:
        return False
    if not (lines[0][0].isdigit() and lines[1][0].isdigit()):
        return False
    nodes = int(lines[1][0])
    own = lines[2 : 2 + nodes]
    if len(head) == HEAD_BYTES and len(own) < nodes:
        own = own[:-1]  # cut off with the head
    elif len(own) < nodes:
        return False
    return bool(own) and all(_is_node(cells, nodes) for cells in own)


def _is_node(cells: list[str], nodes: int) -> bool:
    if len(cells) < 2 or not cells[1].isdigit() or len(cells) < 2 + int(cells[1]):
        return False
    neighbours = cells[2 : 2 + int(cells[1])]
    return all(one.isdigit() and int(one) < nodes for one in neighbours)


def read_graph_text(path: Path, ledger: Ledger) -> Graphs:
    """Read all graphs of a text; a line that does not fit is a DataError with its number."""
    lines = path.read_text(encoding="utf-8", errors="replace").splitlines()
    labels: list[str] = []
    tags: list[str] = []
    of: list[int] = []
    pairs: list[tuple[int, int]] = []
    features: list[list[str]] = []
    at = 1
    for graph in range(int(lines[0])):
        first = len(tags)
        nodes, label = _two(lines, at, path)
        labels.append(label)
        for line in range(at + 1, at + 1 + nodes):
            cells = lines[line].split() if line < len(lines) else []
            if not _is_node(cells, nodes):
                raise DataError(
                    f"{path.name}, line {line + 1:,}: expected a node of graph {graph + 1:,} as "
                    f"'tag count neighbours', each neighbour below {nodes}, but found "
                    f"{' '.join(cells)[:40]!r}. Correct the line or export the file again."
                )
            count = int(cells[1])
            tags.append(cells[0])
            of.append(graph)
            pairs += [(first + line - at - 1, first + int(one)) for one in cells[2 : 2 + count]]
            features.append(cells[2 + count :])
        at += 1 + nodes
    # "type" and not "tag": whole numbers in a column of this name are read as kinds.
    columns = {"type": tags, **_columns(features, path)}
    edges = np.array(pairs, dtype=np.int64).reshape(-1, 2).T
    return Graphs(
        np.array([str(one) for one in range(len(tags))], dtype=object),
        pd.DataFrame(columns, dtype=object),
        clean_edges(edges, ledger, path.name),
        np.array(of, dtype=np.int64),
        pd.DataFrame({"graph": [str(n) for n in range(len(labels))], "label": labels}),
    )


def _two(lines: list[str], at: int, path: Path) -> tuple[int, str]:
    cells = lines[at].split() if at < len(lines) else []
    if len(cells) != 2 or not cells[0].isdigit():
        raise DataError(
            f"{path.name}, line {at + 1:,}: expected the next graph as 'nodes label', but found "
            f"{' '.join(cells)[:40]!r}. Correct the line or export the file again."
        )
    return int(cells[0]), cells[1]


def _columns(features: list[list[str]], path: Path) -> dict[str, list[str]]:
    widths = {len(one) for one in features}
    if len(widths) > 1:
        raise DataError(
            f"{path.name}: nodes have between {min(widths)} and {max(widths)} features after their "
            "neighbours. Expected equally many for each; export the file again."
        )
    return {f"feature_{k + 1}": [one[k] for one in features] for k in range(widths.pop() or 0)}
