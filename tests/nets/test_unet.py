"""The U-Net: an answer for every pixel of any size, its levels by hand, skips carry detail."""

import pytest
import torch
from torch.nn import functional as F

from netwright.nets.unet import UNet

SMALL = {"in_channels": 2, "outputs": 3, "channels": [4, 8]}


@pytest.mark.parametrize(
    "options",
    [{}, {"up": "bilinear", "norm": "group"}, {"norm": "none", "activation": "silu"}],
)
def test_shape_gradient_and_one_batch(check, rng, options) -> None:
    net = check.build("unet", SMALL | options)
    images = torch.randn(2, 2, 8, 9, generator=rng)
    assert net(images).shape == (2, 3, 8, 9)
    check.gradient_reaches_every_parameter(net, (images,))
    targets = (images[:, 0] > 0).long() + (images[:, 1] > 0.5).long()
    check.overfits(net, (images,), targets, lr=2e-2, steps=120, below=0.3)


def test_two_levels_by_hand(rng) -> None:
    net = UNet(**SMALL).eval()
    images = torch.randn(2, 2, 6, 8, generator=rng)
    first = net.down[0](images)
    second = net.down[1](F.max_pool2d(first, 2))
    expected = net.output(net.up[0](torch.cat([first, net.enlarge[0](second)], 1)))
    torch.testing.assert_close(net(images), expected)


@pytest.mark.parametrize("size", [(1, 1), (2, 3), (7, 13), (16, 16)])
@pytest.mark.parametrize("up", ["transposed", "bilinear"])
def test_any_size_is_answered_pixel_by_pixel(size, up) -> None:
    net = UNet(in_channels=1, outputs=1, channels=[2, 2, 2], up=up).eval()
    assert net(torch.zeros(1, 1, *size)).shape == (1, 1, *size)


def test_a_picture_moved_by_a_whole_cell_gives_the_answer_moved(rng) -> None:
    torch.manual_seed(0)
    net = UNet(in_channels=1, outputs=2, channels=[4, 4], norm="none").eval()
    images = torch.zeros(1, 1, 48, 48)
    images[:, :, 20:26, 20:26] = torch.randn(6, 6, generator=rng)
    moved = images.roll((4, 6), (2, 3))
    inside = (..., slice(17, 37), slice(17, 37))  # what the edge's padding does not reach
    torch.testing.assert_close(net(moved)[inside], net(images).roll((4, 6), (2, 3))[inside])


def test_skips_carry_what_the_lowest_level_has_lost(rng) -> None:
    net = UNet(in_channels=1, outputs=1, channels=[4, 4]).eval()
    images = torch.randn(1, 1, 8, 8, generator=rng)
    for p in net.enlarge.parameters():
        torch.nn.init.zeros_(p)  # nothing comes up from below
    assert net(images).std() > 0


def test_errors_say_what_to_do() -> None:
    with pytest.raises(ValueError, match="Did you mean 'bilinear'"):
        UNet(**(SMALL | {"up": "bilinaer"}))
    with pytest.raises(ValueError, match="levels is 0"):
        UNet(in_channels=1, outputs=1, channels=[])
