"""Tables of nodes and edges: what joins what, and what is refused with its file and row."""

from pathlib import Path

import numpy as np
import pytest

from netwright.data.formats.graph_tables import read_graph_tables
from netwright.data.graphs import Graphs, degrees
from netwright.data.ledger import Ledger
from netwright.errors import DataError

NODES = "node,size,label\nn1,1.5,a\nn2,2.5,b\nn3,0.5,a\nn4,4.0,b\n"


def read(folder: Path, ledger: Ledger | None = None, **texts: str) -> Graphs:
    paths = []
    for name in ("nodes", "edges", "graphs"):
        if name in texts:
            paths.append(folder / f"{name}.csv")
            paths[-1].write_text(texts[name])
    return read_graph_tables(paths, Ledger() if ledger is None else ledger)


def test_edges_are_joined_by_the_names_of_their_ends(tmp_path: Path) -> None:
    edges = "weight,target,source\n1,n3,n1\n2,n1,n2\n"
    ledger = Ledger()
    graphs = read(tmp_path, ledger, nodes=NODES, edges=edges)
    assert graphs.names.tolist() == ["n1", "n2", "n3", "n4"]
    assert graphs.edges.T.tolist() == [[0, 1], [0, 2]]
    assert list(graphs.nodes.columns) == ["size", "label"]
    assert degrees(graphs).tolist() == [2, 1, 1, 0]
    assert "columns of edges are not used: weight" in "\n".join(map(str, ledger))


def test_loops_repeats_and_the_other_way_round_add_nothing(tmp_path: Path) -> None:
    edges = "source,target\nn1,n2\nn2,n1\nn1,n2\nn3,n3\nn3,n4\n"
    ledger = Ledger()
    graphs = read(tmp_path, ledger, nodes=NODES, edges=edges)
    assert graphs.edges.T.tolist() == [[0, 1], [2, 3]]
    said = "\n".join(map(str, ledger))
    assert "from a node to itself left out: nets keep what a node has by themselves (1)" in said
    assert "listed more than once (1)" in said
    assert "in both directions, read as one (1)" in said
    assert "each is read both ways (2)" in said


def test_directed_edges_listed_both_ways_are_no_guess(tmp_path: Path) -> None:
    ledger = Ledger()
    read(tmp_path, ledger, nodes=NODES, edges="source,target\nn1,n2\nn2,n1\n")
    assert "read both ways" not in "\n".join(map(str, ledger))


def test_columns_without_a_known_name_are_the_first_two(tmp_path: Path) -> None:
    edges = "who,whom,since\nn1,n2,1999\nn3,n1,2004\n"
    ledger = Ledger()
    graphs = read(tmp_path, ledger, nodes=NODES, edges=edges)
    assert graphs.edges.T.tolist() == [[0, 1], [0, 2]]
    assert "joins the columns 'who' and 'whom'" in "\n".join(map(str, ledger))


def test_nodes_of_many_graphs_may_have_equal_names(tmp_path: Path) -> None:
    graphs = read(
        tmp_path,
        graphs="label,graph\nx,A\ny,B\nx,C\n",
        nodes="graph,node,kind\nB,1,u\nB,2,v\nA,1,u\nA,2,u\n",
        edges="graph,source,target\nA,1,2\nB,2,1\n",
    )
    assert graphs.table is not None and graphs.table["graph"].tolist() == ["A", "B", "C"]
    assert graphs.of.tolist() == [1, 1, 0, 0]
    assert graphs.edges.T.tolist() == [[0, 1], [2, 3]]
    assert list(graphs.nodes.columns) == ["kind"] and len(graphs) == 3


def test_nodes_named_once_in_all_need_no_graph_at_the_edges(tmp_path: Path) -> None:
    tables = {"graphs": "graph,label\nA,x\nB,y\n", "nodes": "graph,node\nA,1\nA,2\nB,3\nB,4\n"}
    graphs = read(tmp_path, **tables, edges="source,target\n1,2\n3,4\n")
    assert graphs.of[graphs.edges].T.tolist() == [[0, 0], [1, 1]]
    with pytest.raises(DataError, match=r"edges.csv, row 2: the edge joins nodes of two graphs"):
        read(tmp_path, **tables, edges="source,target\n1,2\n3,1\n")


REFUSED = {
    "edges.csv, row 2: the edge 'n3' - 'n9' names the node 'n9', which nodes.csv lacks": {
        "nodes": NODES,
        "edges": "source,target\nn1,n2\nn3,n9\n",
    },
    "edges.csv, row 2 has no 'target'": {
        "nodes": NODES,
        "edges": "source,target\nn1,n2\nn3,\n",
    },
    "nodes.csv, row 3: the node 'n1' stands in row 1 already": {
        "nodes": "node,label\nn1,a\nn2,b\nn1,a\n",
        "edges": "source,target\nn1,n2\n",
    },
    "nodes.csv has no column 'graph'": {
        "graphs": "graph,label\nA,x\nB,y\n",
        "nodes": NODES,
        "edges": "source,target\nn1,n2\n",
    },
    "nodes.csv, row 2: the node is of graph 'C', which graphs.csv lacks": {
        "graphs": "graph,label\nA,x\nB,y\n",
        "nodes": "graph,node\nA,1\nC,2\n",
        "edges": "source,target\n1,2\n",
    },
    "graphs.csv, row 2: the graph 'A' stands in row 1 already": {
        "graphs": "graph,label\nA,x\nA,y\n",
        "nodes": "graph,node\nA,1\nA,2\n",
        "edges": "source,target\n1,2\n",
    },
    "edge 'n2' of graph 'A' - 'n1' of graph 'A' names the node 'n2' of graph 'A'": {
        "graphs": "graph,label\nA,x\nB,y\n",
        "nodes": "graph,node\nA,n1\nB,n2\n",
        "edges": "graph,source,target\nA,n2,n1\n",
    },
    "edges.csv has one column; expected two nodes a row": {"nodes": NODES, "edges": "a\nn1\nn2\n"},
    "edges.csv holds one line": {"nodes": NODES, "edges": "source,target\n"},
}


@pytest.mark.parametrize("words", REFUSED)
def test_what_does_not_fit_is_refused_with_its_place(words: str, tmp_path: Path) -> None:
    with pytest.raises(DataError) as caught:
        read(tmp_path, **REFUSED[words])
    assert words in str(caught.value)


def test_numbers_that_name_nodes_are_names(tmp_path: Path) -> None:
    graphs = read(tmp_path, nodes="id,label\n10,a\n7,b\n3,a\n", edges="from,to\n3,10\n7,3\n")
    assert graphs.names.tolist() == ["10", "7", "3"]
    np.testing.assert_array_equal(graphs.edges, [[0, 1], [2, 2]])
