from pathlib import Path

import pytest
from watched_scripts import CLASSES, LOOP, alarms, judged


def test_a_loss_made_anew_and_the_twin(tmp_path: Path) -> None:
    cut = LOOP.replace("loss = ", "loss = torch.tensor(").replace(
        "y[rows])\n", "y[rows]).item(), requires_grad=True)\n"
    )
    first = judged(CLASSES + cut, tmp_path)[0]
    assert first.fault == "disconnected-loss" and first.severity == "error"
    assert alarms(CLASSES + LOOP, tmp_path) == []


def test_a_part_cut_off_on_the_way(tmp_path: Path) -> None:
    two = CLASSES + (
        "x = x * 0.01\nencoder = nn.Linear(6, 6)\n"
        "opt = torch.optim.Adam([*net.parameters(), *encoder.parameters()], lr=0.01)\n"
    )
    cut = LOOP.replace("net(x[rows])", "net(encoder(x[rows]).detach())")
    first = judged(two + cut, tmp_path)[0]
    assert (first.fault, first.layer) == ("disconnected-loss", "encoder")
    whole = LOOP.replace("net(x[rows])", "net(encoder(x[rows]))")
    assert "disconnected-loss" not in alarms(two + whole, tmp_path)


DETACHED = """
import torch
from torch import nn
from torch.nn import functional as F
torch.manual_seed(0)
x = torch.randn(300, 12)
y = 1.5 * x[:, 0] + x[:, 1] * x[:, 2]
class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.first, self.head = nn.Linear(12, 24), nn.Linear(24, 1)

    def forward(self, v):
        h = torch.tanh(self.first(v)){cut}
        return self.head(h).squeeze(1)


net = Net()
opt = torch.optim.Adam({held}.parameters(), lr=0.02)
for epoch in range(30):
    for rows in torch.randperm(300).split(30):
        loss = F.mse_loss(net(x[rows]), y[rows])
        opt.zero_grad()
        loss.backward()
        opt.step()
"""


@pytest.mark.parametrize("cut", [".detach()", ".data"])
def test_a_net_that_learns_something_above_the_cut_would_learn_more(
    cut: str, tmp_path: Path
) -> None:
    first = judged(DETACHED.format(cut=cut, held="net"), tmp_path)[0]
    assert (first.fault, first.severity) == ("disconnected-loss", "error")
    assert first.layer == "first"


def test_a_cut_before_layers_that_are_not_to_learn_is_no_fault(tmp_path: Path) -> None:
    """Features on purpose: the optimizer was not given what makes them."""
    found = judged(DETACHED.format(cut=".detach()", held="net.head"), tmp_path)
    assert all(f.severity == "info" for f in found if f.fault == "disconnected-loss")


CODER = """
import torch
from torch import nn
from torch.nn import functional as F
torch.manual_seed(0)
x = torch.rand(400, 3) @ torch.rand(3, 20)
class Coder(nn.Module):
    def __init__(self):
        super().__init__()
        self.encoder = nn.Sequential(nn.Linear(20, 24), nn.Tanh(), nn.Linear(24, 2))
        self.decoder = nn.Sequential(nn.Linear(2, 24), nn.Tanh(), nn.Linear(24, 20))
    def forward(self, x):
        return self.decoder(self.encoder(x){})
net = Coder()
opt = torch.optim.Adam(net.parameters(), lr=0.01)
for epoch in range(20):
    for rows in torch.randperm(400).split(40):
        loss = F.mse_loss(net(x[rows]), x[rows])
        opt.zero_grad()
        loss.backward()
        opt.step()
"""


def test_an_encoder_cut_off_from_its_decoder(tmp_path: Path) -> None:
    assert alarms(CODER.format(".detach()"), tmp_path)[0] == "disconnected-loss"
    assert "disconnected-loss" not in alarms(CODER.format(""), tmp_path)
