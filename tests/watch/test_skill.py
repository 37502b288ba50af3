import torch

from netwright.watch.skill import Goals, answers, goals, recalls, skill


def test_chance_is_0_and_all_right_is_1_whatever_the_shares() -> None:
    target = torch.tensor([0] * 90 + [1] * 10)
    goal = goals("cross_entropy", target, 2)
    assert goal is not None
    for answer, expected in ((torch.zeros(100).long(), 0.0), (target, 1.0), (1 - target, -1.0)):
        found = skill(goal, answer)
        assert found is not None and found[0] == expected and found[1] > 0
    half = target.clone()
    half[90:95] = 0
    found = skill(goal, half)
    assert found is not None and abs(found[0] - 0.5) < 1e-9
    assert recalls(goal, half) == {0: (90, 1.0), 1: (10, 0.5)}


def test_of_numbers_it_is_r2() -> None:
    y = torch.arange(40.0)
    goal = goals("mse_loss", y[:, None], 1)
    assert goal is not None and goal.classes == 0
    for answer, expected in ((y, 1.0), (torch.full((40,), 19.5), 0.0)):
        found = skill(goal, answer.double())
        assert found is not None and abs(found[0] - expected) < 1e-6


def test_targets_are_read_as_the_loss_does() -> None:
    two = goals("binary_cross_entropy_with_logits", torch.tensor([[0.0], [1.0]]), 1)
    assert two is not None and two.values.tolist() == [0, 1]
    logits = answers(two, torch.tensor([[-0.2], [0.3]]))
    assert logits is not None and logits.tolist() == [0, 1]
    hot = goals("binary_cross_entropy", torch.eye(3), 3)
    assert hot is not None and hot.values.tolist() == [0, 1, 2]
    assert goals("binary_cross_entropy", torch.ones(4, 3), 3) is None  # several answers a row
    assert goals("cross_entropy", torch.zeros(4, 7).long(), 5) is None  # one for each time step


def test_rows_of_one_class_tell_nothing() -> None:
    assert skill(Goals("cross_entropy", torch.zeros(50).long(), 2), torch.zeros(50).long()) is None
