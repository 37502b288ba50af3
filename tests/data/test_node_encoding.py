"""Nodes of one graph: a row asks for its node, the net is given the whole graph."""

import json

import numpy as np
import pandas as pd
import pytest
import torch

from netwright.data.encodings import load_encoding
from netwright.data.graphs import Graphs
from netwright.data.ledger import Ledger
from netwright.data.node_encoding import NodeEncoding, fit_node_encoding
from netwright.errors import DataError
from netwright.nets.gcn import GCN


def graph(nodes: int, *edges: tuple[int, int]) -> Graphs:
    names = np.array([f"n{i}" for i in range(nodes)], dtype=object)
    cells = pd.DataFrame({"size": [str(i * i) for i in range(nodes)]}, dtype=object)
    pairs = np.array(edges, dtype=np.int64).T
    return Graphs(names, cells, pairs, np.zeros(nodes, dtype=np.int64))


@pytest.fixture
def encoding() -> NodeEncoding:
    return fit_node_encoding(graph(5, (0, 1), (1, 2), (3, 4)), Ledger())


def test_a_batch_is_answered_as_the_whole_graph_is(encoding: NodeEncoding) -> None:
    net = GCN(in_features=1, outputs=3).eval()
    features, edges, _ = whole = encoding.prepare((torch.arange(5),))
    assert edges.shape == (2, 6)
    torch.testing.assert_close(net(*whole), net(features, edges))
    some = torch.tensor([4, 1, 4])  # a node may be asked for twice
    torch.testing.assert_close(net(*encoding.prepare((some,))), net(features, edges)[some])


def test_nodes_are_asked_for_by_name(encoding: NodeEncoding) -> None:
    (ids,) = encoding.encode(["n3", "n0"])
    assert ids.tolist() == [3, 0]
    with pytest.raises(DataError, match=r"no node 'n33' in the graph. Did you mean 'n3'"):
        encoding.encode(["n0", "n33"])


def test_another_graph_is_read_as_the_first_was(encoding: NodeEncoding) -> None:
    other = encoding.over(graph(3, (0, 2)))
    features, edges, _ = other.prepare(other.encode(["n2"]))
    torch.testing.assert_close(features, encoding.features[:3])
    assert edges.tolist() == [[0, 2], [2, 0]]
    assert encoding.features.shape == (5, 1)  # the first one is as it was


def test_it_is_saved_with_its_graph(encoding: NodeEncoding) -> None:
    again = load_encoding(json.loads(json.dumps(encoding.to_dict())), encoding.tensors())
    rows = again.encode(["n1", "n4"])
    for one, other in zip(again.prepare(rows), encoding.prepare(rows), strict=True):
        assert torch.equal(one, other)
    assert again.shapes() == {"in_features": 1} and again.kind == "graph"
