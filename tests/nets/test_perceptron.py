"""The perceptron: signs where asked, a gradient through them, it learns what a line can part."""

import pytest
import torch

from netwright.nets.mlp import MLP
from netwright.nets.perceptron import Perceptron


def test_shape_gradient_and_one_batch(check, rng) -> None:
    net = check.build("perceptron", {"numeric": 6, "cardinalities": [3], "outputs": 3})
    inputs = (torch.randn(6, 6, generator=rng), (torch.arange(6) % 3)[:, None])
    assert net(*inputs).shape == (6, 3)
    check.gradient_reaches_every_parameter(net, inputs)
    check.overfits(net, inputs, torch.arange(6) % 3, lr=0.1)


def test_hard_outputs_are_signs_and_pass_the_gradient_near_the_threshold_only() -> None:
    net = Perceptron(numeric=1, outputs=1, hard=True)
    with torch.no_grad():
        net.linear.weight.fill_(1)
        net.linear.bias.zero_()
    x = torch.tensor([[-3.0], [-0.5], [0.0], [0.5], [3.0]], requires_grad=True)
    y = net(x)
    assert y.flatten().tolist() == [-1, -1, 1, 1, 1]
    y.sum().backward()
    assert x.grad is not None
    assert x.grad.flatten().tolist() == [0, 1, 1, 1, 0]


def test_hard_units_learn_and_but_not_xor() -> None:
    points = torch.tensor([[0.0, 0.0], [0.0, 1.0], [1.0, 0.0], [1.0, 1.0]]) * 2 - 1
    answers = {"and": [-1.0, -1, -1, 1], "xor": [-1.0, 1, 1, -1]}
    reached = {}
    for name, answer in answers.items():
        torch.manual_seed(0)
        net = Perceptron(numeric=2, outputs=1)
        targets = torch.tensor(answer)[:, None]
        for _ in range(100):
            loss = (-net(points) * targets + 0.1).clamp(min=0).sum()
            grads = torch.autograd.grad(loss, list(net.parameters()))
            with torch.no_grad():
                for p, g in zip(net.parameters(), grads, strict=True):
                    p -= 0.1 * g
        net.hard = True
        reached[name] = bool((net(points) == targets).all())
    assert reached == {"and": True, "xor": False}


CORNERS = torch.tensor([[0.0, 0.0], [0.0, 1.0], [1.0, 0.0], [1.0, 1.0]])


@pytest.mark.parametrize(
    ("weights", "bias", "answers"),
    [
        ([1.0, 1.0], -2.0, [-1, -1, -1, 1]),  # and
        ([1.0, 1.0], -1.0, [-1, 1, 1, 1]),  # or
        ([-1.0, -1.0], 1.5, [1, 1, 1, -1]),  # nand
        ([-1.0, 0.0], 0.5, [1, 1, -1, -1]),  # not the first
    ],
)
def test_a_threshold_unit_is_a_logic_gate(weights, bias, answers) -> None:
    net = Perceptron(numeric=2, outputs=1, hard=True)
    with torch.no_grad():
        net.linear.weight.copy_(torch.tensor([weights]))
        net.linear.bias.fill_(bias)
    assert net(CORNERS).flatten().tolist() == answers


def test_two_hidden_threshold_units_are_xor_but_pass_no_gradient() -> None:
    net = MLP(numeric=2, outputs=1, widths=[2], activation="step")
    hidden, _, output = net.layers
    with torch.no_grad():
        hidden.weight.copy_(torch.ones(2, 2))
        hidden.bias.copy_(torch.tensor([-1.0, -2.0]))  # "or" and "and"
        output.weight.copy_(torch.tensor([[1.0, -1.0]]))
        output.bias.zero_()
    assert net(CORNERS).flatten().tolist() == [0, 1, 1, 0]
    net(CORNERS).sum().backward()
    assert not hidden.weight.grad.any() and output.weight.grad.any()


@pytest.mark.parametrize("outputs", [1, 3])
def test_rosenblatts_rule_is_the_gradient_of_the_perceptron_loss(outputs: int, rng) -> None:
    net = Perceptron(numeric=4, cardinalities=[3], outputs=outputs)
    inputs = (torch.randn(30, 4, generator=rng), (torch.arange(30) % 3)[:, None])
    targets = torch.randint(max(outputs, 2), (30,), generator=rng)
    sums = net(*inputs)
    if outputs == 1:
        loss = (-(2 * targets - 1) * sums[:, 0]).relu().sum()
    else:
        loss = (sums.amax(1) - sums[torch.arange(30), targets]).sum()
    expected = torch.autograd.grad(loss, [net.linear.weight, net.linear.bias])
    missed = net.fill_grad(inputs, targets)
    found = (net.linear.weight.grad, net.linear.bias.grad)
    torch.testing.assert_close(found, expected)
    right = (sums[:, 0] >= 0).long() if outputs == 1 else sums.argmax(1)
    assert missed == int((right != targets).sum()) > 0


def follow(net: Perceptron, rows: torch.Tensor, targets: torch.Tensor, rounds: int) -> list[int]:
    """Follow the rule a row at a time; return the changes of each round, until there is none."""
    optimizer = torch.optim.SGD(net.parameters(), lr=1.0)
    changes = [-1]
    while changes[-1] and len(changes) <= rounds:
        changes.append(0)
        for row, target in zip(rows.split(1), targets.split(1), strict=True):
            changes[-1] += net.fill_grad((row,), target)
            optimizer.step()
    return changes[1:]


def test_rosenblatts_rule_ends_where_a_line_parts_the_classes_and_not_at_xor(rng) -> None:
    normal = torch.tensor([3.0, -4.0]) / 5
    rows = torch.randn(200, 2, generator=rng)
    rows = rows[(rows @ normal).abs() > 0.2]
    net = Perceptron(numeric=2, outputs=1)
    torch.nn.init.zeros_(net.linear.weight)
    changes = follow(net, rows, (rows @ normal > 0).long(), rounds=1000)
    most = float((rows.square().sum(1) + 1).max()) / 0.2**2  # Novikoff 1962: (radius / margin)^2
    assert changes[-1] == 0 and 0 < sum(changes) <= most
    corners = torch.tensor([[0.0, 0], [0, 1], [1, 0], [1, 1]])
    assert follow(Perceptron(numeric=2, outputs=1), corners, torch.tensor([0, 1, 1, 0]), 200)[-1]
