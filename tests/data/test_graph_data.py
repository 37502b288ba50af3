"""Graphs as Data: who is asked, who only passes messages, what is refused."""

from pathlib import Path

import pytest
import torch

from netwright.data.data import Data, Rows
from netwright.data.ledger import Ledger
from netwright.data.read import read
from netwright.data.read_rows import encoding_of, read_labelled, read_rows
from netwright.errors import DataError, UsageError


def rows_of(data: Data) -> dict[str, list[int]]:
    found = {}
    for name, split in data.splits().items():
        assert isinstance(split, Rows) and split.rows is not None
        found[name] = split.rows.tolist()
    return found


def everyone(data: Data) -> list[int]:
    return [row for rows in rows_of(data).values() for row in rows]


def said(data: Data) -> str:
    return "\n".join(map(str, data.ledger))


def change(path: Path, old: str, new: str) -> None:
    text = path.read_text()
    assert old in text
    path.write_text(text.replace(old, new))


def test_nodes_of_one_graph(one_graph: Path) -> None:
    data = read(one_graph)
    assert (data.kind, data.task.name, data.task.form) == ("graph", "node-classification", "binary")
    assert data.task.target == "club" and data.task.classes == ("a", "b")
    rows = rows_of(data)
    assert sorted(everyone(data)) == list(range(60))
    assert isinstance(data.train, Rows) and data.train.inputs[0].tolist() == rows["train"]
    assert data.train.targets.tolist() == [i % 2 for i in rows["train"]]
    assert list(data.train.raw.columns) == ["node", "height", "colour"]
    features, _, pairs = data.encoding.prepare(data.train.inputs)
    assert features.shape == (60, 3) and pairs.shape == (2, len(rows["train"]))
    assert "labels of training nodes only (60)" in said(data)


def test_a_column_called_split_divides_and_leaves_out(one_graph: Path) -> None:
    lines = (one_graph / "nodes.csv").read_text().splitlines()
    words = ["split", *["train"] * 20, *["val"] * 10, *["test"] * 10, *[""] * 20]
    (one_graph / "nodes.csv").write_text(
        "\n".join(f"{line},{word}" for line, word in zip(lines, words, strict=True)) + "\n"
    )
    data = read(one_graph, target="club")
    assert [len(split) for split in data.splits().values()] == [20, 10, 10]
    assert "nodes in no split: they pass messages, and are not asked about (20)" in said(data)
    assert data.encoding.shapes()["in_features"] == 3  # the split's word is no feature


def test_nodes_without_a_class_pass_messages(one_graph: Path) -> None:
    text = (one_graph / "nodes.csv").read_text().splitlines()
    text[1:31] = [line.rpartition(",")[0] + "," for line in text[1:31]]
    (one_graph / "nodes.csv").write_text("\n".join(text) + "\n")
    data = read(one_graph)
    assert min(everyone(data)) == 30
    assert "nodes without a 'club': they pass messages, and are not asked about (30)" in said(data)
    assert len(data.encoding.prepare((torch.tensor([0]),))[0]) == 60


def test_isolated_nodes_are_counted_and_answered(one_graph: Path) -> None:
    with (one_graph / "nodes.csv").open("a") as file:
        file.write("hermit,0.5,red,a\n")
    data = read(one_graph)
    assert "nodes without an edge: they are told apart by their own features alone (1)" in said(
        data
    )
    assert 60 in everyone(data)


