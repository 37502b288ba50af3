"""The FCN: agrees with torch's layers, keeps the length, averages over time."""

import pytest
import torch
from torch.nn import functional as F

from netwright.nets.fcn import FCN

SMALL = {"in_channels": 2, "length": 20, "outputs": 3, "channels": [6, 8], "kernel_sizes": [4, 3]}


@pytest.mark.parametrize("options", [{}, {"norm": "none", "dropout": 0.1}, {"norm": "rms"}])
def test_shape_gradient_and_one_batch(check, rng, options) -> None:
    net = check.build("fcn", SMALL | options)
    series = torch.randn(9, 20, 2, generator=rng)
    assert net(series).shape == (9, 3)
    check.gradient_reaches_every_parameter(net, (series,))
    check.overfits(net, (series,), torch.arange(9) % 3, lr=2e-2, steps=300)


def test_it_is_convolutions_then_the_mean_over_time(rng) -> None:
    net = FCN(**(SMALL | {"norm": "none"}))
    series = torch.randn(2, 15, 2, generator=rng)
    x = series.transpose(1, 2)
    for conv in (m for m in net.layers if isinstance(m, torch.nn.Conv1d)):
        left = (conv.kernel_size[0] - 1) // 2
        x = F.pad(x, (left, conv.kernel_size[0] - 1 - left))
        x = F.conv1d(x, conv.weight, conv.bias).relu()
    assert x.shape[2] == 15
    torch.testing.assert_close(net(series), net.layers[-1](x.mean(2)))


def test_the_default_is_the_papers_net() -> None:
    net = FCN(in_channels=1, outputs=2)
    shapes = [tuple(p.shape) for p in net.parameters() if p.ndim == 3]
    assert shapes == [(128, 1, 8), (256, 128, 5), (128, 256, 3)]


def test_lists_of_different_length_are_an_error() -> None:
    with pytest.raises(ValueError, match="same length"):
        FCN(**(SMALL | {"channels": [4]}))
