"""InceptionTime: every part learns, branches join as in the paper, shortcuts span three modules."""

import pytest
import torch

from netwright.nets.inception_time import Inception, InceptionTime

SMALL = {"in_channels": 2, "length": 16, "outputs": 3, "channels": 4, "kernel_sizes": [5, 3]}


@pytest.mark.parametrize("options", [{}, {"depth": 3, "norm": "none", "dropout": 0.1}])
def test_shape_gradient_and_one_batch(check, rng, options) -> None:
    net = check.build("inception-time", SMALL | {"bottleneck": 4} | options)
    series = torch.randn(6, 16, 2, generator=rng)
    assert net(series).shape == (6, 3)
    check.gradient_reaches_every_parameter(net, (series,))
    check.overfits(net, (series,), torch.arange(6) % 3, lr=1e-2)


def test_one_module_by_hand(rng) -> None:
    module = Inception(2, 3, kernel_sizes=[5, 3], bottleneck=4, norm="none")
    x = torch.randn(2, 2, 9, generator=rng)
    narrow = module.bottleneck(x)
    pooled = torch.nn.functional.max_pool1d(x, 3, 1, 1)
    parts = [module.branches[0](narrow), module.branches[1](narrow), module.pooled(pooled)]
    torch.testing.assert_close(module(x), torch.cat(parts, 1))
    assert module(x).shape == (2, 9, 9)


def test_every_third_module_has_a_shortcut_and_one_channel_no_bottleneck() -> None:
    net = InceptionTime(in_channels=1, outputs=2)
    assert (len(net.blocks), len(net.shortcuts)) == (6, 2)
    assert isinstance(net.blocks[0].bottleneck, torch.nn.Identity)
    assert net.output.in_features == 4 * 32


def test_even_kernels_are_answered() -> None:
    with pytest.raises(ValueError, match="Give 39 or 41"):
        InceptionTime(in_channels=1, outputs=2, kernel_sizes=[40])
