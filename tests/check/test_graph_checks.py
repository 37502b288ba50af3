"""The look before training, at nodes and at graphs."""

from pathlib import Path

import pytest

from netwright.check import case as cases
from netwright.check.check import check
from netwright.data.read import read


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cases, "OUT_OF_FOLD_SECONDS", 0.5)


def test_nodes_that_are_well_raise_no_alarm(one_graph: Path) -> None:
    found = {one.name: one for one in check(read(one_graph)).checks}
    assert not [one for one in found.values() if one.status in ("failed", "warning")]
    for name in ("outputs-and-loss", "gradients", "row-independence"):
        assert found[name].status == "passed", found[name].words
    assert found["input-scales"].status == "skipped"


def test_a_graph_alone_is_answered_as_among_others(many_graphs: Path) -> None:
    found = {one.name: one for one in check(read(many_graphs)).checks}
    for name in ("input-values", "outputs-and-loss", "gradients", "row-independence"):
        assert found[name].status == "passed", found[name].words


def test_the_same_graph_in_two_splits_is_found_however_it_is_numbered(tmp_path: Path) -> None:
    graphs, nodes, edges, words = ["graph,label"], ["graph,node,kind"], ["graph,source,target"], []
    for g in range(40):
        # A tree whose shape says which pair of graphs it is: node i hangs on node i & mask.
        size, back = 9, g >= 20
        name = [size - 1 - i if back else i for i in range(size)]
        parents = [(g % 20 * 7919 >> i) % i if i else 0 for i in range(size)]
        kinds = [(g % 20 + i * i) % 3 for i in range(size)]
        graphs.append(f"{g},{'xy'[g % 2]}")
        nodes += [f"{g},{name[i]},{'abc'[kinds[i]]}" for i in range(size)]
        edges += [f"{g},{name[i]},{name[parents[i]]}" for i in range(1, size)]
        words.append("test" if back else "val" if g >= 14 else "train")
    for name_, lines in (("graphs", graphs), ("nodes", nodes), ("edges", edges)):
        (tmp_path / f"{name_}.csv").write_text("\n".join(lines) + "\n")
    (tmp_path / "words").mkdir()
    split = tmp_path / "words" / "split.list"
    split.write_text("\n".join(words))
    source = tmp_path / "source"
    source.mkdir()
    for name_ in ("graphs", "nodes", "edges"):
        (tmp_path / f"{name_}.csv").rename(source / f"{name_}.csv")
    twins = next(
        one for one in check(read(source, split=str(split))).checks if one.name == "duplicate-rows"
    )
    assert twins.status == "failed" and twins.numbers["rows"] == 14
    assert "nodes 9.0, edges 8.0" in twins.rows[0].shown
