from pathlib import Path

import numpy as np
import pytest
import torch
from diagnose_runs import Data, curve, mlp, names, train
from watched_scripts import alarms

from netwright.diagnose.diagnose import diagnose
from netwright.diagnose.faults.overfitting import overfitting
from netwright.watch.trace import Trace


def noisy(rows: int) -> Data:
    """Two classes in 20 features, a fifth of the labels wrong."""
    generator = torch.Generator().manual_seed(0)
    x = torch.randn(rows + 300, 20, generator=generator)
    y = (x[:, 0] + x[:, 1] > 0).long()
    wrong = torch.rand(len(y), generator=generator) < 0.2
    y = torch.where(wrong, 1 - y, y)
    return x[:rows], y[:rows], x[rows:], y[rows:]


def test_a_wide_net_on_few_rows_and_a_small_one_on_many() -> None:
    torch.manual_seed(0)
    assert "overfitting" in names(train(mlp(20, 2, width=128), noisy(80), epochs=30))
    torch.manual_seed(0)
    assert names(train(mlp(20, 2, width=4, depth=1), noisy(3000), epochs=8, batch=64)) == []


def rising(*, restored: bool = False, metric: float | None = None) -> Trace:
    trace = curve(Trace(), "loss.train", np.linspace(1.0, 0.1, 20))
    bowl = [1.0, 0.8, 0.6, 0.5, 0.45, 0.44, *np.linspace(0.45, 0.8, 14)]
    curve(trace, "loss.validation", bowl)
    if restored:
        curve(trace, "weights.restored", [1.0])
    if metric is not None:
        curve(
            trace, "metric.validation", [*np.linspace(0.5, 0.8, 6), *np.linspace(0.8, metric, 14)]
        )
    return trace


def test_it_is_a_note_where_nothing_is_lost() -> None:
    def severity(trace: Trace) -> list[str]:
        return [f.severity for f in diagnose(trace) if f.fault == "overfitting"]

    assert severity(rising()) == ["warning"]
    assert severity(rising(metric=0.7)) == ["warning"]
    assert severity(rising(metric=0.81)) == ["info"]
    assert severity(rising(restored=True)) == ["info"]


def test_one_bad_epoch_is_none() -> None:
    validation = [1.0, 0.8, 0.6, 0.5, 0.45, 0.43, 0.7, 0.42, 0.43, 0.42, 0.41, 0.42]
    trace = curve(Trace(), "loss.train", np.linspace(1.0, 0.3, 12))
    assert names(curve(trace, "loss.validation", validation)) == []


SCRIPT = """
import torch
from torch import nn
from torch.nn import functional as F
torch.manual_seed(0)
x = torch.randn(400, 10)
y = x[:, 0] - 2 * x[:, 1] + x[:, 2]
y[:60] += 2.5 * torch.randn(60)
net = nn.Sequential(nn.Linear(10, 128), nn.ReLU(), nn.Linear(128, 1))
opt = torch.optim.Adam(net.parameters(), lr=0.01)
for epoch in range({}):
    for rows in torch.randperm(60).split(15):
        loss = F.mse_loss(net(x[rows]).squeeze(1), y[rows])
        opt.zero_grad()
        loss.backward()
        opt.step()
with torch.no_grad():
    error = ((net(x[60:]).squeeze(1) - y[60:]) ** 2).mean()
"""


def test_a_script_that_computes_no_validation_loss(tmp_path: Path) -> None:
    assert alarms(SCRIPT.format(60), tmp_path) == ["overfitting"]
    assert alarms(SCRIPT.format(6), tmp_path) == []
    keeps = (
        "    if epoch == 5:\n        best = {k: v.clone() for k, v in net.state_dict().items()}\n"
    )
    brings = "net.load_state_dict(best)\n"
    restored = SCRIPT.format(60).replace("with torch", f"{keeps}{brings}with torch")
    assert alarms(restored, tmp_path) == []


BESIDE = """
import torch
from torch import nn
from torch.nn import functional as F
torch.manual_seed(0)
x = torch.randn(260, 10)
y = x[:, :1] + torch.randn(260, 1)
net = nn.Sequential(nn.Linear(10, 128), nn.ReLU(), nn.Linear(128, 1))
opt = torch.optim.Adam(net.parameters(), lr=0.01)
for epoch in range({}):
    for rows in torch.randperm(60).split(20):
        loss = F.mse_loss(net(x[rows]), y[rows])
        opt.zero_grad()
        loss.backward()
        opt.step()
    with torch.no_grad():
        train = F.mse_loss(net(x[:60]), y[:60])
        valid = F.mse_loss(net(x[60:]), y[60:])
"""


def test_training_rows_judged_before_those_held_out(tmp_path: Path) -> None:
    assert alarms(BESIDE.format(60), tmp_path)[0] == "overfitting"


@pytest.mark.parametrize(
    ("there", "gain", "noise", "told"),
    [
        (0.59, 0.21, 0.07, True),  # few rows, but a large gap and a large gain
        (0.59, 0.21, 0.09, False),
        (0.59, 0.12, 0.045, False),
        (0.80, 0.19, 0.07, False),  # a gap that a small set may show
        (0.80, 0.12, 0.03, True),
    ],
)
def test_a_stop_that_gains_is_told_by_its_size(
    there: float, gain: float, noise: float, *, told: bool
) -> None:
    trace = Trace()
    for step in range(40):
        trace.record("loss", "", step, 1 / (1 + step))
    values = {
        "skill.train": 1.0, "skill.train.noise": 0.01, "skill.evaluated": there,
        "skill.evaluated.noise": 0.03, "stopped.gain": gain, "stopped.noise": noise,
        "stopped.step": 10,
    }  # fmt: skip
    for signal, value in values.items():
        trace.record(signal, "", 40, value)
    assert bool(list(overfitting(trace))) is told
