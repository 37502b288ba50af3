from pathlib import Path

import pytest
from diagnose_runs import curve, names
from watched_scripts import alarms, judged

from netwright.watch.trace import Trace


@pytest.mark.parametrize(
    ("rare", "recall", "found"),
    [(20, 0.1, ["class-imbalance"]), (20, 0.8, []), (300, 0.1, [])],
)
def test_a_rare_class_that_is_given_up(rare: int, recall: float, found: list[str]) -> None:
    trace = Trace()
    for label, count, found_share in (("common", 1000, 0.99), ("rare", rare, recall)):
        curve(trace, "class.count", [count], place=label)
        curve(trace, "recall", [0.5, found_share], place=label)
    assert names(trace) == found


RARE = """
import torch
from torch import nn
from torch.nn import functional as F
torch.manual_seed(0)
y = (torch.rand(1600) < 0.06).long()
x = torch.randn(1600, 6) + 1.2 * y[:, None] * torch.tensor([1.0, 1, 0, 0, 0, 0])
net = nn.Sequential(nn.Linear(6, 16), nn.ReLU(), nn.Linear(16, 2))
opt = torch.optim.Adam(net.parameters(), lr=0.003)
for epoch in range(6):
    for rows in torch.randperm(1000).split(25):
        loss = F.cross_entropy(net(x[rows]), y[rows]{})
        opt.zero_grad()
        loss.backward()
        opt.step()
with torch.no_grad():
    right = ({} == y[1000:]).float().mean()
"""
DECIDED, RANKED = "net(x[1000:]).argmax(1)", "net(x[1000:]).softmax(1)[:, 1]"


@pytest.mark.parametrize(
    ("weights", "answers", "found"),
    [("", DECIDED, True), (", torch.tensor([1.0, 15.0])", DECIDED, False)],
)
def test_of_a_script_where_weights_would_help(
    weights: str, answers: str, found: bool, tmp_path: Path
) -> None:
    assert ("class-imbalance" in alarms(RARE.format(weights, answers), tmp_path)) is found


def test_a_script_that_decides_nothing_needs_no_threshold(tmp_path: Path) -> None:
    ranked = RARE.replace("right = ({} == y[1000:]).float().mean()", f"scores = {RANKED}")
    assert alarms(ranked.format(""), tmp_path) == []


BY_CLASS = RARE.replace(
    "right = ({} == y[1000:]).float().mean()",
    "guess, w = {}, y[1000:]\n"
    "    right = sum((guess[w == k] == k).float().mean() for k in w.unique())",
).replace("1.2 *", "2.2 *")


def test_of_a_script_that_judges_class_by_class(tmp_path: Path) -> None:
    weighted = BY_CLASS.format(", torch.tensor([1.0, 15.0])", DECIDED)
    assert alarms(BY_CLASS.format("", DECIDED), tmp_path)[:1] == ["class-imbalance"]
    assert alarms(weighted, tmp_path) == []


INVERTED = """
import torch
from torch import nn
from torch.nn import functional as F
torch.manual_seed(0)
y = (torch.rand(900) < 0.08).long()
x = torch.randn(900, 6) + 1.5 * y[:, None]
counts = y.bincount().float()
weight = {}
net = nn.Sequential(nn.Linear(6, 16), nn.ReLU(), nn.Linear(16, 2))
opt = torch.optim.Adam(net.parameters(), lr=0.01)
for epoch in range(4):
    for rows in torch.randperm(600).split(30):
        loss = F.cross_entropy(net(x[rows]), y[rows], weight=weight)
        opt.zero_grad()
        loss.backward()
        opt.step()
with torch.no_grad():
    picked = net(x[600:]).argmax(1)
    recalls = [(picked[y[600:] == k] == k).float().mean() for k in (0, 1)]
"""


def test_weights_that_grow_with_the_counts(tmp_path: Path) -> None:
    finding = judged(INVERTED.format("counts / counts.sum()"), tmp_path)[0]
    assert (finding.fault, finding.severity) == ("class-imbalance", "error")
    assert alarms(INVERTED.format("counts.sum() / (2 * counts)"), tmp_path) == []
