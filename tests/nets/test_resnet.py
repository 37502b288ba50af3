"""The residual net: starts as its shortcuts, every option learns, agrees with torch's pieces."""

import pytest
import torch
from torch import nn

from netwright.nets.resnet import ResidualBlock, ResNet
from netwright.train.init import initialise_

SMALL = {"in_channels": 3, "height": 8, "width": 9, "outputs": 4, "channels": [8, 16]}
PLAIN = {"pre_activation": False, "squeeze": False, "activation": "relu", "norm": "batch"}


@pytest.mark.parametrize(
    "options",
    [
        {},
        {"pre_activation": True, "blocks": [1, 2]},
        {"squeeze": True, "norm": "group", "activation": "silu"},
        {"norm": "none", "dropout": 0.1},
        {"stem": "large"},
        {"pre_activation": True, "norm": "layer", "activation": "gelu"},
    ],
)
def test_shape_gradient_and_one_batch(check, rng, options) -> None:
    net = check.build("resnet", SMALL | options)
    images = torch.randn(8, 3, 8, 9, generator=rng)
    assert net(images).shape == (8, 4)
    # Branches that start at zero pass no gradient inwards before their first step.
    torch.manual_seed(1)
    for module in net.modules():
        if getattr(module, "own_init", False):
            nn.init.normal_(module.weight, std=0.1)
    check.gradient_reaches_every_parameter(net, (images,))
    check.overfits(net, (images,), torch.arange(8) % 4, lr=1e-2, steps=100)


def test_a_block_starts_as_its_shortcut_and_keeps_that_under_initialisation(rng) -> None:
    x = torch.randn(2, 8, 6, 6, generator=rng)
    for norm in ("batch", "none"):
        for pre in (False, True):
            block = ResidualBlock(8, 8, stride=1, **(PLAIN | {"norm": norm, "pre_activation": pre}))
            initialise_(block, "auto", activation="relu", rng_seed=0)
            expected = x if pre else x.relu()
            torch.testing.assert_close(block(x), expected)


def test_a_block_is_the_papers_equation(rng) -> None:
    block = ResidualBlock(4, 6, stride=2, **PLAIN).eval()
    last = block.branch[-1]
    nn.init.constant_(last.weight, 0.7)
    x = torch.randn(2, 4, 8, 8, generator=rng)
    conv1, norm1, _, conv2, norm2 = block.branch
    pool, conv, norm = block.shortcut
    expected = torch.relu(norm2(conv2(torch.relu(norm1(conv1(x))))) + norm(conv(pool(x))))
    torch.testing.assert_close(block(x), expected)
    assert expected.shape == (2, 6, 4, 4)


def test_large_pictures_get_the_stem_that_quarters_them() -> None:
    net = ResNet(in_channels=3, height=96, width=96, outputs=2, channels=[4, 8])
    assert net.layers[0].stride == (2, 2)
    assert net(torch.zeros(1, 3, 96, 96)).shape == (1, 2)


def test_errors_say_what_to_do() -> None:
    with pytest.raises(ValueError, match="too small for 3 stages"):
        ResNet(in_channels=1, height=2, width=2, outputs=2)
    with pytest.raises(ValueError, match="as long as channels"):
        ResNet(**(SMALL | {"blocks": [1]}))
