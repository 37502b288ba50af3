"""The variational autoencoder: draws in training, the mean otherwise, its divergence by hand."""

import pytest
import torch
from torch.distributions import Normal
from torch.distributions import kl_divergence as torch_kl

from netwright.nets.variational_autoencoder import VariationalAutoencoder, kl_divergence

IMAGE = {"in_channels": 1, "height": 6, "width": 7, "code_size": 4, "channels": [8]}
TABLE = {"numeric": 3, "cardinalities": [3], "code_size": 4, "widths": [16]}


@pytest.mark.parametrize("kind", [IMAGE, TABLE, {"in_channels": 2, "length": 4}])
def test_shapes_and_a_gradient_for_every_parameter(check, rng, kind) -> None:
    net = check.build("variational-autoencoder", kind)
    inputs = (torch.randn(5, 1, 6, 7, generator=rng),)
    if kind is TABLE:
        inputs = (torch.randn(5, 3, generator=rng), torch.ones(5, 1, dtype=torch.int64))
    elif "length" in kind:
        inputs = (torch.randn(5, 4, 2, generator=rng),)
    reconstruction, mean, log_variance = net(*inputs)
    target = net.target(*inputs)
    assert reconstruction.shape == target.shape
    assert mean.shape == log_variance.shape == (5, net.code_size)
    loss = (reconstruction - target).square().mean() + kl_divergence(mean, log_variance).mean()
    loss.backward()
    assert all(p.grad is not None and p.grad.any() for p in net.parameters())


def test_one_batch_is_learned_through_the_noise(rng) -> None:
    torch.manual_seed(0)
    net = VariationalAutoencoder(numeric=4, code_size=3, widths=[32])
    x = torch.randn(6, 4, generator=rng)
    optimizer = torch.optim.Adam(net.parameters(), lr=1e-2)
    for _ in range(150):
        reconstruction, mean, log_variance = net(x)
        error = (reconstruction - x).square().sum(1).mean()
        loss = error + 1e-3 * kl_divergence(mean, log_variance).mean()
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    assert (net.eval()(x)[0] - x).square().mean() < 0.05


def test_codes_are_drawn_from_what_it_says_in_training_and_are_the_mean_otherwise() -> None:
    torch.manual_seed(0)
    net = VariationalAutoencoder(numeric=2, code_size=1, widths=[8])
    with torch.no_grad():
        net.encoder[-1].bias.copy_(torch.tensor([0.0, 2 * torch.tensor(0.5).log().item()]))
        net.encoder[-1].weight.zero_()
    codes = []
    net.decoder.register_forward_hook(lambda module, args, output: codes.append(args[0]))
    net(torch.zeros(4000, 2))
    assert codes[0].mean().abs() < 0.05 and codes[0].std().item() == pytest.approx(0.5, rel=0.05)
    net.eval()(torch.zeros(3, 2))
    assert not codes[1].any()


def test_the_divergence_is_torchs(rng) -> None:
    mean, log_variance = torch.randn(2, 5, 3, generator=rng)
    expected = torch_kl(Normal(mean, (log_variance / 2).exp()), Normal(0.0, 1.0)).sum(1)
    torch.testing.assert_close(kl_divergence(mean, log_variance), expected)
    assert not kl_divergence(torch.zeros(2, 3), torch.zeros(2, 3)).any()


def test_errors_say_what_to_do() -> None:
    with pytest.raises(ValueError, match="has no inputs"):
        VariationalAutoencoder()
    with pytest.raises(ValueError, match="code_size is 0"):
        VariationalAutoencoder(numeric=2, code_size=0)
