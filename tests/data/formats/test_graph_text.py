"""A text of graphs: recognised by its first graph, read line by line."""

from pathlib import Path

import pytest

from netwright.data.formats.graph_text import is_graph_text, read_graph_text
from netwright.data.ledger import Ledger
from netwright.errors import DataError

TEXT = "2\n3 5\n0 2 1 2\n1 2 0 2\n0 2 0 1\n2 7\n4 1 1\n4 1 0\n"


def test_it_is_read_as_written(tmp_path: Path) -> None:
    path = tmp_path / "shapes.txt"
    path.write_text(TEXT)
    assert is_graph_text(path)
    graphs = read_graph_text(path, Ledger())
    assert graphs.table is not None and graphs.table["label"].tolist() == ["5", "7"]
    assert graphs.of.tolist() == [0, 0, 0, 1, 1]
    assert graphs.nodes["type"].tolist() == ["0", "1", "0", "4", "4"]
    assert graphs.edges.T.tolist() == [[0, 1], [0, 2], [1, 2], [3, 4]]


def test_numbers_after_the_neighbours_are_features(tmp_path: Path) -> None:
    path = tmp_path / "shapes.txt"
    path.write_text("1\n2 5\n0 1 1 0.5 -2\n1 1 0 1.5 3\n")
    assert is_graph_text(path)
    nodes = read_graph_text(path, Ledger()).nodes
    assert nodes[["feature_1", "feature_2"]].to_numpy().tolist() == [["0.5", "-2"], ["1.5", "3"]]
    path.write_text("1\n2 5\n0 1 1 0.5\n1 1 0\n")
    with pytest.raises(DataError, match="between 0 and 1 features"):
        read_graph_text(path, Ledger())


def test_other_texts_are_none(tmp_path: Path) -> None:
    for text in ("a,b\n1,2\n3,4\n", "1\n2\n3\n", "5 3\n1 2\n", "2\n3 5\n0 2 1 9\n", "", "x\n1 2\n"):
        path = tmp_path / "other.txt"
        path.write_text(text)
        assert not is_graph_text(path), text


def test_a_line_that_does_not_fit_is_named(tmp_path: Path) -> None:
    path = tmp_path / "shapes.txt"
    path.write_text(TEXT.replace("4 1 0", "4 1 2"))
    with pytest.raises(
        DataError, match=r"shapes.txt, line 8: expected a node of graph 2 .* '4 1 2'"
    ):
        read_graph_text(path, Ledger())
    path.write_text(TEXT.replace("2 7\n", "2\n"))
    with pytest.raises(DataError, match="line 6: expected the next graph"):
        read_graph_text(path, Ledger())
    path.write_text("\n".join(TEXT.splitlines()[:-1]))
    with pytest.raises(DataError, match="line 8"):
        read_graph_text(path, Ledger())


def test_a_line_that_is_no_ascii_is_named(tmp_path: Path) -> None:
    path = tmp_path / "shapes.txt"
    path.write_bytes(TEXT.replace("4 1 0", "4 \xb9 0").encode("latin1"))
    with pytest.raises(DataError, match=r"shapes.txt, line 8: expected a node of graph 2"):
        read_graph_text(path, Ledger())
