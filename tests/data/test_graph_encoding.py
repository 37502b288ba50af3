"""Graphs as rows: stored padded, joined to one for the net, each answered as if alone."""

import json

import numpy as np
import pandas as pd
import pytest
import torch

from netwright.data.encodings import load_encoding
from netwright.data.graph_encoding import GraphEncoding, fit_graph_encoding
from netwright.data.graphs import Graphs
from netwright.data.ledger import Ledger
from netwright.errors import DataError
from netwright.nets.gin import GIN

# Node 4 is of graph 0, though it stands last; graph 2 has no node.
OF = np.array([0, 0, 1, 1, 0])
EDGES = np.array([[0, 2, 1], [1, 3, 4]])


def graphs() -> Graphs:
    names = np.array(list("abcde"), dtype=object)
    cells = pd.DataFrame({"size": ["1", "2", "3", "5", "8"]}, dtype=object)
    return Graphs(names, cells, EDGES, OF, pd.DataFrame({"graph": ["A", "B", "C"]}))


@pytest.fixture
def encoding() -> GraphEncoding:
    return fit_graph_encoding(graphs(), np.array([0, 1]), Ledger())


def test_graphs_are_joined_without_their_padding(encoding: GraphEncoding) -> None:
    ledger = Ledger()
    stored = encoding.encode(graphs(), ledger)
    assert [tuple(x.shape) for x in stored] == [(3, 3, 1), (3, 2, 2), (3, 2)]
    assert stored[2].tolist() == [[3, 2], [2, 1], [1, 0]]
    features, edges, of = encoding.prepare(stored)
    assert of.tolist() == [0, 0, 0, 1, 1, 2]
    own = encoding.nodes.encode(graphs())
    torch.testing.assert_close(features[:5], own[[0, 1, 4, 2, 3]])
    assert features[5].tolist() == [0]  # of the graph without a node
    assert {tuple(pair) for pair in edges.t().tolist()} == {
        (0, 1), (1, 0), (1, 2), (2, 1), (3, 4), (4, 3),
    }  # fmt: skip
    assert "graphs without a node, read as a single node" in "\n".join(map(str, ledger))


def test_each_graph_is_answered_as_if_alone(encoding: GraphEncoding) -> None:
    torch.manual_seed(0)
    net = GIN(in_features=1, outputs=2, depth=2).eval()
    stored = encoding.encode(graphs())
    together = net(*encoding.prepare(stored))
    assert together.shape == (3, 2)
    for at in range(3):
        alone = net(*encoding.prepare(tuple(x[at : at + 1] for x in stored)))
        torch.testing.assert_close(together[at : at + 1], alone)


def test_the_summary_sees_no_edge_and_no_padding(encoding: GraphEncoding) -> None:
    summary = encoding.summary(encoding.encode(graphs()))
    own = encoding.nodes.encode(graphs())[:, 0]
    assert encoding.feature_names() == ["nodes", "edges", "sum of size", "mean of size"]
    total = float(own[[0, 1, 4]].sum())
    torch.testing.assert_close(summary[0], torch.tensor([3, 2, total, total / 3]))
    assert summary[2].tolist() == [1, 0, 0, 0]


def test_it_is_saved(encoding: GraphEncoding) -> None:
    again = load_encoding(json.loads(json.dumps(encoding.to_dict())), encoding.tensors())
    for one, other in zip(again.encode(graphs()), encoding.encode(graphs()), strict=True):
        assert torch.equal(one, other)


def test_more_than_memory_holds_is_refused(
    encoding: GraphEncoding, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("netwright.data.graph_encoding.data_budget", lambda: 100)
    with pytest.raises(DataError, match=r"3 graphs, each stored as large as the largest \(3 nodes"):
        encoding.encode(graphs())
