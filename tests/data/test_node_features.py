"""Cells of nodes as numbers: lists, words, numbers; without any, the nodes or their degrees."""

import json

import numpy as np
import pandas as pd
import pytest
import torch

from netwright.data.graphs import Graphs
from netwright.data.ledger import Ledger
from netwright.data.node_features import NodeFeatures, is_list
from netwright.errors import DataError

EDGES = np.array([[0, 1, 1], [1, 2, 3]])


def graph(table: bool = False, **columns: list[str | None]) -> Graphs:
    names = np.array([f"n{i}" for i in range(4)], dtype=object)
    frame = pd.DataFrame(columns, dtype=object, index=range(4))
    many = pd.DataFrame({"graph": ["g"]}) if table else None
    return Graphs(names, frame, EDGES, np.zeros(4, dtype=np.int64), many)


def fit(graphs: Graphs, rows: tuple[int, ...] = (0, 1, 2, 3)) -> NodeFeatures:
    return NodeFeatures.fit(graphs, np.array(rows), Ledger())


def test_listed_numbers_share_one() -> None:
    listed = graph(words=["0 2", "1", None, "0 1 2 3"])
    features = fit(listed)
    assert features.lists == (("words", 4),) and features.columns == ["words"]
    expected = [[0.5, 0, 0.5, 0], [0, 1, 0, 0], [0, 0, 0, 0], [0.25] * 4]
    assert features.encode(listed).tolist() == expected
    assert features.unscaled(features.encode(listed))[3].tolist() == [1, 1, 1, 1]
    ledger = Ledger()
    more = features.encode(graph(words=["0 9", "9", "1", "2"]), ledger)
    assert more.tolist() == [[1, 0, 0, 0], [0] * 4, [0, 1, 0, 0], [0, 0, 1, 0]]
    assert "did not have (2)" in "\n".join(map(str, ledger))
    with pytest.raises(DataError, match="'words' of the nodes holds '0 x'"):
        features.encode(graph(words=["0 x", "1", "1", "2"]))
    with pytest.raises(DataError, match="no column 'words'"):
        features.encode(graph(other=["1", "2", "3", "4"]))


def test_lists_are_told_from_numbers_and_words() -> None:
    assert is_list(pd.Series(["1 2", "3", "4 5 6"]))
    assert not is_list(pd.Series(["1", "3", "4 5", "6", "7"]))  # mostly single: a slip
    assert not is_list(pd.Series(["1.5 2", "3 4", "4 5 6"]))
    assert not is_list(pd.Series([None, None], dtype=object))


def test_words_become_one_feature_each_and_new_ones_none() -> None:
    kinds = graph(kind=["u", "v", "u", "v"], size=["1", "2", "4", "3"])
    features = fit(kinds)
    x = features.encode(kinds)
    assert x.shape == (4, features.width) and len(features.feature_names()) == features.width
    assert torch.equal(x[0, -2:], x[2, -2:]) and x[:, -2:].sum(1).tolist() == [1, 1, 1, 1]
    strange = features.encode(graph(kind=["w", "v", "u", "v"], size=["1", None, "4", "3"]))
    assert strange[0, -2:].tolist() == [0, 0] and torch.isfinite(strange).all()


def test_without_a_telling_column_each_node_is_a_feature() -> None:
    features = fit(graph(same=["1", "1", "1", "1"]))
    assert features.encode(graph()).tolist() == torch.eye(4).tolist()
    other = graph()
    other.names[3] = "stranger"
    ledger = Ledger()
    assert features.encode(other, ledger)[3].tolist() == [0, 0, 0, 0]
    assert "not there in training" in "\n".join(map(str, ledger))


def test_in_many_graphs_each_number_of_neighbours_is_one() -> None:
    features = fit(graph(table=True), rows=(0, 1))
    assert features.max_degree == 3
    assert features.encode(graph(table=True)).argmax(1).tolist() == [1, 3, 1, 1]


@pytest.mark.parametrize(
    "graphs",
    [
        graph(words=["0 2", "1", None, "0 1 2 3"], size=["1", "2", "4", "3"]),
        graph(),
        graph(table=True),
    ],
)
def test_it_is_saved_whole(graphs: Graphs) -> None:
    features = fit(graphs)
    plain = json.loads(json.dumps(features.to_dict()))
    again = NodeFeatures.from_dict(plain, features.tensors())
    torch.testing.assert_close(again.encode(graphs), features.encode(graphs))
    assert again.feature_names() == features.feature_names()


def test_more_than_memory_holds_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    listed = graph(words=["0 2", "1 2", None, "0 999999"])
    features = fit(listed)
    monkeypatch.setattr("netwright.data.node_features.data_budget", lambda: 1 << 20)
    with pytest.raises(DataError, match="1,000,000 features each take 15 MB"):
        features.encode(listed)
