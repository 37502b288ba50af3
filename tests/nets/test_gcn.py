"""The GCN: its equation with a dense matrix, and what a few labels tell; the rest is in
test_graph_nets."""

import torch
from torch.nn import functional as F

from netwright.nets.gcn import GCN


def test_it_is_the_dense_formula(rng) -> None:
    net = GCN(in_features=4, outputs=3, hidden_size=5, dropout=0.0).double()
    for p in net.parameters():
        torch.nn.init.normal_(p)
    features = torch.randn(6, 4, generator=rng, dtype=torch.float64)
    adjacency = (torch.rand(6, 6, generator=rng) < 0.4).double().triu(1)
    adjacency[:, 5] = 0  # an isolated node
    adjacency = adjacency + adjacency.t()
    full = adjacency + torch.eye(6, dtype=torch.float64)
    scale = full.sum(1).rsqrt().diag()
    spread = scale @ full @ scale
    (layer,) = net.layers
    hidden = (spread @ features @ layer.linear.weight.t() + layer.bias).relu()
    expected = spread @ hidden @ net.output.weight.t() + net.output.bias
    torch.testing.assert_close(net(features, adjacency.nonzero().t()), expected)


def test_two_labels_part_two_groups() -> None:
    """People of a group know one another; one of each is labelled, the edges tell the rest."""
    rng = torch.Generator().manual_seed(1)
    group = torch.arange(20) // 10
    knows = torch.rand(20, 20, generator=rng) < torch.where(group[:, None] == group, 0.5, 0.03)
    edges = knows.triu(1).nonzero().t()
    edges = torch.cat([edges, edges.flip(0)], 1)
    torch.manual_seed(0)
    net = GCN(in_features=20, outputs=2, dropout=0.0)
    optimizer = torch.optim.Adam(net.parameters(), lr=0.02)
    features, labelled = torch.eye(20), torch.tensor([0, 19])
    for _ in range(60):
        loss = F.cross_entropy(net(features, edges)[labelled], group[labelled])
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    assert (net(features, edges).argmax(1) == group).float().mean() >= 0.9
