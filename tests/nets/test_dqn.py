"""The Q-network: values of all actions; duelling ones are a mean and what each action adds."""

import pytest
import torch
from torch.nn import functional as F

from netwright.nets.dqn import DQN

SIZES = {"in_features": 4, "outputs": 3, "widths": [16, 8]}


@pytest.mark.parametrize("dueling", [False, True])
def test_shape_gradient_and_one_batch(check, rng, dueling) -> None:
    net = check.build("dqn", SIZES | {"dueling": dueling, "activation": "silu"})
    states = torch.randn(6, 4, generator=rng)
    assert net(states).shape == (6, 3)
    check.gradient_reaches_every_parameter(net, (states,))
    targets = torch.randn(6, 3, generator=rng)
    check.overfits(net, (states,), targets, loss=F.mse_loss, lr=2e-2)


def test_without_branches_it_is_a_stack_of_linear_layers(rng) -> None:
    net = DQN(**SIZES)
    x = torch.randn(5, 4, generator=rng)
    linear = [layer for layer in net.modules() if isinstance(layer, torch.nn.Linear)]
    first, second, last = linear
    expected = last(second(first(x).relu()).relu())
    torch.testing.assert_close(net(x), expected)


def test_the_mean_of_duelling_values_is_the_value_of_the_state(rng) -> None:
    net = DQN(**SIZES, dueling=True)
    states = torch.randn(5, 4, generator=rng)
    hidden = net.hidden(states)
    torch.testing.assert_close(net(states).mean(1, keepdim=True), net.value(hidden))
    differences = net(states).diff(dim=1)
    torch.testing.assert_close(differences, net.advantage(hidden).diff(dim=1))


def test_a_net_without_hidden_layers_is_refused() -> None:
    with pytest.raises(ValueError, match="hidden_layers is 0; expected at least 1"):
        DQN(in_features=4, outputs=2, widths=[])
    assert DQN(in_features=4, outputs=2, widths=[8])(torch.zeros(1, 4)).shape == (1, 2)
