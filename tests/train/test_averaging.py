"""EMA and SWA against hand-computed averages; batch-norm statistics of an average."""

import torch
from torch import nn

from netwright.plan.plan import Recipe
from netwright.train.averaging import Average


def _walk(average: Average, net: nn.Linear, values: list[float], *, total: int) -> None:
    for number, value in enumerate(values):
        with torch.no_grad():
            net.weight.fill_(value)
        average.update((number + 1) / total)


def test_without_an_average_the_net_itself_is_judged() -> None:
    net = nn.Linear(1, 1)
    average = Average(net, Recipe())
    average.update(0.5)
    assert average.net is net


def test_ema_follows_with_a_warmed_up_decay() -> None:
    net = nn.Linear(1, 1)
    average = Average(net, Recipe(ema=0.5))
    _walk(average, net, [1.0, 2.0, 4.0], total=3)
    # The first update copies; then decay is min(0.5, 2/11), min(0.5, 3/12).
    expected = 1.0
    for value, decay in ((2.0, 2 / 11), (4.0, 3 / 12)):
        expected = decay * expected + (1 - decay) * value
    torch.testing.assert_close(average.net.weight.item(), expected)  # type: ignore[union-attr]


def test_swa_is_the_mean_of_weights_after_its_start() -> None:
    net = nn.Linear(1, 1)
    average = Average(net, Recipe(swa=0.5))
    _walk(average, net, [9.0, 1.0, 2.0, 6.0], total=4)
    torch.testing.assert_close(average.net.weight.item(), 3.0)  # type: ignore[union-attr]


def test_batch_statistics_of_an_swa_net_are_those_of_the_data() -> None:
    net = nn.Sequential(nn.BatchNorm1d(2))
    average = Average(net, Recipe(swa=0.0))
    average.update(0.5)
    assert average.needs_batch_statistics
    data = torch.randn(64, 2, generator=torch.Generator().manual_seed(0)) * 3 + 5
    average.refresh_batch_statistics((part,) for part in data.split(16))
    norm = average.net[0]  # type: ignore[index]
    torch.testing.assert_close(norm.running_mean, data.mean(0))
    assert norm.momentum == 0.1
