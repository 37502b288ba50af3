"""Graph nets in the one loop: they learn, answer again as saved, and train one after another where
other nets are stacked."""

from pathlib import Path

import pytest
import torch

from netwright.data.data import Rows
from netwright.data.read import read
from netwright.evaluate.judge import metric_of
from netwright.model.loading import load
from netwright.plan.design import design
from netwright.train.fit import fit
from netwright.train.pack import fit_pack


@pytest.mark.parametrize("net", ["gcn", "gat", "graphsage"])
def test_neighbours_tell_what_a_node_is(net: str, one_graph: Path) -> None:
    data = read(one_graph)
    plan = design(data).with_({"net.name": net, "recipe.epochs": 60})
    run = fit(plan, data, num_threads=1)
    outputs = run.model.forward_rows(data.test)
    assert metric_of(run.model, outputs, data.test, "accuracy") >= 0.9


def test_edges_tell_what_a_graph_is(many_graphs: Path, tmp_path: Path) -> None:
    data = read(many_graphs)
    changes = {"recipe.epochs": 25, "recipe.batch_size": 8, "net.depth": 2}
    run = fit(design(data).with_(changes), data, num_threads=1)
    outputs = run.model.forward_rows(data.test)
    assert metric_of(run.model, outputs, data.test, "accuracy") >= 0.9
    opened = load(run.model.save(tmp_path / "model"))
    torch.testing.assert_close(opened.forward_rows(data.test), outputs)
    # In batches of another size every graph gets the same answer.
    torch.testing.assert_close(run.model.forward_rows(data.test, batch_size=5), outputs)


def test_a_saved_model_answers_for_its_graph_without_the_data(
    one_graph: Path, tmp_path: Path
) -> None:
    data = read(one_graph)
    run = fit(design(data).with_({"recipe.epochs": 3}), data, num_threads=1)
    opened = load(run.model.save(tmp_path / "model"))
    assert isinstance(data.test, Rows)
    names = data.test.raw["node"].tolist()
    frame = opened.predict(names)
    probabilities = run.model.probabilities(run.model.forward_rows(data.test))
    torch.testing.assert_close(
        torch.tensor(frame[["probability_a", "probability_b"]].to_numpy()), probabilities
    )


def test_batches_of_graphs_are_not_stacked(many_graphs: Path) -> None:
    data = read(many_graphs)
    plan = design(data).with_({"recipe.epochs": 2, "recipe.ema": None})
    _, second = fit_pack([plan, plan], data, seeds=[0, 1], num_threads=1)
    alone = fit(plan, data, seed=1, num_threads=1)
    assert second is not None
    torch.testing.assert_close(
        second.model.forward_rows(data.test), alone.model.forward_rows(data.test)
    )
