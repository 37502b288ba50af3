"""The CNN: equal to the plain layers with the activation before the pool, every option learns."""

import pytest
import torch
from torch import nn

from netwright.nets.cnn import CNN

SMALL = {"in_channels": 3, "height": 12, "width": 10, "outputs": 4, "channels": [8, 16]}


@pytest.mark.parametrize(
    "options",
    [
        {},
        {"norm": "batch", "pool": "mean", "hidden": 0},
        {"norm": "group", "convs": 2, "activation": "gelu", "dropout": 0.1},
        {"norm": "layer", "activation": "silu", "convs": [1, 2]},
        {"norm": "rms", "activation": "tanh"},
    ],
)
def test_shape_gradient_and_one_batch(check, rng, options) -> None:
    net = check.build("cnn", SMALL | options)
    images = torch.randn(8, 3, 12, 10, generator=rng)
    assert net(images).shape == (8, 4)
    check.gradient_reaches_every_parameter(net, (images,))
    check.overfits(net, (images,), torch.arange(8) % 4)


def test_it_is_the_plain_net_with_relu_before_the_pool(rng) -> None:
    net = CNN(in_channels=1, height=28, width=28, outputs=10, channels=[16, 32], hidden=128)
    plain = nn.Sequential(
        nn.Conv2d(1, 16, 3, padding=1), nn.ReLU(), nn.MaxPool2d(2),
        nn.Conv2d(16, 32, 3, padding=1), nn.ReLU(), nn.MaxPool2d(2),
        nn.Flatten(), nn.Linear(32 * 7 * 7, 128), nn.ReLU(), nn.Linear(128, 10),
    )  # fmt: skip
    with torch.no_grad():
        for mine, theirs in zip(net.parameters(), plain.parameters(), strict=True):
            theirs.copy_(mine)
    images = torch.randn(4, 1, 28, 28, generator=rng)
    torch.testing.assert_close(net(images), plain(images))


def test_inputs_in_either_memory_format_give_the_same(rng) -> None:
    net = CNN(**SMALL)
    images = torch.randn(2, 3, 12, 10, generator=rng)
    torch.testing.assert_close(net(images), net(images.to(memory_format=torch.channels_last)))


def test_errors_say_what_to_do() -> None:
    with pytest.raises(ValueError, match="12x10 cannot be halved 4 times"):
        CNN(**(SMALL | {"channels": [4, 4, 4, 4]}))
    with pytest.raises(ValueError, match="as long as channels"):
        CNN(**(SMALL | {"convs": [1]}))
