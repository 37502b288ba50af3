"""Actor and critic: two answers, apart or over shared layers; all actions are tried at first."""

import pytest
import torch
from torch.nn import functional as F

from netwright.nets.actor_critic import ActorCritic

SIZES = {"in_features": 4, "outputs": 3, "widths": [16, 8]}


@pytest.mark.parametrize("shared", [False, True])
def test_shapes_gradients_and_one_batch(check, rng, shared) -> None:
    net = check.build("actor-critic", SIZES | {"shared": shared})
    states, actions = torch.randn(6, 4, generator=rng), torch.arange(6) % 3
    returns = torch.randn(6, generator=rng)
    logits, values = net(states)
    assert logits.shape == (6, 3) and values.shape == (6,)
    (F.cross_entropy(logits, actions) + (values - returns).square().mean()).backward()
    assert all(p.grad is not None and p.grad.any() for p in net.parameters())

    def loss(outputs, _):
        logits, values = outputs
        return F.cross_entropy(logits, actions) + F.mse_loss(values, returns)

    check.overfits(net, (states,), returns, loss=loss, lr=2e-2, steps=300)


@pytest.mark.parametrize("shared", [False, True])
def test_whether_the_critic_moves_the_actors_layers(rng, shared) -> None:
    net = ActorCritic(**SIZES, shared=shared)
    net(torch.randn(6, 4, generator=rng))[1].sum().backward()
    moved = any(p.grad is not None for p in net.hidden.parameters())
    assert moved == shared


def test_at_first_each_action_has_nearly_the_same_chance(rng) -> None:
    logits, values = ActorCritic(**SIZES)(torch.randn(64, 4, generator=rng))
    assert (logits.softmax(1) - 1 / 3).abs().max() < 0.02
    assert values.std() > 0.1


def test_the_two_answers_by_hand(rng) -> None:
    net = ActorCritic(**SIZES)
    states = torch.randn(6, 4, generator=rng)
    x, seen = states, states
    for layer in (0, 2):
        x, seen = net.hidden[layer](x).tanh(), net.critic_hidden[layer](seen).tanh()
    logits, values = net(states)
    torch.testing.assert_close(logits, x @ net.actor.weight.t() + net.actor.bias)
    torch.testing.assert_close(values, (seen @ net.critic.weight.t() + net.critic.bias)[:, 0])
