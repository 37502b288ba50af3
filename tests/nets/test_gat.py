"""Graph attention: its equation node by node, with shares that add up to 1."""

import torch
from torch.nn import functional as F

from netwright.nets._graph import with_self_loops
from netwright.nets.gat import GAT


def test_a_layer_by_hand(rng) -> None:
    net = GAT(in_features=4, outputs=3, depth=1, output_heads=2, dropout=0.0)
    features = torch.randn(4, 4, generator=rng)
    edges = torch.tensor([[0, 2, 1], [1, 1, 0]])
    layer = net.output
    heads = layer.linear(features).view(4, 2, 3)
    outputs = net(features, edges)
    for node, before in {0: [1, 0], 1: [0, 2, 1], 3: [3]}.items():
        total = torch.zeros(3)
        for head in range(2):
            own = layer.target[head] @ heads[node, head]
            scores = torch.stack([layer.source[head] @ heads[j, head] + own for j in before])
            shares = F.leaky_relu(scores, 0.2).softmax(0)
            total += sum(s * heads[j, head] for s, j in zip(shares, before, strict=True)) / 2
        torch.testing.assert_close(outputs[node], total + net.bias)


def test_shares_add_up_to_one_a_node(rng) -> None:
    layer = GAT(in_features=4, outputs=3, dropout=0.0).output
    edges = with_self_loops(torch.randint(0, 5, (2, 12), generator=rng), 5)
    shares = layer.weights(torch.randn(5, 1, 3, generator=rng), edges)
    totals = torch.zeros(5, 1).index_add(0, edges[1], shares)
    torch.testing.assert_close(totals, torch.ones(5, 1))
