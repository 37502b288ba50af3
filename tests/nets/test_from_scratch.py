"""The NumPy net: both passes equal autograd's in float64, it learns, it says its shapes."""

import numpy as np
import pytest
import torch
from torch import nn
from torch.nn import functional as F

from netwright.nets.from_scratch import FromScratch, NumPyMLP, activate, cross_entropy

ACTIVATIONS = {"relu": nn.ReLU, "tanh": nn.Tanh, "sigmoid": nn.Sigmoid}


def twins(activation: str) -> tuple[NumPyMLP, nn.Sequential]:
    """The same net twice, in float64."""
    torch.manual_seed(0)
    act = ACTIVATIONS[activation]
    net = nn.Sequential(
        nn.Linear(5, 7), act(), nn.Linear(7, 6), act(), nn.Linear(6, 3)
    ).double()  # fmt: skip
    linears = [layer for layer in net if isinstance(layer, nn.Linear)]
    weights = [layer.weight.detach().numpy() for layer in linears]
    biases = [layer.bias.detach().numpy() for layer in linears]
    return NumPyMLP(weights, biases, activation=activation), net


@pytest.mark.parametrize("activation", ACTIVATIONS)
def test_loss_and_every_gradient_are_autograds(activation, rng) -> None:
    own, net = twins(activation)
    x = torch.randn(9, 5, generator=rng, dtype=torch.float64, requires_grad=True)
    targets = torch.arange(9) % 3
    loss = F.cross_entropy(net(x), targets)
    loss.backward()
    value, gradient = cross_entropy(own.forward(x.detach().numpy()), targets.numpy())
    weights, biases, inputs = own.backward(gradient)
    assert abs(value - loss.item()) < 1e-12
    linears = [layer for layer in net if isinstance(layer, nn.Linear)]
    for layer, weight, bias in zip(linears, weights, biases, strict=True):
        np.testing.assert_allclose(weight, layer.weight.grad.numpy(), rtol=0, atol=1e-12)
        np.testing.assert_allclose(bias, layer.bias.grad.numpy(), rtol=0, atol=1e-12)
    np.testing.assert_allclose(inputs, x.grad.numpy(), rtol=0, atol=1e-12)


def test_twenty_steps_beside_torch_stay_equal(rng) -> None:
    own, net = twins("tanh")
    own.weights = [w.copy() for w in own.weights]
    own.biases = [b.copy() for b in own.biases]
    x = torch.randn(12, 5, generator=rng, dtype=torch.float64)
    targets = torch.arange(12) % 3
    optimizer = torch.optim.SGD(net.parameters(), lr=0.5)
    for _ in range(20):
        loss = F.cross_entropy(net(x), targets)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        value, gradient = cross_entropy(own.forward(x.numpy()), targets.numpy())
        assert abs(value - loss.item()) < 1e-10
        weights, biases, _ = own.backward(gradient)
        own.weights = [w - 0.5 * g for w, g in zip(own.weights, weights, strict=True)]
        own.biases = [b - 0.5 * g for b, g in zip(own.biases, biases, strict=True)]


def test_in_torchs_hands_it_learns_one_batch(check, rng) -> None:
    net = check.build("from-scratch", {"numeric": 4, "cardinalities": [3], "outputs": 2})
    inputs = (torch.randn(8, 4, generator=rng), (torch.arange(8) % 3)[:, None])
    assert net(*inputs).shape == (8, 2)
    check.gradient_reaches_every_parameter(net, inputs)
    check.overfits(net, inputs, torch.arange(8) % 2, lr=2e-2)


def test_its_gradient_passes_torchs_own_check() -> None:
    torch.manual_seed(0)
    net = FromScratch(numeric=3, outputs=2, widths=[4], activation="tanh").double()
    assert torch.autograd.gradcheck(net, torch.randn(2, 3, dtype=torch.float64, requires_grad=True))


def test_large_numbers_do_not_overflow() -> None:
    with np.errstate(over="raise", invalid="raise"):
        assert activate("sigmoid", np.array([-1e4, 0.0, 1e4])).tolist() == [0, 0.5, 1]
        loss, gradient = cross_entropy(np.array([[1e4, -1e4]]), np.array([1]))
    assert loss == 2e4
    assert gradient.tolist() == [[1, -1]]


def test_errors_say_what_to_do() -> None:
    net, _ = twins("relu")
    with pytest.raises(ValueError, match=r"expected \(batch, 5\)"):
        net.forward(np.zeros(5))
    with pytest.raises(ValueError, match=r"Call forward\(x\) first"):
        net.backward(np.zeros((1, 3)))
    with pytest.raises(ValueError, match="Did you mean 'relu'"):
        FromScratch(numeric=1, outputs=1, activation="rellu")
