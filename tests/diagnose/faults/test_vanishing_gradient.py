from pathlib import Path

import torch
from diagnose_runs import alarms, blobs, mlp, names, train
from torch import nn
from watched_scripts import alarms as alarms_of


def test_eight_sigmoid_layers_and_their_tanh_twin() -> None:
    torch.manual_seed(0)
    sick = mlp(8, 3, depth=8, act=nn.Sigmoid)
    trace = train(sick, blobs(), optimizer=torch.optim.SGD(sick.parameters(), lr=0.1))
    best = alarms(trace)[0]
    assert best.fault == "vanishing-gradient"
    assert best.layer == "0" and best.evidence["ratio"] < 1e-3  # type: ignore[operator]
    torch.manual_seed(0)
    healthy = mlp(8, 3, depth=8, act=nn.Tanh)
    trace = train(healthy, blobs(), optimizer=torch.optim.SGD(healthy.parameters(), lr=0.1))
    assert names(trace) == []


def test_a_cut_graph_is_not_a_vanishing_gradient() -> None:
    torch.manual_seed(0)

    class Cut(nn.Sequential):
        def forward(self, x: torch.Tensor) -> torch.Tensor:
            return self[2](self[1](self[0](x)).detach() * 0)

    net = Cut(nn.Linear(8, 8), nn.Linear(8, 8), nn.Linear(8, 3))
    assert "vanishing-gradient" not in names(train(net, blobs(), epochs=5))


SIGMOIDS = """
import torch
from torch import nn
from torch.nn import functional as F
torch.manual_seed(0)
y = torch.randint(0, 3, (600,))
x = torch.randn(3, 6)[y] * 2 + torch.randn(600, 6)
widths = [6, 32, 32, 32, 32]
layers = [m for a, b in zip(widths, widths[1:]) for m in (nn.Linear(a, b), nn.{}())]
net = nn.Sequential(*layers, nn.Linear(32, 3))
opt = torch.optim.SGD(net.parameters(), lr=0.05)
for epoch in range(8):
    for rows in torch.randperm(600).split(30):
        loss = F.cross_entropy(net(x[rows]), y[rows])
        opt.zero_grad()
        loss.backward()
        opt.step()
"""


def test_sigmoids_that_pass_a_quarter_each(tmp_path: Path) -> None:
    assert alarms_of(SIGMOIDS.format("Sigmoid"), tmp_path)[0] == "vanishing-gradient"
    assert "vanishing-gradient" not in alarms_of(SIGMOIDS.format("ReLU"), tmp_path)
