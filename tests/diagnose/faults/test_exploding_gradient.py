import math
from pathlib import Path

import pytest
import torch
from diagnose_runs import Data, curve, names, train
from torch import Tensor, nn
from torch.nn import functional as F
from watched_scripts import alarms

from netwright.watch.trace import Trace


class Recurrent(nn.Module):
    """A plain RNN over 30 steps, begun as the identity: every step adds to the gradient."""

    def __init__(self) -> None:
        super().__init__()
        self.rnn = nn.RNN(2, 24, batch_first=True, nonlinearity="relu")
        self.out = nn.Linear(24, 1)
        with torch.no_grad():
            nn.init.eye_(self.rnn.weight_hh_l0)

    def forward(self, x: Tensor) -> Tensor:
        return self.out(self.rnn(x)[0][:, -1])


def sums() -> Data:
    x = torch.randn(200, 30, 2, generator=torch.Generator().manual_seed(0)) * 0.3
    y = x[:, :, :1].sum(1)
    return x[:150], y[:150], x[150:], y[150:]


def run(seed: int, clip: float | None) -> Trace:
    torch.manual_seed(seed)
    net = Recurrent()
    sgd = torch.optim.SGD(net.parameters(), lr=0.005, momentum=0.9)
    return train(
        net, sums(), loss=F.mse_loss, optimizer=sgd, epochs=10, batch=16, every=1, clip=clip
    )


@pytest.mark.parametrize("seed", range(2))
def test_a_long_rnn_without_and_with_clipping(seed: int) -> None:
    assert names(run(seed, None))[0] == "exploding-gradient"
    assert names(run(seed, 0.5)) == []


def test_spikes_that_cost_nothing_are_no_fault() -> None:
    trace = curve(
        Trace(), "grad.norm", [1.0] * 20 + [50.0] + [1.0] * 10 + [60.0, 1, 70] + [1.0] * 9
    )
    assert names(curve(trace, "loss", [1 / (1 + i) for i in range(43)])) == []


@pytest.mark.parametrize("grown", [True, False])
def test_not_finite_is_an_explosion_only_after_growth(grown: bool) -> None:
    norms = [1.0, 1.1, 0.9, 1.2, *([8.0, 90.0, 2e4, 1e9] if grown else [1.1]), math.nan]
    trace = curve(curve(Trace(), "grad.norm", norms), "loss", [1.0] * (len(norms) - 1) + [math.nan])
    found = names(trace)
    assert found == (["exploding-gradient"] * grown) + ["numerical-instability"]


GROWING = """
import torch
from torch import nn
from torch.nn import functional as F
torch.manual_seed(0)
x = torch.randn(300, 30, 2) * 0.3
y = x[:, :, :1].sum(1)
class Adder(nn.Module):
    def __init__(self):
        super().__init__()
        self.rnn = nn.RNN(2, 24, batch_first=True, nonlinearity="relu")
        self.out = nn.Linear(24, 1)
        with torch.no_grad():
            nn.init.eye_(self.rnn.weight_hh_l0).mul_({})
    def forward(self, x):
        return self.out(self.rnn(x)[0][:, -1])
net = Adder()
opt = torch.optim.SGD(net.parameters(), lr=0.02, momentum=0.9)
for epoch in range(6):
    for rows in torch.randperm(300).split(20):
        loss = F.mse_loss(net(x[rows]), y[rows])
        opt.zero_grad()
        loss.backward()
        opt.step()
"""


def test_signals_that_blow_up_before_the_first_step_and_the_twin(tmp_path: Path) -> None:
    assert alarms(GROWING.format(1.5), tmp_path)[0] == "exploding-gradient"
    assert "exploding-gradient" not in alarms(GROWING.format(0.9), tmp_path)
