from pathlib import Path

import torch
from diagnose_runs import curve, mlp, names, train, waves
from torch.nn import functional as F
from watched_scripts import alarms, judged, watched

from netwright.diagnose.diagnose import diagnose
from netwright.watch.probes import probe
from netwright.watch.trace import Trace


def run(width: int) -> Trace:
    torch.manual_seed(0)
    net = mlp(4, 1, width=width, depth=1)
    trace = train(net, waves(), loss=F.mse_loss, lr=2e-2, epochs=40, batch=64)
    curve(trace, "loss.trivial", [1.0])
    return curve(trace, "loss.baseline", [0.15])


def test_one_unit_where_trees_do_better_and_a_net_that_is_wide_enough() -> None:
    assert "underfitting" in names(run(1))
    assert "underfitting" not in names(run(64))


def test_targets_that_nothing_predicts_are_a_note() -> None:
    torch.manual_seed(0)
    trace = curve(Trace(), "loss", 1 + 0.05 * torch.randn(60).numpy())
    findings = diagnose(curve(trace, "loss.trivial", [1.0]))
    assert [(f.fault, f.severity) for f in findings] == [("underfitting", "info")]


SCRIPT = """
import torch
from torch import nn
from torch.nn import functional as F
torch.manual_seed(0)
x = torch.randn(900, 8)
y = (x[:, :3] > 0).long() @ torch.tensor([1, 2, 4])
net = nn.Sequential(nn.Linear(8, {0}), nn.ReLU(), nn.Linear({0}, 8))
opt = torch.optim.Adam(net.parameters(), lr=0.02)
for epoch in range(12):
    for rows in torch.randperm(600).split(20):
        loss = F.cross_entropy(net(x[rows]), y[rows])
        opt.zero_grad()
        loss.backward()
        opt.step()
with torch.no_grad():
    right = (net(x[600:]).argmax(1) == y[600:]).float().mean()
"""


def test_a_simple_model_tells_more_of_new_rows_than_the_net_of_its_own(tmp_path: Path) -> None:
    assert alarms(SCRIPT.format(1), tmp_path) == ["underfitting"]
    assert alarms(SCRIPT.format(48), tmp_path) == []


HEAD = """
body = nn.Sequential(nn.Linear(8, 1), nn.Tanh())
for part, (goal, width) in {"body": (x[:, :1], 1), "head": (y, 8)}.items():
    net = nn.Sequential(body, nn.Linear(1, width))
    if part == "head":
        body.requires_grad_(False)
    opt = torch.optim.Adam([p for p in net.parameters() if p.requires_grad], lr=0.02)
    for epoch in range(20):
        for rows in torch.randperm(600).split(20):
            loss = (F.mse_loss if part == "body" else F.cross_entropy)(net(x[rows]), goal[rows])
            opt.zero_grad()
            loss.backward()
            opt.step()
"""


def test_a_head_on_layers_that_rest_on_purpose_may_tell_less(tmp_path: Path) -> None:
    data = SCRIPT.partition("net =")[0]
    found = [(f.fault, f.severity) for f in judged(data + HEAD, tmp_path)]
    assert ("underfitting", "info") in found
    assert all(severity == "info" for fault, severity in found if fault == "underfitting")


def test_the_narrow_layer_is_named(tmp_path: Path) -> None:
    found = [f for f in judged(SCRIPT.format(1), tmp_path) if f.fault == "underfitting"]
    assert found[0].where["layer"] == "0" and found[0].remedies == ("more-width",)


GATED = """
import torch
from torch import nn
from torch.nn import functional as F
torch.manual_seed(0)
x = torch.randn(900, 8)
y = (x[:, :3] > 0).long() @ torch.tensor([1, 2, 4])
class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.body, self.gate = nn.Linear(8, 48), nn.Linear(8, 1)
        self.head, self.drop = nn.Linear(48, 8), nn.Dropout({})
    def forward(self, x):
        return self.head(self.drop(torch.relu(self.body(x)) * (1 + torch.sigmoid(self.gate(x)))))
net = Net()
opt = torch.optim.Adam(net.parameters(), lr=0.02)
for epoch in range(6):
    net.train()
    for rows in torch.randperm(600).split(20):
        loss = F.cross_entropy(net(x[rows]), y[rows])
        opt.zero_grad()
        loss.backward()
        opt.step()
net.eval()
with torch.no_grad():
    right = (net(x[600:]).argmax(1) == y[600:]).float().mean()
"""


def test_dropout_that_leaves_nothing_to_learn_with(tmp_path: Path) -> None:
    sick = GATED.format(0.97)
    assert alarms(sick, tmp_path)[0] == "underfitting"
    assert alarms(GATED.format(0.2), tmp_path) == []


def test_a_gate_of_one_unit_is_no_bottleneck(tmp_path: Path) -> None:
    seen = watched(GATED.format(0.97), tmp_path).learners[0]
    probe(seen)
    assert seen.trace.places("bottleneck") == []
