"""The series residual net: starts as its shortcuts, every part learns, the paper's shapes."""

import pytest
import torch
from torch import nn
from torch.nn import functional as F

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


def test_a_block_by_hand(rng) -> None:
    block = SeriesBlock(2, 6, kernel_sizes=[5, 3], activation="relu", norm="none")
    for p in block.parameters():
        nn.init.normal_(p)
    first, second = (layer for layer in block.branch if isinstance(layer, nn.Conv1d))
    (shortcut,) = (layer for layer in block.shortcut if isinstance(layer, nn.Conv1d))
    x = torch.randn(2, 2, 9, generator=rng)
    y = F.conv1d(x, first.weight, first.bias, padding=2).relu()
    y = F.conv1d(y, second.weight, second.bias, padding=1)
    expected = (y + F.conv1d(x, shortcut.weight, shortcut.bias)).relu()
    torch.testing.assert_close(block(x), expected)
