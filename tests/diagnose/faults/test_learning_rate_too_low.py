from pathlib import Path

import pytest
import torch
from diagnose_runs import blobs, curve, mlp, names, train
from watched_scripts import alarms

from netwright.watch.trace import Trace


@pytest.mark.parametrize(("lr", "found"), [(1e-6, ["learning-rate-too-low"]), (1e-2, [])])
def test_a_rate_of_a_millionth_and_the_twin(lr: float, found: list[str]) -> None:
    torch.manual_seed(0)
    assert names(train(mlp(8, 3), blobs(), lr=lr)) == found


def test_a_net_that_has_converged_may_move_little() -> None:
    torch.manual_seed(0)
    trace = curve(Trace(), "loss", 0.2 + 0.02 * torch.randn(50).numpy())
    curve(trace, "order", [0], place="0")
    curve(trace, "type:Linear", [1], place="0")
    curve(trace, "weight.norm", [1.0] * 50, place="0.weight")
    assert names(curve(trace, "update.ratio", [1e-6] * 50, place="0.weight")) == []


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


def test_a_script_without_a_curve_goes_on_at_ten_times_the_rate(tmp_path: Path) -> None:
    assert alarms(ENDED.format(5e-4, 5), tmp_path)[0] == "learning-rate-too-low"
    assert alarms(ENDED.format(0.1, 5), tmp_path) == []


def test_a_rate_that_never_leaves_the_start(tmp_path: Path) -> None:
    assert alarms(ENDED.format(1e-6, 3), tmp_path)[0] == "learning-rate-too-low"


def test_a_low_rate_without_an_evaluation_is_judged_on_training_rows(tmp_path: Path) -> None:
    code = ENDED.partition("with torch.no_grad()")[0]
    assert "learning-rate-too-low" in alarms(code.format(5e-4, 5), tmp_path)
    assert alarms(code.format(0.1, 5), tmp_path) == []
