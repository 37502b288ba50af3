"""The DCGAN: pictures of any size in range, conditional, a critic fit for a gradient penalty."""

import pytest
import torch
from torch import nn
from torch.nn import functional as F

from netwright.nets.dcgan import DCGAN
from netwright.train.init import initialise_

SMALL = {"in_channels": 1, "height": 9, "width": 14, "noise_size": 6, "channels": [8, 16]}


@pytest.mark.parametrize(
    "options",
    [{}, {"classes": 3, "critic_norm": "none"}, {"norm": "group", "critic_norm": "layer"}],
)
def test_shapes_range_and_a_gradient_for_every_parameter(check, rng, options) -> None:
    net = check.build("dcgan", SMALL | options)
    classes = (torch.arange(4) % 3,) if net.classes else ()
    images = net(torch.randn(4, 6, generator=rng), *classes)
    assert images.shape == (4, 1, 9, 14)
    assert images.abs().max() <= 1
    logits = net.discriminator(images, *classes)
    assert logits.shape == (4, 1)
    (logits * torch.randn(4, 1, generator=rng)).sum().backward()
    assert all(p.grad is not None and p.grad.any() for p in net.parameters())


@pytest.mark.parametrize("size", [(4, 4), (28, 28), (7, 30)])
def test_pictures_of_any_size_that_can_be_halved(size) -> None:
    net = DCGAN(in_channels=3, height=size[0], width=size[1], channels=[4, 4])
    images = net(torch.zeros(2, 64))
    assert images.shape == (2, 3, *size)
    assert net.discriminator(images).shape == (2, 1)


def test_the_discriminator_learns_to_part_two_batches(check, rng) -> None:
    torch.manual_seed(0)
    net = DCGAN(**SMALL, critic_norm="none").discriminator
    images = torch.randn(8, 1, 9, 14, generator=rng)
    real = (torch.arange(8) % 2).float()[:, None]
    loss = torch.nn.functional.binary_cross_entropy_with_logits
    check.overfits(net, (images,), real, lr=1e-2, loss=loss, steps=80)


def test_the_generator_can_draw_one_batch(check, rng) -> None:
    torch.manual_seed(0)
    net = DCGAN(**SMALL).generator
    noise = torch.randn(3, 6, generator=rng)
    images = torch.rand(3, 1, 9, 14, generator=rng) - 0.5
    check.overfits(net, (noise,), images, lr=2e-2, loss=torch.nn.functional.mse_loss, steps=80)


def test_without_norms_the_critic_judges_each_picture_alone(rng) -> None:
    """A gradient penalty is on each picture's own gradient, which batch norm would mix."""
    images = torch.randn(3, 1, 9, 14, generator=rng, requires_grad=True)
    for norm, alone in (("none", True), ("layer", True), ("batch", False)):
        torch.manual_seed(0)
        critic = DCGAN(**SMALL, critic_norm=norm).discriminator
        (gradient,) = torch.autograd.grad(critic(images)[0].sum(), images, create_graph=True)
        assert bool(gradient[1:].any()) != alone
        penalty = (gradient[0].norm() - 1).square()
        penalty.backward()  # it can itself be differentiated
        assert all(p.grad is not None for p in critic.layers[0].parameters() if p.ndim > 1)


def test_its_own_start_is_kept_by_initialisation() -> None:
    net = DCGAN(**SMALL)
    before = net.discriminator.layers[0].weight.clone()
    initialise_(net, "auto", activation="relu", rng_seed=0)
    assert torch.equal(net.discriminator.layers[0].weight, before)
    assert net.generator.start[0].weight.std().item() == pytest.approx(0.02, rel=0.1)


def test_both_nets_by_hand(rng) -> None:
    net = DCGAN(in_channels=1, height=8, width=8, noise_size=5, channels=[4, 6]).eval()
    noise, images = torch.randn(3, 5, generator=rng), torch.randn(3, 1, 8, 8, generator=rng)
    first, second = net.generator.enlarge
    x = first(net.generator.start(noise))
    assert x.shape == (3, 4, 4, 4)
    x = second(net.generator.after[0](x))
    torch.testing.assert_close(net(noise), x.tanh())
    narrow, wide = (m for m in net.discriminator.layers if isinstance(m, nn.Conv2d))
    y = F.leaky_relu(F.conv2d(images, narrow.weight, narrow.bias, stride=2, padding=1), 0.2)
    y = F.conv2d(y, wide.weight, wide.bias, stride=2, padding=1) / (1 + 1e-5) ** 0.5
    y = net.discriminator.verdict(F.leaky_relu(y, 0.2).flatten(1), None)
    torch.testing.assert_close(net.discriminator(images), y)


def test_errors_say_what_to_do() -> None:
    with pytest.raises(ValueError, match="9x14 cannot be halved 4 times"):
        DCGAN(**(SMALL | {"channels": [4, 4, 4, 4]}))
    with pytest.raises(ValueError, match="Did you mean 'tanh'"):
        DCGAN(**SMALL, output_activation="tahn")
    with pytest.raises(ValueError, match="called without classes"):
        DCGAN(**SMALL, classes=2)(torch.zeros(1, 6))
