from pathlib import Path

from watched_scripts import CLASSES, LOOP, alarms

CODE = (
    (CLASSES + LOOP).replace("range(20)", "range(6)")
    + """
with torch.no_grad():
    v = torch.randn(3, 6)[:1] * 0 + x[:120] + 0.1 * torch.randn(120, 6)
    print((net({}).argmax(1) == y[:120]).float().mean().item())
"""
)


def test_a_transform_left_out_in_the_evaluation(tmp_path: Path) -> None:
    assert alarms(CODE.format("v * 40 + 100"), tmp_path)[0] == "train-test-mismatch"
    assert "train-test-mismatch" not in alarms(CODE.format("v + 0.2"), tmp_path)


def test_what_cannot_be_mended_by_scaling_is_no_mismatch(tmp_path: Path) -> None:
    assert "train-test-mismatch" not in alarms(CODE.format("v[torch.randperm(120)] * 9"), tmp_path)


WORDS = """
import torch
from torch import nn
from torch.nn import functional as F
torch.manual_seed(0)
y = torch.randint(0, 2, (900,))
x = torch.randint(20, 200, (900, 8))
x[:, 2] = 2 + torch.randint(0, 4, (900,)) + 6 * y
other = torch.randperm(200)
net = nn.Sequential(nn.Embedding(200, 8), nn.Flatten(), nn.Linear(64, 2))
opt = torch.optim.Adam(net.parameters(), lr=0.02)
for epoch in range(4):
    for rows in torch.randperm(600).split(20):
        loss = F.cross_entropy(net(x[rows]), y[rows])
        opt.zero_grad()
        loss.backward()
        opt.step()
with torch.no_grad():
    right = (net({}).argmax(1) == y[600:]).float().mean()
"""


def test_words_that_have_other_numbers_in_the_evaluation(tmp_path: Path) -> None:
    assert alarms(WORDS.format("other[x[600:]]"), tmp_path)[0] == "train-test-mismatch"
    assert alarms(WORDS.format("x[600:]"), tmp_path) == []


SCALED_BACK = """
import torch
from torch import nn
from torch.nn import functional as F
torch.manual_seed(0)
x = torch.randn(700, 4)
y = (x[:, :1] + x[:, 1:2] ** 2) * 90 + 400
m, s = y[:500].mean(), y[:500].std()
net = nn.Sequential(nn.Linear(4, 32), nn.ReLU(), nn.Linear(32, 1))
opt = torch.optim.Adam(net.parameters(), lr=0.01)
for epoch in range(15):
    for rows in torch.randperm(500).split(25):
        loss = F.mse_loss(net(x[rows]), (y[rows] - m) / s)
        opt.zero_grad()
        loss.backward()
        opt.step()
with torch.no_grad():
    error = (net(x[500:]) * s + m - y[500:]).abs().mean()
"""


def test_answers_that_are_scaled_back_before_they_are_judged(tmp_path: Path) -> None:
    assert alarms(SCALED_BACK, tmp_path) == []
