"""Nets for graphs: the order of nodes and edges is nothing to them; isolated nodes; batches."""

import pytest
import torch

from netwright.nets._graph import (
    scatter_max,
    scatter_mean,
    scatter_softmax,
    scatter_sum,
    with_self_loops,
)

SIZES = {"in_features": 4, "outputs": 3, "hidden_size": 8, "dropout": 0.0}
NETS = [
    ("gcn", {"depth": 3}),
    ("gat", {"num_heads": 2, "output_heads": 2}),
    ("graphsage", {}),
    ("graphsage", {"aggregate": "max", "unit": False}),
    ("gin", {"depth": 2, "learn_eps": True}),
    ("gin", {"depth": 2, "norm": "none", "pool": "mean"}),
]
each_net = pytest.mark.parametrize(("name", "options"), NETS)


@pytest.fixture
def graph(rng):
    """Two graphs in one batch, of 4 and 3 nodes; node 3 is isolated."""
    pairs = torch.tensor([[0, 1], [1, 2], [0, 2], [4, 5], [5, 6]])
    edges = torch.cat([pairs, pairs.flip(1)]).t()
    graphs = torch.tensor([0, 0, 0, 0, 1, 1, 1])
    return torch.randn(7, 4, generator=rng), edges, graphs


@each_net
def test_shape_gradient_and_one_batch(check, graph, name, options) -> None:
    features, edges, graphs = graph
    net = check.build(name, SIZES | options)
    assert net(features, edges).shape == (7, 3)
    assert net(features, edges, graphs).shape == (2, 3)
    check.gradient_reaches_every_parameter(net, (features, edges))
    targets = torch.tensor([0, 0, 0, 1, 2, 2, 1])  # a GCN cannot tell nodes 0 to 2 apart
    check.overfits(net, (features, edges), targets, lr=3e-2, steps=250, below=0.1)
    check.overfits(net, (features, edges, graphs), torch.tensor([2, 0]), lr=3e-2, steps=250)


@each_net
def test_renumbering_nodes_renumbers_outputs_alone(check, rng, graph, name, options) -> None:
    features, edges, graphs = graph
    net = check.build(name, SIZES | options).double()
    features = features.double()
    order = torch.randperm(7, generator=rng)
    back = order.argsort()
    shuffled = back[edges][:, torch.randperm(edges.shape[1], generator=rng)]
    torch.testing.assert_close(net(features[order], shuffled), net(features, edges)[order])
    net.eval()
    torch.testing.assert_close(
        net(features[order], shuffled, graphs[order]), net(features, edges, graphs)
    )


@each_net
def test_graphs_in_a_batch_answer_as_if_alone(check, graph, name, options) -> None:
    features, edges, graphs = graph
    net = check.build(name, SIZES | options).eval()
    together = net(features, edges, graphs)
    second = edges[:, edges[0] >= 4] - 4
    alone = net(features[4:], second, torch.zeros(3, dtype=torch.int64))
    torch.testing.assert_close(together[1:], alone)


@each_net
def test_messages_go_along_edges_as_far_as_there_are_layers(check, graph, name, options) -> None:
    features, _, _ = graph
    net = check.build(name, SIZES | options | {"activation": "tanh"}).double().eval()
    chain = torch.stack([torch.arange(6), torch.arange(1, 7)])  # directed: 0 -> 1 -> ... -> 6
    features = features.double().requires_grad_()
    (gradient,) = torch.autograd.grad(net(features, chain)[5].sum(), features)
    depth = options.get("depth", 2)
    seen = gradient.abs().sum(1).nonzero().flatten().tolist()
    assert seen == list(range(5 - depth, 6))


@each_net
def test_a_node_without_edges_and_a_graph_without_any_are_answered(check, name, options) -> None:
    net = check.build(name, SIZES | options).eval()
    nothing = torch.zeros(2, 0, dtype=torch.int64)
    assert net(torch.ones(1, 4), nothing).isfinite().all()
    assert net(torch.ones(3, 4), nothing, torch.tensor([0, 1, 1])).shape == (2, 3)


@each_net
def test_what_is_no_list_of_edges_is_answered(check, name, options) -> None:
    net = check.build(name, SIZES | options)
    for edges in (torch.zeros(5, 2, dtype=torch.int64), torch.zeros(2, 5)):
        with pytest.raises(ValueError, match="sources in the first row"):
            net(torch.ones(3, 4), edges)


def test_scattered_values_by_hand() -> None:
    values, at = torch.tensor([1.0, 4.0, -3.0, -5.0]), torch.tensor([0, 0, 2, 2])
    assert scatter_sum(values, at, 3).tolist() == [5, 0, -8]
    assert scatter_mean(values, at, 3).tolist() == [2.5, 0, -4]
    assert scatter_max(values, at, 3).tolist() == [4, 0, -3]
    expected = torch.cat([values[:2].softmax(0), values[2:].softmax(0)])
    torch.testing.assert_close(scatter_softmax(values, at, 3), expected)
    huge = scatter_softmax(1000 * values, at, 3)
    torch.testing.assert_close(huge, torch.tensor([0.0, 1.0, 1.0, 0.0]))
    heads = torch.stack([values, -values], 1)
    torch.testing.assert_close(scatter_softmax(heads, at, 3)[:, 0], expected)


def test_a_self_loop_that_was_given_is_taken_once() -> None:
    edges = with_self_loops(torch.tensor([[0, 1, 1], [1, 1, 0]]), 3)
    assert sorted(map(tuple, edges.t().tolist())) == [(0, 0), (0, 1), (1, 0), (1, 1), (2, 2)]


@each_net
def test_some_nodes_may_be_asked_and_one_of_them_twice(check, graph, name, options) -> None:
    features, edges, _ = graph
    net = check.build(name, SIZES | options | {"pool": "mean"}).eval()
    asked = torch.tensor([5, 3, 5])
    some = net(features, edges, torch.stack([asked, torch.arange(3)]))
    torch.testing.assert_close(some, net(features, edges)[asked])
