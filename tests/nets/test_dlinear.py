"""DLinear: starts as the naive forecast, the decomposition by hand."""

import pytest
import torch
from torch.nn import functional as F

from netwright.nets.dlinear import DLinear

SMALL = {"in_channels": 2, "length": 12, "outputs": 6}


@pytest.mark.parametrize("normalise", ["none", "last", "mean", "revin"])
def test_shape_gradient_and_one_batch(check, rng, normalise) -> None:
    net = check.build("dlinear", SMALL | {"normalise": normalise, "target": 1, "season": 4})
    series = torch.randn(5, 12, 2, generator=rng)
    assert net(series).shape == (5, 6)
    check.gradient_reaches_every_parameter(net, (series,))
    targets = torch.randn(5, 6, generator=rng)
    check.overfits(net, (series,), targets, loss=F.mse_loss, lr=0.02, steps=400)


def test_it_starts_as_the_naive_forecast() -> None:
    series = torch.arange(24.0).view(1, 12, 2)  # channel 1 holds 1, 3, ..., 23
    last = DLinear(**SMALL, target=1, normalise="last")
    assert last(series).tolist() == [[23.0] * 6]
    season = DLinear(**SMALL, target=1, season=4, normalise="mean")
    torch.testing.assert_close(season(series), torch.tensor([[17.0, 19.0, 21.0, 23.0, 17.0, 19.0]]))


def test_trend_and_rest_by_hand() -> None:
    net = DLinear(in_channels=1, length=4, outputs=1, kernel_size=3, normalise="none")
    with torch.no_grad():
        net.trend.weight.copy_(torch.tensor([[0.0, 1.0, 0.0, 0.0]]))
        net.rest.weight.copy_(torch.tensor([[0.0, 0.0, 0.0, 10.0]]))
    series = torch.tensor([1.0, 2.0, 6.0, 9.0]).view(1, 4, 1)
    # trend: (1+1+2)/3, (1+2+6)/3 = 3, ..., (6+9+9)/3 = 8; so 3 + 10 * (9 - 8).
    assert net(series).item() == pytest.approx(13.0)


def test_revin_forecasts_do_not_depend_on_level_and_scale(rng) -> None:
    net = DLinear(in_channels=1, length=12, outputs=3, normalise="revin")
    torch.nn.init.normal_(net.trend.weight, generator=rng)
    torch.nn.init.normal_(net.rest.weight, generator=rng)
    series = torch.randn(4, 12, 1, generator=rng)
    torch.testing.assert_close(net(5 * series + 100), 5 * net(series) + 100, rtol=1e-4, atol=1e-3)
    assert net(torch.full((1, 12, 1), 7.0)).tolist() == [[7.0] * 3]


def test_errors_say_what_to_do() -> None:
    with pytest.raises(ValueError, match="channels 0 to 1"):
        DLinear(**SMALL, target=2)
    with pytest.raises(ValueError, match="season is 24 steps"):
        DLinear(**SMALL, season=24)
    with pytest.raises(ValueError, match="Did you mean 'revin'"):
        DLinear(**SMALL, normalise="revim")
