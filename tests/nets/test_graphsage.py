"""GraphSAGE: its equation with a dense matrix, means and maxima."""

import torch

from netwright.nets.graphsage import GraphSAGE

EDGES = torch.tensor([[0, 2, 1], [1, 1, 0]])


def test_means_by_hand(rng) -> None:
    net = GraphSAGE(in_features=4, outputs=3, hidden_size=5, dropout=0.0)
    features = torch.randn(4, 4, generator=rng)
    mean = torch.tensor([[0, 1, 0, 0], [0.5, 0, 0.5, 0], [0, 0, 0, 0], [0, 0, 0, 0]])
    first, second = net.layers
    hidden = (first.own(features) + first.neighbours(mean @ features)).relu()
    hidden = hidden / hidden.norm(dim=1, keepdim=True)
    expected = second.own(hidden) + second.neighbours(mean @ hidden)
    torch.testing.assert_close(net(features, EDGES), expected)


def test_maxima_by_hand(rng) -> None:
    net = GraphSAGE(in_features=4, outputs=3, depth=1, aggregate="max", dropout=0.0)
    features = torch.randn(4, 4, generator=rng)
    (layer,) = net.layers
    each = layer.each(features)
    largest = torch.stack([each[1], torch.maximum(each[0], each[2]), *torch.zeros(2, 4)])
    expected = layer.own(features) + layer.neighbours(largest)
    torch.testing.assert_close(net(features, EDGES), expected)
