"""Which graphs are alike in nodes and edges, however their nodes are numbered: colours of nodes,
refined by those of their neighbours (Weisfeiler and Leman 1968), summed for each graph.

Graphs with different keys differ; those with equal ones nearly always are the same graph, and no
net that sends messages along edges can tell them apart (Xu et al. 2019, arXiv:1810.00826).
"""

import numpy as np
from numpy.typing import NDArray

from netwright.quality.duplicates import row_keys

__all__ = ["graph_keys"]

ROUNDS = 4
ODD = np.uint64(0x9E3779B97F4A7C15)  # the golden ratio's bits, as in splitmix64


def graph_keys(
    features: NDArray[np.floating], edges: NDArray[np.int64], of: NDArray[np.int64], graphs: int
) -> NDArray[np.uint64]:
    """Return (graphs,). features: (nodes, features). edges: (2, edges), each in both directions.
    of: (nodes,), the graph of each node."""
    colours = _mix(row_keys(features))
    for _ in range(ROUNDS):
        heard = np.zeros_like(colours)
        np.add.at(heard, edges[1], colours[edges[0]])
        colours = _mix(colours * ODD + heard)
    keys = np.zeros(graphs, dtype=np.uint64)
    np.add.at(keys, of, colours)
    return keys


def _mix(x: NDArray[np.uint64]) -> NDArray[np.uint64]:
    """Spread every bit over all, as splitmix64 does (Steele et al. 2014): sums then hardly meet."""
    x = (x ^ (x >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    x = (x ^ (x >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return x ^ (x >> np.uint64(31))
