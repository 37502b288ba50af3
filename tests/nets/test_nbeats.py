"""N-BEATS: starts as the naive forecast, residuals by hand, bases carry lines and waves on."""

import pytest
import torch
from torch import nn
from torch.nn import functional as F

from netwright.nets.nbeats import NBeats, bases

SMALL = {"in_channels": 2, "length": 12, "outputs": 4, "width": 16, "depth": 2}


@pytest.mark.parametrize(
    "options",
    [{}, {"stacks": ["trend", "seasonality"], "normalise": "revin", "target": 1, "dropout": 0.1}],
)
def test_shape_gradient_and_one_batch(check, rng, options) -> None:
    net = check.build("nbeats", SMALL | options)
    series = torch.randn(5, 12, 2, generator=rng)
    assert net(series).shape == (5, 4)
    for block in net.blocks:
        nn.init.normal_(block.forecast.weight, std=0.1)
    check.gradient_reaches_every_parameter(net, (series,))
    for module in net.modules():
        if isinstance(module, nn.Dropout):
            module.p = 0.0
    targets = torch.randn(5, 4, generator=rng)
    check.overfits(net, (series,), targets, loss=F.mse_loss, lr=5e-3, below=0.3)


def test_it_starts_as_the_naive_forecast() -> None:
    series = torch.arange(24.0).view(1, 12, 2)
    assert NBeats(**SMALL)(series).tolist() == [[0.0] * 4]
    assert NBeats(**SMALL, normalise="last", target=1)(series).tolist() == [[23.0] * 4]


def test_blocks_read_what_earlier_ones_left_over_and_forecasts_add_up(rng) -> None:
    net = NBeats(in_channels=1, length=6, outputs=2, stacks=["generic"], blocks=2, width=5)
    for block in net.blocks:
        nn.init.normal_(block.forecast.weight, generator=rng)
    window = torch.randn(3, 6, generator=rng)
    backcast, first = net.blocks[0](window)
    _, second = net.blocks[1](window - backcast)
    torch.testing.assert_close(net(window.unsqueeze(2)), first + second)


def test_bases_carry_a_line_and_a_wave_on_past_the_window() -> None:
    clock = torch.arange(-12, 6) / 12
    for kind, curve in (
        ("trend", 2 + 3 * clock - clock**2),
        ("seasonality", torch.sin(2 * torch.pi * 2 * torch.arange(-12, 6) / 6 + 1)),
    ):
        past, future = bases(kind, 12, 6, degree=2)
        weights = torch.linalg.lstsq(past.t().double(), curve[:12, None].double()).solution
        forecast = (weights.t() @ future.double())[0]
        torch.testing.assert_close(forecast, curve[12:].double(), atol=1e-4, rtol=1e-4)


def test_errors_say_what_to_do() -> None:
    with pytest.raises(ValueError, match="channels 0 to 1"):
        NBeats(**SMALL, target=2)
    with pytest.raises(ValueError, match="Did you mean 'seasonality'"):
        NBeats(**SMALL, stacks=["seasonalty"])
