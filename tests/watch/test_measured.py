"""Scores of a training that is watched from outside: losses and comparisons of its evaluation."""

from collections.abc import Iterator
from pathlib import Path

import pytest
import torch
from torch import Tensor, nn
from torch.nn import functional as F

from netwright.watch.comparisons import attach_comparisons_
from netwright.watch.intervene import Intervention, intervene_
from netwright.watch.measured import Measured
from netwright.watch.patches import attach_
from netwright.watch.rewire import around_nets


@pytest.fixture
def measured() -> Iterator[Measured]:
    found = Measured(Path(__file__).parent)
    undo = [attach_(found), attach_comparisons_(found)]
    yield found
    for put_back in reversed(undo):
        put_back()


class Fixed(nn.Module):
    """Answers with its inputs, as logits or values."""

    def __init__(self) -> None:
        super().__init__()
        self.scale = nn.Parameter(torch.ones(()))

    def forward(self, x: Tensor) -> Tensor:
        return x * self.scale


def logits(classes: list[int]) -> Tensor:
    return F.one_hot(torch.tensor(classes), 3).float()


def train(net: nn.Module) -> None:
    optimizer = torch.optim.SGD(net.parameters(), lr=0.0)
    F.mse_loss(net(torch.ones(2, 3)), torch.zeros(2, 3)).backward()
    optimizer.step()


def test_right_answers_counted_by_hand_are_the_score(measured: Measured) -> None:
    net = Fixed()
    train(net)
    net.eval()
    targets = torch.tensor([0, 1, 2, 0])
    with torch.no_grad():
        for rows in (slice(0, 2), slice(2, 4)):
            predicted = net(logits([0, 1, 1, 1])[rows]).argmax(1)
            (predicted == targets[rows]).sum().item()
    found = measured.evaluation()
    assert found is not None and (found.name, found.value) == ("accuracy", 0.5)


def test_answers_gathered_over_batches_are_compared_at_the_end(measured: Measured) -> None:
    net = Fixed()
    train(net)
    net.eval()
    answers = [net(logits(some)).argmax(1) for some in ([0, 1], [2, 1], [2])]
    torch.ne(torch.cat(answers), torch.tensor([0, 1, 2, 0, 0])).float().mean()
    found = measured.evaluation()
    assert found is not None and (found.name, found.value) == ("accuracy", pytest.approx(0.6))


def test_squared_errors_by_hand(measured: Measured) -> None:
    net = Fixed()
    train(net)
    with torch.no_grad():
        answers = net(torch.tensor([[1.0], [3.0]])).squeeze(1)
        answers - answers.mean()  # of other shape: no target
        ((answers - torch.tensor([2.0, 5.0])) ** 2).mean()
    found = measured.evaluation()
    assert found is not None and (found.name, found.value) == ("mse", 2.5)


def test_right_answers_come_before_a_loss_of_no_known_meaning(measured: Measured) -> None:
    net = Fixed()
    train(net)
    with torch.no_grad():
        out = net(logits([0, 1]))
        F.multi_margin_loss(out, torch.tensor([0, 0]))
        assert (out.argmax(1) == torch.tensor([0, 0])).tolist() == [True, False]
    found = measured.evaluation()
    assert found is not None and (found.name, found.value) == ("accuracy", 0.5)


def test_what_training_and_other_tensors_compare_is_no_score(measured: Measured) -> None:
    net = Fixed()
    train(net)
    out = net(logits([0, 1]))  # in training
    assert (out.argmax(1) == torch.tensor([0, 1])).all()
    net.eval()
    net(logits([0, 1, 2]))
    assert (torch.arange(2) == torch.tensor([0, 1])).all()  # of two, not of three rows
    assert measured.evaluation() is None


def test_everything_is_put_back() -> None:
    before = (Tensor.__eq__, Tensor.sub, torch.ne)
    put_back = attach_comparisons_(Measured(Path(__file__).parent))
    assert Tensor.__eq__ is not before[0]
    put_back()
    assert (Tensor.__eq__, Tensor.sub, torch.ne) == before
    assert len({torch.ones(1), torch.ones(1)}) == 2  # tensors can still be hashed


def test_an_evaluation_before_the_first_step_is_not_the_score(measured: Measured) -> None:
    net = Fixed()
    targets = torch.tensor([0, 1])

    def validate(answers: list[int]) -> None:
        with torch.no_grad():
            (net(logits(answers)).argmax(1) == targets).float().mean()

    validate([1, 0])
    train(net)
    validate([0, 0])
    train(net)
    validate([0, 1])  # a last test, on another line
    found = measured.evaluation()
    assert found is not None and (found.name, found.value) == ("accuracy", 0.5)


def test_squared_errors_by_hand_of_answers_that_an_intervention_changed(
    measured: Measured,
) -> None:
    undo = intervene_([Intervention("raw-outputs")])
    put_back = around_nets(after=measured.answered_otherwise)
    try:
        net = nn.Sequential(Fixed(), nn.ReLU())
        train(net)
        with torch.no_grad():
            ((net(torch.tensor([[-1.0], [2.0]])) - torch.tensor([[-1.0], [4.0]])) ** 2).mean()
    finally:
        put_back()
        undo()
    found = measured.evaluation()
    assert found is not None and (found.name, found.value) == ("mse", 2.0)


def test_a_loss_of_training_in_eval_mode_is_no_evaluation(measured: Measured) -> None:
    net = Fixed().eval()
    optimizer = torch.optim.SGD(net.parameters(), lr=0.0)
    for _ in range(2):
        F.cross_entropy(net(logits([0, 1])), torch.tensor([1, 0])).backward()
        optimizer.step()
    with torch.no_grad():
        (net(logits([0, 1])).argmax(1) == torch.tensor([0, 1])).float().mean()
    found = measured.evaluation()
    assert found is not None and (found.name, found.value) == ("accuracy", 1.0)
