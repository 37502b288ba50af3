"""The highway net: its equation by hand, it starts by carrying, categories are read."""

import torch

from netwright.nets.highway import Highway, HighwayLayer
from netwright.train.init import initialise_


def test_shape_gradient_and_one_batch(check, rng) -> None:
    net = check.build("highway", {"numeric": 4, "cardinalities": [3], "outputs": 2, "width": 16})
    inputs = (torch.randn(8, 4, generator=rng), (torch.arange(8) % 3)[:, None])
    assert net(*inputs).shape == (8, 2)
    check.gradient_reaches_every_parameter(net, inputs)
    check.overfits(net, inputs, torch.arange(8) % 2, lr=1e-2)


def test_the_equation_by_hand(rng) -> None:
    layer = HighwayLayer(3, gate_bias=-1.0, activation="tanh")
    x = torch.randn(2, 3, generator=rng)
    gate = 1 / (1 + torch.exp(-(x @ layer.gate.weight.t() - 1)))
    new = torch.tanh(x @ layer.transform.weight.t() + layer.transform.bias)
    torch.testing.assert_close(layer(x), gate * new + (1 - gate) * x)


def test_fifty_layers_start_by_carrying_and_initialisation_keeps_that(rng) -> None:
    net = Highway(numeric=8, outputs=1, width=8, depth=50, gate_bias=-6.0)
    initialise_(net, "auto", activation="relu", rng_seed=0)
    x = torch.randn(64, 8, generator=rng)
    start = net.start(x)
    carried = torch.nn.functional.cosine_similarity(net.layers(start), start)
    assert carried.min() > 0.9
