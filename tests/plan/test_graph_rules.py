"""What the designer chooses for nodes and for graphs, and what may be put in its place."""

from pathlib import Path

import pytest
import torch

from netwright.data.read import read
from netwright.errors import UsageError
from netwright.plan.design import design
from netwright.plan.plan import FIXED, Recipe
from netwright.repair.remedies.augmentation import augmentation
from netwright.train.building import build_net, build_objective
from netwright.watch.trace import Trace

CPU = torch.device("cpu")


def test_every_choice_has_its_reason(one_graph: Path, many_graphs: Path) -> None:
    for source, name in ((one_graph, "gcn"), (many_graphs, "gin")):
        plan = design(read(source))
        assert plan.net["name"] == name and plan.why["net.in_features"] == FIXED
        changed = [
            field
            for field, value in plan.to_dict()["recipe"].items()
            if Recipe().__dict__[field] != (tuple(value) if isinstance(value, list) else value)
        ]
        assert all(plan.why.get(f"recipe.{field}") for field in changed)


def test_another_net_has_its_own_sizes(one_graph: Path) -> None:
    data = read(one_graph)
    plan = design(data).with_({"net.name": "gat"})
    net, _ = build_net(plan, data, 0, CPU)
    inputs = data.encoding.prepare(data.encoding.encode(["p3", "p0"]))
    assert net(*inputs).shape == (2, 2)
    assert not {"hidden_size", "dropout"} & set(plan.net)


def test_nets_of_other_data_are_refused_with_those_that_will_do(one_graph: Path) -> None:
    data = read(one_graph)
    for name in ("mlp", "dqn"):
        with pytest.raises(UsageError, match="Nets that do: gat, gcn, gin, graphsage"):
            build_net(design(data).with_({"net.name": name}), data, 0, CPU)
    with pytest.raises(UsageError, match="'gcn' does not read this kind of data"):
        build_net(design(read("iris")).with_({"net.name": "gcn"}), read("iris"), 0, CPU)


def test_a_batch_of_a_graph_cannot_be_cut(one_graph: Path) -> None:
    data = read(one_graph)
    with pytest.raises(UsageError, match=r"recipe\.accumulate is 2, but a batch of a graph is one"):
        build_objective(design(data).with_({"recipe.accumulate": 2}), data)


def test_rows_of_a_graph_are_not_mixed(one_graph: Path) -> None:
    data = read(one_graph)
    plan = design(data)
    with pytest.raises(UsageError, match="mixup, but graphs have no augmentation"):
        build_objective(plan.with_({"recipe.augment": ["mixup"]}), data)
    assert not list(augmentation(plan, Trace()))
