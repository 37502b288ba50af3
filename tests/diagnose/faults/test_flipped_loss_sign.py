from pathlib import Path

import pytest
from watched_scripts import CLASSES, LOOP, NUMBERS, alarms

SHORT = LOOP.replace("range(20)", "range(4)")
OWN = "F.cross_entropy(net(x[rows]), y[rows])"


@pytest.mark.parametrize("sick", [f"-{OWN}", f"0.0 - 2 * {OWN}"])
def test_a_minus_sign(sick: str, tmp_path: Path) -> None:
    assert alarms(CLASSES + SHORT.replace(OWN, sick), tmp_path)[0] == "flipped-loss-sign"


def test_an_optimizer_that_maximises(tmp_path: Path) -> None:
    up = CLASSES.replace("lr=0.01", "lr=0.01, maximize=True")
    assert alarms(up + SHORT, tmp_path)[0] == "flipped-loss-sign"
    twice = up + SHORT.replace(OWN, f"-{OWN}")
    assert "flipped-loss-sign" not in alarms(twice, tmp_path)


def test_losses_that_are_not_flipped(tmp_path: Path) -> None:
    psnr = "10 * torch.log10(F.mse_loss(net(x[rows]), y[rows]))"  # -PSNR, below 0
    assert "flipped-loss-sign" not in alarms(NUMBERS + SHORT.replace(OWN, psnr), tmp_path)
    policy = (
        "(F.cross_entropy(net(x[rows]), y[rows], reduction='none')"
        " * torch.randn(30, generator=torch.Generator().manual_seed(epoch))).mean()"
    )
    assert "flipped-loss-sign" not in alarms(CLASSES + SHORT.replace(OWN, policy), tmp_path)


LOGS = "F.log_softmax(net(x[rows]), 1)"
COSINE = (
    NUMBERS
    + """
y = F.normalize(torch.cat([y, x[:, :2]], 1), dim=1)
net = nn.Sequential(nn.Linear(4, 32), nn.ReLU(), nn.Linear(32, 3))
opt = torch.optim.Adam(net.parameters(), lr=0.01)
"""
)


@pytest.mark.parametrize(
    ("data", "sick"),
    [
        (CLASSES, f"{LOGS}.gather(1, y[rows][:, None]).mean()"),
        (CLASSES, f"{LOGS}[torch.arange(30), y[rows]].mean()"),
        (CLASSES, f"(F.one_hot(y[rows], 3).float() * {LOGS}).sum(1).mean()"),
        (NUMBERS, "-((net(x[rows]) - y[rows]) ** 2).mean()"),
        (COSINE, "F.cosine_similarity(net(x[rows]), y[rows]).mean()"),
        (COSINE, "(F.normalize(net(x[rows]), dim=1) * y[rows]).sum(1).mean()"),
    ],
)
def test_a_loss_by_hand_and_its_negative(data: str, sick: str, tmp_path: Path) -> None:
    found = alarms(data + SHORT.replace(OWN, sick), tmp_path)
    assert found[:1] == ["flipped-loss-sign"]
    well = alarms(data + SHORT.replace(OWN, f"-({sick})"), tmp_path)
    assert "flipped-loss-sign" not in well


def test_log_probabilities_times_negative_returns_are_a_policy(tmp_path: Path) -> None:
    policy = f"-({LOGS}.gather(1, y[rows][:, None])[:, 0] * -x[rows].norm(dim=1)).mean()"
    assert "flipped-loss-sign" not in alarms(CLASSES + SHORT.replace(OWN, policy), tmp_path)


PROTOTYPES = """
import torch
from torch import nn
from torch.nn import functional as F
torch.manual_seed(0)
y = torch.randint(0, 4, (400,))
x = torch.randn(4, 6)[y] * 2 + torch.randn(400, 6)
class Nearest(nn.Module):
    def __init__(self):
        super().__init__()
        self.body = nn.Linear(6, 8)
        self.centres = nn.Parameter(torch.randn(4, 8))
    def forward(self, x):
        return F.cosine_similarity(self.body(x)[:, None], self.centres, dim=2)
net = Nearest()
opt = torch.optim.Adam(net.parameters(), lr=0.01)
for epoch in range(15):
    for rows in torch.randperm(300).split(30):
        near = net(x[rows])
        own = near.gather(1, y[rows][:, None]).mean()
        loss = {}
        opt.zero_grad()
        loss.backward()
        opt.step()
with torch.no_grad():
    right = (net(x[300:]).argmax(1) == y[300:]).float().mean()
"""


def test_a_loss_by_hand_after_which_the_right_class_is_avoided(tmp_path: Path) -> None:
    sick = PROTOTYPES.format("own - (near.sum(1).mean() - own) / 3")
    assert alarms(sick, tmp_path)[0] == "flipped-loss-sign"
    assert alarms(PROTOTYPES.format("(near.sum(1).mean() - own) / 3 - own"), tmp_path) == []


PAIRS = """
import torch
from torch import nn
from torch.nn import functional as F
torch.manual_seed(0)
taste, style = torch.randn(60, 3), torch.randn(80, 3)
likes = (taste @ style.T).argsort(1)
class Prefers(nn.Module):
    def __init__(self):
        super().__init__()
        self.user, self.item = nn.Embedding(60, 6), nn.Embedding(80, 6)
    def forward(self, u, i):
        return (self.user(u) * self.item(i)).sum(1)
net = Prefers()
opt = torch.optim.Adam(net.parameters(), lr=0.02)
for step in range(60):
    u = torch.randint(0, 60, (64,))
    more, less = (likes[u, torch.randint(low, low + 40, (64,))] for low in (40, 0))
    loss = {}F.logsigmoid(net(u, more) - net(u, less)).mean()
    opt.zero_grad()
    loss.backward()
    opt.step()
"""


def test_preferences_that_are_made_less_likely(tmp_path: Path) -> None:
    assert alarms(PAIRS.format(""), tmp_path)[0] == "flipped-loss-sign"
    assert "flipped-loss-sign" not in alarms(PAIRS.format("-"), tmp_path)
