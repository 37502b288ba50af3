from pathlib import Path

from watched_scripts import LOOP, NUMBERS, alarms, judged

REGRESSION = LOOP.replace("F.cross_entropy", "F.mse_loss")
HOLES = """
missing = torch.rand(300, 4) < 0.04
x[missing] = -9999.0
x = (x - x.mean(0)) / x.std(0)
"""


def test_a_code_for_missing_values_and_the_twin(tmp_path: Path) -> None:
    first = judged(NUMBERS + HOLES + REGRESSION, tmp_path)[0]
    assert (first.fault, first.severity) == ("bad-input-values", "error")
    assert first.evidence["features"] == 4
    imputed = HOLES.replace("-9999.0", "0.0")
    assert alarms(NUMBERS + imputed + REGRESSION, tmp_path) == []


SERIES = """
import torch
from torch import nn
from torch.nn import functional as F
torch.manual_seed(0)
x = torch.randn(300, 8, 2)
y = x[:, -1, :1] + x[:, -2, 1:]
x[torch.rand(300, 8, 2) < 0.03] = 1e6
x = (x - x.mean()) / x.std()


class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.rnn, self.out = nn.GRU(2, 16, batch_first=True), nn.Linear(16, 1)

    def forward(self, v):
        return self.out(self.rnn(v)[0][:, -1])


net = Net()
opt = torch.optim.Adam(net.parameters(), lr=0.01)
"""


def test_a_code_in_series_and_the_twin(tmp_path: Path) -> None:
    loop = REGRESSION.replace("range(20)", "range(8)")
    assert alarms(SERIES + loop, tmp_path)[0] == "bad-input-values"
    assert "bad-input-values" not in alarms(SERIES.replace("1e6", "0.0") + loop, tmp_path)


def test_a_code_among_few_levels_and_a_rare_indicator(tmp_path: Path) -> None:
    counts = NUMBERS + "x = (x * 2).round()\ny = x[:, :1] - x[:, 1:2]\n"
    holes = "x[torch.rand(300, 4) < 0.05] = -9999.0\nx = x / x.std(0)\n"
    assert alarms(counts + holes + REGRESSION, tmp_path)[0] == "bad-input-values"
    rare = "x[:, 3] = (torch.rand(300) < 0.02).float() * 50\n"
    assert "bad-input-values" not in alarms(counts + rare + REGRESSION, tmp_path)


def test_numbers_that_are_none(tmp_path: Path) -> None:
    found = alarms(NUMBERS + "x[7, 2] = float('nan')\n" + REGRESSION, tmp_path)
    assert found[0] == "bad-input-values"
