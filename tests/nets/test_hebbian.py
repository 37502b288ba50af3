"""The Hebbian layer: both rules by hand; Oja's finds components, Hebb's grows without end."""

import pytest
import torch

from netwright.nets.hebbian import Hebbian


def learn(net: Hebbian, x: torch.Tensor, *, lr: float, steps: int) -> None:
    optimizer = torch.optim.SGD(net.parameters(), lr=lr)
    for _ in range(steps):
        net.fill_grad((x,), net(x))
        optimizer.step()


def stretched(rng: torch.Generator) -> tuple[torch.Tensor, torch.Tensor]:
    """Rows with mean 0 and their principal directions, the longest first."""
    x = torch.randn(500, 4, generator=rng) * torch.tensor([3.0, 2.0, 1.0, 0.5])
    x = (x - x.mean(0)) @ torch.linalg.qr(torch.randn(4, 4, generator=rng))[0]
    return x, torch.linalg.svd(x, full_matrices=False)[2]


def test_shape_and_a_gradient_for_every_parameter(check, rng) -> None:
    net = check.build("hebbian", {"numeric": 3, "cardinalities": [4], "outputs": 2})
    inputs = (torch.randn(5, 3, generator=rng), (torch.arange(5) % 4)[:, None])
    outputs = net(*inputs)
    assert outputs.shape == (5, 2)
    net.fill_grad(inputs, outputs)
    assert all(p.grad is not None and p.grad.any() for p in net.parameters())


@pytest.mark.parametrize("rule", ["hebb", "oja"])
def test_the_rule_by_hand_row_by_row(rule, rng) -> None:
    net = Hebbian(numeric=3, outputs=2, rule=rule)
    x = torch.randn(4, 3, generator=rng)
    y = net(x)
    w = net.linear.weight.detach()
    change = torch.zeros(2, 3)
    for row, out in zip(x, y.detach(), strict=True):
        for unit in range(2):
            explained = sum(out[k] * w[k] for k in range(unit + 1)) if rule == "oja" else 0
            change[unit] += out[unit] * (row - explained) / 4
    net.fill_grad((x,), y)
    torch.testing.assert_close(net.linear.weight.grad, -change)


def test_oja_finds_the_principal_components_at_length_one(rng) -> None:
    x, directions = stretched(rng)
    torch.manual_seed(0)
    net = Hebbian(numeric=4, outputs=2)
    learn(net, x, lr=0.04, steps=300)
    found = net.linear.weight.detach()
    torch.testing.assert_close(found.norm(dim=1), torch.ones(2), rtol=0, atol=1e-3)
    assert (found * directions[:2]).sum(1).abs().min() > 0.999


def test_plain_hebb_grows_without_end_towards_the_first_component(rng) -> None:
    x, directions = stretched(rng)
    torch.manual_seed(0)
    net = Hebbian(numeric=4, outputs=1, rule="hebb")
    learn(net, x, lr=0.02, steps=100)
    found = net.linear.weight.detach()[0]
    assert found.norm() > 1e6
    assert (found @ directions[0]).abs() / found.norm() > 0.999


def test_errors_say_what_to_do() -> None:
    with pytest.raises(ValueError, match="Did you mean 'hebb'"):
        Hebbian(numeric=2, outputs=1, rule="hebbs")
    with pytest.raises(ValueError, match="inputs is 0"):
        Hebbian(numeric=0, outputs=1)
