from pathlib import Path

import numpy as np
import pytest
import torch
from diagnose_runs import curve, mlp, names, train, waves
from torch.nn import functional as F
from watched_scripts import alarms

from netwright.diagnose.diagnose import diagnose
from netwright.watch.retried import further
from netwright.watch.trace import Trace


def test_a_run_cut_short_and_the_twin() -> None:
    torch.manual_seed(0)
    short = train(mlp(4, 1), waves(), loss=F.mse_loss, lr=1e-3, epochs=8)
    assert names(short) == ["undertrained"]
    torch.manual_seed(0)
    full = train(mlp(4, 1), waves(), loss=F.mse_loss, lr=3e-3, epochs=60)
    assert names(full) == []


def test_a_curve_that_comes_to_rest_is_none_and_one_that_still_slopes_a_note() -> None:
    def found(values: np.ndarray) -> list[str]:
        return [f.severity for f in diagnose(curve(Trace(), "loss.validation", values))]

    epochs = np.arange(20)
    assert found(0.2 + np.exp(-epochs / 3)) == []
    assert found(0.2 + np.exp(-epochs / 9)) == ["info"]
    assert found(2.0 - 0.05 * epochs) == ["warning"]
    noise = 0.05 * np.random.default_rng(0).normal(size=20)
    assert found(1.0 + noise) == []


def test_nothing_is_left_to_win_where_the_answers_are_right() -> None:
    def found(right: float) -> list[str]:
        trace = curve(Trace(), "loss.validation", 2.0 - 0.05 * np.arange(20))
        trace.record("right.validation", "", 20, right)
        return [f.severity for f in diagnose(trace)]

    assert (found(0.6), found(0.99)) == (["warning"], ["info"])


ENDED = """
import torch
from torch import nn
from torch.nn import functional as F
torch.manual_seed(0)
y = torch.randint(0, 4, (900,))
x = torch.randn(4, 10)[y] + torch.randn(900, 10)
net = nn.Sequential(nn.Linear(10, 32), nn.ReLU(), nn.Linear(32, 4))
opt = torch.optim.SGD(net.parameters(), lr={})
for epoch in range({}):
    for rows in torch.randperm(600).split(20):
        loss = F.cross_entropy(net(x[rows]), y[rows])
        opt.zero_grad()
        loss.backward()
        opt.step()
with torch.no_grad():
    right = (net(x[600:]).argmax(1) == y[600:]).float().mean()
"""


def test_a_script_without_a_curve_is_let_go_on(tmp_path: Path) -> None:
    assert alarms(ENDED.format(0.02, 1), tmp_path)[0] == "undertrained"
    assert alarms(ENDED.format(0.1, 10), tmp_path) == []


MAPS = """
import torch
from torch import nn
from torch.nn import functional as F
torch.manual_seed(0)
x = (torch.rand(300, 1, 8, 8) < 0.4).float()
y = F.conv2d(x, torch.ones(1, 1, 3, 3), padding=1).gt(3.5).float()
net = nn.Sequential(nn.Conv2d(1, 16, 3, padding=1), nn.ReLU(), nn.Conv2d(16, 1, 1))
opt = torch.optim.Adam(net.parameters(), lr=0.001)
for epoch in range({}):
    for rows in torch.randperm(300).split(20):
        loss = F.binary_cross_entropy_with_logits(net(x[rows]), {}[rows])
        opt.zero_grad()
        loss.backward()
        opt.step()
"""


def test_maps_that_hardly_began_to_be_learned(tmp_path: Path) -> None:
    assert alarms(MAPS.format(2, "y"), tmp_path) == ["undertrained"]
    assert alarms(MAPS.format(40, "y"), tmp_path) == []
    noise = MAPS.format(2, "y").replace("gt(3.5).float()", "gt(3.5).float()[torch.randperm(300)]")
    assert alarms(noise, tmp_path) == []


def test_a_net_that_is_worse_than_a_constant_answer_has_another_fault() -> None:
    def found(end: float) -> list[str]:
        trace = Trace()
        for name, value in (("loss.trivial", 0.02), ("going.on.from", end)):
            trace.record(name, "", 100, value)
        trace.record("going.on.same", "", 100, 0.01)
        return [f.fault for f in diagnose(trace)]

    assert (found(0.019), found(0.036)) == (["undertrained"], [])  # 0.036: targets that move


def test_a_net_that_tells_hardly_anything_and_wins_as_much_again_by_going_on() -> None:
    def found(further: float) -> list[str]:
        trace = Trace()
        seen = {"loss.trivial": 2.74, "going.on.from": 2.55, "going.on.same": further}
        for name, value in seen.items():
            trace.record(name, "", 60, value)
        return [f.fault for f in diagnose(trace)]

    assert (found(2.45), found(2.52)) == (["undertrained"], [])


@pytest.mark.parametrize(("steps", "more"), [(8, 10), (33, 33), (90, 60), (200, 100), (900, 150)])
def test_a_short_run_goes_on_for_longer_than_half_of_it(steps: int, more: int) -> None:
    assert further(steps) == more
