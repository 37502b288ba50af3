"""The series residual net: starts as its shortcuts, every part learns, the paper's shapes."""

import pytest
import torch
from torch import nn

from netwright.nets.series_resnet import SeriesBlock, SeriesResNet
from netwright.train.init import initialise_

SMALL = {"in_channels": 2, "length": 20, "outputs": 3, "channels": [6, 6], "kernel_sizes": [4, 3]}


@pytest.mark.parametrize("options", [{}, {"norm": "none", "dropout": 0.1}])
def test_shape_gradient_and_one_batch(check, rng, options) -> None:
    net = check.build("series-resnet", SMALL | options)
    series = torch.randn(6, 20, 2, generator=rng)
    assert net(series).shape == (6, 3)
    for module in net.modules():
        if getattr(module, "own_init", False):
            nn.init.normal_(module.weight, std=0.3)
    check.gradient_reaches_every_parameter(net, (series,))
    check.overfits(net, (series,), torch.arange(6) % 3, lr=2e-2, steps=300)


def test_a_block_starts_as_its_shortcut(rng) -> None:
    x = torch.randn(2, 6, 20, generator=rng)
    for norm in ("batch", "none"):
        block = SeriesBlock(6, 6, kernel_sizes=[4, 3], activation="relu", norm=norm)
        initialise_(block, "auto", activation="relu", rng_seed=0)
        torch.testing.assert_close(block(x), x.relu())


def test_the_default_is_the_papers_net() -> None:
    net = SeriesResNet(in_channels=1, outputs=2)
    sizes = [m.kernel_size[0] for m in net.modules() if isinstance(m, nn.Conv1d)]
    assert sizes == [8, 5, 3, 1, 8, 5, 3, 1, 8, 5, 3]
    assert net(torch.zeros(1, 30, 1)).shape == (1, 2)
