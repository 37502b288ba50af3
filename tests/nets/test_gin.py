"""GIN: its equation with a dense matrix; it tells apart what means cannot."""

import torch

from netwright.nets.gcn import GCN
from netwright.nets.gin import GIN


def both_ways(pairs):
    edges = torch.tensor(pairs).t()
    return torch.cat([edges, edges.flip(0)], 1)


def test_the_equation_by_hand(rng) -> None:
    net = GIN(in_features=4, outputs=3, depth=1, learn_eps=True, dropout=0.0).eval()
    torch.nn.init.constant_(net.eps, 0.3)
    features, edges = torch.randn(3, 4, generator=rng), both_ways([[0, 1], [1, 2]])
    adjacency = torch.tensor([[0.0, 1, 0], [1, 0, 1], [0, 1, 0]])
    hidden = net.layers[0](1.3 * features + adjacency @ features)
    first, second = net.reads
    torch.testing.assert_close(net(features, edges), first(features) + second(hidden) + net.bias)
    graphs = torch.zeros(3, dtype=torch.int64)
    expected = first(features.sum(0)) + second(hidden.sum(0)) + net.bias
    torch.testing.assert_close(net(features, edges, graphs)[0], expected)


def test_it_counts_neighbours_where_means_see_no_difference() -> None:
    """A ring of 3 and all pairs of 4 nodes: with equal features each mean is the same."""
    ring = both_ways([[0, 1], [1, 2], [2, 0]])
    all_pairs = both_ways([[0, 1], [0, 2], [0, 3], [1, 2], [1, 3], [2, 3]])
    torch.manual_seed(0)
    for net, equal in (
        (GCN(in_features=1, outputs=2, hidden_size=8).eval(), True),
        (GIN(in_features=1, outputs=2, hidden_size=8, pool="mean").eval(), False),
    ):
        first, second = (
            net(torch.ones(size, 1), edges, torch.zeros(size, dtype=torch.int64))
            for size, edges in ((3, ring), (4, all_pairs))
        )
        assert torch.allclose(first, second, atol=1e-6) == equal