def test_a_class_that_training_lacks_is_left_out(one_graph: Path, tmp_path: Path) -> None:
    change(one_graph / "nodes.csv", "red,a\n", "red,c\n")
    lines = (one_graph / "nodes.csv").read_text().splitlines()[1:]
    words = [
        "test" if ",c" in line or i < 2 else ("train", "val")[i // 2 % 2]
        for i, line in enumerate(lines)
    ]
    (tmp_path / "split.txt").write_text("\n".join(words))
    data = read(one_graph, split=str(tmp_path / "split.txt"))
    assert "c" not in data.task.classes
    assert "rows with a label that training does not have: c" in said(data)


def test_many_graphs(many_graphs: Path) -> None:
    data = read(many_graphs)
    assert data.task.name == "graph-classification" and data.task.classes == ("chain", "ring")
    assert "edges from a node to itself left out" in said(data)
    assert isinstance(data.test, Rows)
    first = data.test.raw.iloc[0]
    size, edges = data.test.inputs[2][0].tolist()
    assert (first["nodes"], first["edges"]) == (size, edges)
    ring = data.task.classes[int(data.test.targets[0])] == "ring"
    assert edges == size - (not ring) and first["graph"] == f"g{rows_of(data)['test'][0]}"


def test_a_file_may_number_the_test_rows(many_graphs: Path, tmp_path: Path) -> None:
    fold = tmp_path / "test_idx.txt"
    fold.write_text("7\n2\n40\n11\n")
    data = read(many_graphs, split=str(fold))
    assert rows_of(data)["test"] == [2, 7, 11, 40]
    assert len(data.train) + len(data.validation) == 56
    fold.write_text("7\n60\n")
    with pytest.raises(DataError, match="expected different numbers from 0 to 59"):
        read(many_graphs, split=str(fold))


def test_a_graph_without_nodes_is_a_row(many_graphs: Path) -> None:
    with (many_graphs / "graphs.csv").open("a") as file:
        file.write("void,chain\n")
    data = read(many_graphs)
    assert "graphs without a node, read as a single node without features (1)" in said(data)
    assert sum(len(split) for split in data.splits().values()) == 61


def test_features_are_fitted_on_training_graphs_alone(many_graphs: Path, tmp_path: Path) -> None:
    change(many_graphs / "nodes.csv", "g3,0,C" if "g3,0,C" in
           (many_graphs / "nodes.csv").read_text() else "g3,0,O", "g3,0,Xe")  # fmt: skip
    (tmp_path / "fold.txt").write_text("3\n4\n")
    data = read(many_graphs, split=str(tmp_path / "fold.txt"))
    assert data.encoding.shapes()["in_features"] == 2
    assert "'Xe'" in said(data)


REFUSED = [
    ({"target": "height"}, DataError, "holds 58 different values for 60 nodes; expected classes"),
    ({"target": "node"}, DataError, "one column of classes is learned, beside the node's name"),
    ({"target": "height,colour"}, DataError, "one column of classes"),
    ({"target": "clubb"}, DataError, "no column 'clubb' to learn. Did you mean 'club'"),
    ({"task": "regression"}, UsageError, "--task regression does not fit"),
    ({"task": "graph-classification"}, UsageError, "use --task node-classification"),
    ({"time_column": "height"}, UsageError, "--time-column is not read for graphs"),
]


@pytest.mark.parametrize(("options", "error", "words"), REFUSED)
def test_what_cannot_be_learned_is_refused(options, error, words, one_graph: Path) -> None:
    with pytest.raises(error) as caught:
        read(one_graph, **options)
    assert words in str(caught.value)


def test_a_second_source_is_no_test(one_graph: Path) -> None:
    with pytest.raises(UsageError, match="a second source of graphs cannot be the test"):
        read(one_graph, test=one_graph)


def test_another_graph_is_read_for_a_model(one_graph: Path, tmp_path: Path) -> None:
    data = read(one_graph)
    other = tmp_path / "others"
    other.mkdir()
    (other / "nodes.csv").write_text(
        "node,colour,height,club\nx,red,1.0,b\ny,green,0.2,\nz,red,,a\n"
    )
    (other / "edges.csv").write_text("source,target\nx,y\ny,z\n")
    encoding = encoding_of(other, data.encoding, ledger := Ledger(), target=data.task.target)
    assert "not seen in training" not in "".join(map(str, ledger))  # what is asked is no feature
    assert list(read_rows(other, encoding, Ledger())) == ["x", "y", "z"]
    rows = read_labelled(other, encoding, data.task, Ledger())
    assert rows.targets.tolist() == [1, 0] and rows.inputs[0].tolist() == [0, 2]
    features, edges, _ = encoding.prepare(rows.inputs)
    assert features.shape == (3, 3) and edges.shape == (2, 4)
    (other / "nodes.csv").write_text("node,colour\nx,red\ny,green\nz,red\n")
    with pytest.raises(DataError, match="no column 'height', which the model was trained with"):
        encoding_of(other, data.encoding, Ledger())


def test_one_graph_and_many_are_not_mixed_up(one_graph: Path, many_graphs: Path) -> None:
    one, many = read(one_graph), read(many_graphs)
    with pytest.raises(
        DataError, match="holds many graphs, but the model was trained on the nodes"
    ):
        encoding_of(many_graphs, one.encoding, Ledger())
    with pytest.raises(DataError, match="holds the nodes of one graph, but the model was trained"):
        read_rows(one_graph, many.encoding, Ledger())
    with pytest.raises(DataError, match="'iris' holds builtin; the model was trained on graphs"):
        read_rows("iris", many.encoding, Ledger())


def test_cora_as_it_is_given(shared_data: Path) -> None:
    data = read(shared_data / "graphs" / "cora")
    assert [len(split) for split in data.splits().values()] == [140, 500, 1000]
    assert data.encoding.shapes() == {"in_features": 1433} and len(data.task.classes) == 7
    features, edges, _ = data.encoding.prepare((torch.tensor([0]),))
    assert features.shape == (2708, 1433) and edges.shape == (2, 2 * 5278)
    # Row 0 of nodes.csv lists nine words.
    assert features[0].nonzero().flatten().tolist() == [
        19,
        81,
        146,
        315,
        774,
        877,
        1194,
        1247,
        1274,
    ]
    torch.testing.assert_close(features.sum(1), torch.ones(2708))


def test_mutag_as_it_is_given(shared_data: Path) -> None:
    folder = shared_data / "graphs" / "mutag"
    data = read(folder, split=str(folder / "10fold_idx" / "test_idx-2.txt"))
    given = (folder / "10fold_idx" / "test_idx-2.txt").read_text().split()
    assert rows_of(data)["test"] == sorted(map(int, given))
    assert sum(data.class_counts) + len(data.validation) == 170
    assert "188 graphs of 3,371 nodes, 3,721 edges in all" in said(data)
