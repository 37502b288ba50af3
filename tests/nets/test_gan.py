"""The GAN for points: both halves learn, classes steer both, the critic judges each row alone."""

import pytest
import torch
from torch.nn import functional as F

from netwright.nets.gan import GAN

SMALL = {"numeric": 2, "noise_size": 4, "widths": [16, 16]}


@pytest.mark.parametrize("options", [{}, {"classes": 3, "activation": "silu"}])
def test_shapes_and_a_gradient_for_every_parameter(check, rng, options) -> None:
    net = check.build("gan", SMALL | options)
    noise = torch.randn(5, 4, generator=rng)
    classes = (torch.arange(5) % 3,) if net.classes else ()
    samples = net(noise, *classes)
    assert samples.shape == (5, 2)
    logits = net.discriminator(samples, *classes)
    assert logits.shape == (5, 1)
    (logits * torch.randn(5, 1, generator=rng)).sum().backward()
    assert all(p.grad is not None and p.grad.any() for p in net.parameters())


def test_played_against_each_other_samples_come_to_the_data(rng) -> None:
    torch.manual_seed(0)
    net = GAN(**SMALL)
    steps = [
        torch.optim.Adam(half.parameters(), lr=1e-2, betas=(0.5, 0.9))
        for half in (net.discriminator, net.generator)
    ]
    real = torch.tensor([3.0, -2.0]) + 0.1 * torch.randn(64, 2, generator=rng)
    for _ in range(100):
        for half, optimizer in enumerate(steps):
            fake = net.discriminator(net(torch.randn(64, 4, generator=rng)))
            loss = F.softplus(-fake).mean()  # non-saturating
            if half == 0:
                loss = F.softplus(fake).mean() + F.softplus(-net.discriminator(real)).mean()
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
    assert (net(torch.randn(64, 4)).mean(0) - real.mean(0)).norm() < 1


def test_the_class_changes_the_sample_and_the_verdict(rng) -> None:
    torch.manual_seed(0)
    net = GAN(**SMALL, classes=2)
    noise = torch.randn(1, 4, generator=rng).expand(2, -1)
    samples = net(noise, torch.tensor([0, 1]))
    assert not torch.allclose(samples[0], samples[1])
    verdicts = net.discriminator(samples[:1].expand(2, -1), torch.tensor([0, 1]))
    assert not torch.allclose(verdicts[0], verdicts[1])


def test_the_projection_by_hand(rng) -> None:
    net = GAN(**SMALL, classes=2)
    x, classes = torch.randn(3, 2, generator=rng), torch.tensor([1, 0, 1])
    h, verdict = net.discriminator.layers(x), net.discriminator.verdict
    own = verdict.embedding.weight[classes]
    expected = verdict.linear(h)[:, 0] + (own * h).sum(1)
    torch.testing.assert_close(net.discriminator(x, classes)[:, 0], expected)


def test_errors_say_what_to_do() -> None:
    with pytest.raises(ValueError, match="called without classes"):
        GAN(**SMALL, classes=2)(torch.zeros(1, 4))
    with pytest.raises(ValueError, match="Leave categorical columns out"):
        GAN(**SMALL, cardinalities=[3])
    with pytest.raises(ValueError, match="hidden_layers is 0"):
        GAN(numeric=2, widths=[])
