import torch

from netwright.watch.baseline import predict
from netwright.watch.skill import goals, skill


def told(x: torch.Tensor, y: torch.Tensor, loss: str, columns: int) -> float:
    goal = goals(loss, y, columns)
    assert goal is not None
    known, others = torch.arange(len(y)) % 2 == 0, torch.arange(len(y)) % 2 == 1
    answer = predict(x[known], goal.at(known), x[others])
    assert answer is not None
    found = skill(goal.at(others), answer)
    assert found is not None
    return found[0]


def test_it_finds_what_is_there_and_nothing_where_nothing_is() -> None:
    torch.manual_seed(0)
    x = torch.randn(600, 5) * torch.tensor([1.0, 50.0, 1.0, 1.0, 0.0])  # one column is constant
    ring = (x[:, [0, 2]].norm(dim=1) > 1.2).long()
    assert told(x, ring, "cross_entropy", 2) > 0.7
    assert abs(told(x, ring[torch.randperm(600)], "cross_entropy", 2)) < 0.2
    assert told(x, x[:, 0] * x[:, 2], "mse_loss", 1) > 0.6


def test_token_numbers_are_counted() -> None:
    torch.manual_seed(0)
    ids = torch.randint(10, 500, (400, 12))
    y = torch.randint(0, 2, (400,))
    ids[:, 3] = torch.where(y == 1, torch.randint(2, 5, (400,)), torch.randint(5, 8, (400,)))
    assert told(ids, y, "cross_entropy", 2) > 0.9


def test_inputs_of_other_kinds_are_left_alone() -> None:
    goal = goals("mse_loss", torch.randn(8), 1)
    assert goal is not None
    assert predict(torch.full((8, 2), torch.nan), goal, torch.ones(8, 2)) is None
    assert predict(torch.ones(8, 9000), goal, torch.ones(8, 9000)) is None
