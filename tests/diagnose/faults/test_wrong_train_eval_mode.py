from pathlib import Path

from watched_scripts import CLASSES, NUMBERS, alarms, judged

NET = """
net = nn.Sequential(nn.Linear(6, 32), nn.BatchNorm1d(32), nn.ReLU(), nn.Dropout(0.5),
                    nn.Linear(32, 3))
opt = torch.optim.Adam(net.parameters(), lr=0.01)
"""
LOOP = """
for epoch in range(20):
    net.train()
    for rows in torch.randperm(300).split(30):
        loss = F.cross_entropy(net(x[rows]), y[rows])
        opt.zero_grad()
        loss.backward()
        opt.step()
    net.eval()
    with torch.no_grad():
        right = (net(x).argmax(1) == y).float().mean().item()
"""
HARDER = CLASSES.replace("* 2 +", "* 0.5 +")


def test_evaluated_in_train_mode_and_the_twin(tmp_path: Path) -> None:
    first = judged(HARDER + NET + LOOP.replace("    net.eval()\n", ""), tmp_path)[0]
    assert (first.fault, first.severity) == ("wrong-train-eval-mode", "error")
    assert first.patch is not None and "net.eval()" in first.patch
    assert alarms(CLASSES + NET + LOOP, tmp_path) == []


def test_trained_in_eval_mode(tmp_path: Path) -> None:
    first = judged(CLASSES + NET + LOOP.replace("net.train()", "net.eval()"), tmp_path)[0]
    assert (first.fault, first.layer) == ("wrong-train-eval-mode", "1")


def test_left_in_eval_mode_by_the_first_evaluation(tmp_path: Path) -> None:
    left = LOOP.replace("    net.train()\n", "")
    assert alarms(HARDER + NET + left, tmp_path)[0] == "wrong-train-eval-mode"


def test_many_draws_of_the_same_rows_in_train_mode_are_meant(tmp_path: Path) -> None:
    draws = LOOP.replace("    net.eval()\n", "").replace(
        "right = (net(x).", "right = (torch.stack([net(x) for _ in range(6)]).mean(0)."
    )
    assert "wrong-train-eval-mode" not in alarms(HARDER + NET + draws, tmp_path)


def test_modes_swapped(tmp_path: Path) -> None:
    swapped = LOOP.replace("net.eval()", "net.??").replace("net.train()", "net.eval()")
    first = judged(HARDER + NET + swapped.replace("net.??", "net.train()"), tmp_path)[0]
    assert (first.fault, first.severity) == ("wrong-train-eval-mode", "error")
    assert "swapped" in first.explanation


REGRESSION = (
    NUMBERS
    + """
net = nn.Sequential(nn.Linear(4, 64), nn.ReLU(), nn.Dropout(0.3), nn.Linear(64, 1))
opt = torch.optim.Adam(net.parameters(), lr=0.01)
for epoch in range(30):
    net.train()
    for rows in torch.randperm(300).split(30):
        loss = F.mse_loss(net(x[rows]), y[rows])
        opt.zero_grad()
        loss.backward()
        opt.step()
net.eval()
with torch.no_grad():
    r2 = 1 - ((net(x) - y) ** 2).mean() / y.var()
"""
)


def test_an_error_of_numbers_is_larger_in_train_mode(tmp_path: Path) -> None:
    [first, *_] = judged(REGRESSION.replace("net.eval()\n", ""), tmp_path)
    assert (first.fault, first.severity) == ("wrong-train-eval-mode", "error")
    assert "wrong-train-eval-mode" not in alarms(REGRESSION, tmp_path)


FUNCTIONAL = """
import torch
from torch import nn
from torch.nn import functional as F
torch.manual_seed(0)
y = torch.randint(0, 3, (600,))
x = torch.randn(3, 6)[y] + torch.randn(600, 6)
class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.a, self.b = nn.Linear(6, 32), nn.Linear(32, 3)
    def forward(self, x):
        return self.b(F.dropout(torch.relu(self.a(x)), 0.6{}))
net = Net()
opt = torch.optim.Adam(net.parameters(), lr=0.01)
for epoch in range(6):
    net.train()
    for rows in torch.randperm(400).split(40):
        loss = F.cross_entropy(net(x[rows]), y[rows])
        opt.zero_grad()
        loss.backward()
        opt.step()
    net.eval()
    with torch.no_grad():
        right = (net(x[400:]).argmax(1) == y[400:]).float().mean()
"""


def test_dropout_as_a_function_that_knows_no_mode(tmp_path: Path) -> None:
    assert alarms(FUNCTIONAL.format(""), tmp_path)[0] == "wrong-train-eval-mode"
    assert alarms(FUNCTIONAL.format(", self.training"), tmp_path) == []


def test_noise_that_is_part_of_the_net_is_no_dropout(tmp_path: Path) -> None:
    noisy = FUNCTIONAL.replace("F.dropout(torch.relu(self.a(x)), 0.6{})", "{}")
    noise = "torch.relu(self.a(x)) + 2 * torch.randn(len(x), 32)"
    assert "wrong-train-eval-mode" not in alarms(noisy.format(noise), tmp_path)
