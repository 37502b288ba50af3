"""A trial trains a copy within its bounds and leaves the net alone."""

import time

import torch
from torch import Tensor, nn

from netwright.train.trial import trial

X, Y = torch.arange(8.0)[:, None] / 8, torch.arange(8.0)[:, None]


def _loss(net: nn.Module) -> Tensor:
    found: Tensor = ((net(X) - Y) ** 2).mean()
    return found


def test_the_copy_learns_and_the_net_does_not() -> None:
    net = nn.Linear(1, 1)
    before = net.weight.clone()
    done = trial(net, _loss, lr=0.1, steps=100, seconds=30)
    assert done.ended == "steps" and len(done.losses) == 100
    assert done.losses[-1] < 0.5 * done.losses[0]
    assert torch.equal(net.weight, before) and net.weight.grad is None


def test_it_ends_at_its_goal_its_time_or_when_it_breaks() -> None:
    net = nn.Linear(1, 1)
    assert trial(net, _loss, lr=0.1, steps=100, seconds=30, goal=lambda _, x: True).ended == "goal"
    begun = time.monotonic()
    assert trial(net, _loss, lr=0.1, steps=10**6, seconds=0.2).ended == "time"
    assert time.monotonic() - begun < 2
    broken = trial(net, lambda n: _loss(n) * float("nan"), lr=0.1, steps=10, seconds=1)
    assert broken.ended == "not finite" and len(broken.losses) == 1
