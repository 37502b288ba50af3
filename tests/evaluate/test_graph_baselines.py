"""Baselines beside graph nets: what nodes, or graphs, have without their edges."""

from pathlib import Path

import numpy as np

from netwright.data.graph_encoding import GraphEncoding
from netwright.data.node_encoding import NodeEncoding
from netwright.data.read import read
from netwright.evaluate.baseline_inputs import gather, graph_features
from netwright.evaluate.baselines import baselines


def test_nodes_are_judged_by_their_own_features(one_graph: Path) -> None:
    data = read(one_graph)
    found = baselines(data, seconds=10, resamples=0)
    assert "each node's own features" in found["linear"].model
    assert all(one.scores is not None for one in found.values())
    assert isinstance(data.encoding, NodeEncoding)
    sample = gather([data.train], limit=1000, seed=0)
    features = graph_features(sample, data.encoding)
    np.testing.assert_array_equal(
        features.train, data.encoding.features[data.train.inputs[0]].numpy()  # type: ignore[attr-defined]
    )  # fmt: skip


def test_nodes_without_features_have_nothing_to_say(one_graph: Path) -> None:
    lines = [line.split(",") for line in (one_graph / "nodes.csv").read_text().splitlines()]
    text = "\n".join(f"{cells[0]},{cells[-1]}" for cells in lines)
    (one_graph / "nodes.csv").write_text(text + "\n")
    found = baselines(read(one_graph), seconds=10, resamples=0)
    scores = {name: one.scores["accuracy"].value for name, one in found.items() if one.scores}
    assert scores["linear"] <= scores["trivial"] + 0.1


def test_graphs_are_judged_by_sums_over_nodes(many_graphs: Path) -> None:
    data = read(many_graphs)
    found = baselines(data, seconds=10, resamples=0)
    assert "sums and means of the nodes' features" in found["linear"].model
    assert isinstance(data.encoding, GraphEncoding)
    train = graph_features(gather([data.train], limit=1000, seed=0), data.encoding).train
    np.testing.assert_allclose(train.mean(0), 0, atol=1e-5)
    assert train.shape[1] == len(data.encoding.feature_names())
