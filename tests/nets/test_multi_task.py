"""Several tasks on one trunk: outputs side by side, told apart again; any net may be the trunk."""

import pytest
import torch
from torch.nn import functional as F

from netwright.nets.multi_task import MultiTask

TABLE = {"name": "mlp", "numeric": 3, "width": 16, "depth": 1}
TEXT = {"name": "gru", "vocab": 9, "width": 4, "hidden_size": 8, "pool": "none"}


def test_shape_gradient_and_one_batch(check, rng) -> None:
    net = check.build("multi-task", {"trunk": TABLE, "heads": [4, 1], "width": 8})
    rows = torch.randn(6, 3, generator=rng)
    assert net(rows).shape == (6, 5)
    check.gradient_reaches_every_parameter(net, (rows,))
    classes, numbers = torch.arange(6) % 4, torch.randn(6, 1, generator=rng)

    def loss(outputs, _):
        first, second = net.split(outputs)
        return F.cross_entropy(first, classes) + F.mse_loss(second, numbers)

    check.overfits(net, (rows,), classes, loss=loss, lr=2e-2, steps=250)


def test_a_task_moves_its_own_head_and_the_trunk_alone(rng) -> None:
    net = MultiTask(trunk=TABLE, heads=[2, 2], width=8)
    net.split(net(torch.randn(5, 3, generator=rng)))[0].sum().backward()
    assert all(bool(p.grad.any()) for p in net.trunk.parameters())
    first, second = net.heads
    assert bool(first.weight.grad.any()) and not bool(second.weight.grad.any())


def test_a_trunk_that_answers_at_every_step() -> None:
    net = MultiTask(trunk=TEXT, heads=[4, 2], width=8)
    outputs = net(torch.tensor([[1, 2, 3]]))
    assert [part.shape for part in net.split(outputs)] == [(1, 3, 4), (1, 3, 2)]


def test_the_heads_by_hand(rng) -> None:
    net = MultiTask(trunk=TABLE, heads=[2, 1], width=8).eval()
    rows = torch.randn(5, 3, generator=rng)
    shared = net.trunk(rows).clamp_min(0)
    expected = [shared @ head.weight.t() + head.bias for head in net.heads]
    torch.testing.assert_close(net(rows), torch.cat(expected, 1))


def test_errors_say_what_to_do() -> None:
    with pytest.raises(ValueError, match="expected a name and no outputs"):
        MultiTask(trunk={"numeric": 3}, heads=[2])
    with pytest.raises(ValueError, match=r"heads\[1\] is 0; expected at least 1"):
        MultiTask(trunk=TABLE, heads=[2, 0])
    with pytest.raises(ValueError, match="Did you mean 'mlp'"):
        MultiTask(trunk={"name": "mpl"}, heads=[2])
