from pathlib import Path

import pytest
from watched_scripts import CLASSES, LOOP, alarms, judged

NET = """
x = x * 0.05
net = nn.Sequential(nn.Linear(6, 2), nn.Tanh(), nn.Linear(2, 16), nn.Tanh(), nn.Linear(16, 3))
net[0].requires_grad_(False)
net[2].requires_grad_(False)
opt = torch.optim.Adam([p for p in net.parameters() if p.requires_grad], lr=0.01)
"""


def test_layers_frozen_at_their_random_start_and_the_twin(tmp_path: Path) -> None:
    first = judged(CLASSES + NET + LOOP, tmp_path)[0]
    assert (first.fault, first.severity) == ("frozen-parameters", "error")
    free = NET.replace("(False)", "(True)")
    assert alarms(CLASSES + free + LOOP, tmp_path) == []


WORDS = """
import torch
from torch import nn
from torch.nn import functional as F
torch.manual_seed(0)
x = torch.randint(0, 40, (600, 10))
y = (x < 3).any(1).float()
body = nn.Sequential(nn.Linear(160, {0}), nn.ReLU(), nn.Linear({0}, 1))
net = nn.Sequential(nn.Embedding(40, 16), nn.Flatten(), *body)
{1}
opt = torch.optim.Adam(net.parameters(), lr=0.003)
for epoch in range(16):
    for rows in torch.randperm(600).split(30):
        loss = F.binary_cross_entropy_with_logits(net(x[rows]).squeeze(1), y[rows])
        opt.zero_grad()
        loss.backward()
        opt.step()
"""


def test_random_features_that_do_are_a_note(tmp_path: Path) -> None:
    words = WORDS.format(64, "net[0].weight.requires_grad_(False)")
    found = [(f.fault, f.severity) for f in judged(words, tmp_path)]
    assert found == [("frozen-parameters", "info")]
    most = WORDS.format(3, "net[:3].requires_grad_(False)")
    assert alarms(most, tmp_path)[0] == "frozen-parameters"


def test_a_loaded_backbone_may_be_frozen(tmp_path: Path) -> None:
    loaded = NET.replace("net[0]", "net.load_state_dict(net.state_dict())\nnet[0]", 1)
    found = [f.fault for f in judged(CLASSES + loaded + LOOP, tmp_path)]
    assert "frozen-parameters" not in found


TWICE = """
body = nn.Sequential(nn.Linear(6, 16), nn.Tanh())
net = nn.Sequential(body, nn.Linear(16, 6))
opt = torch.optim.Adam(net.parameters(), lr=0.01)
for rows in torch.randperm(300).split(10):
    loss = F.mse_loss(net(x[rows]), x[rows])
    opt.zero_grad()
    loss.backward()
    opt.step()
{}
net = nn.Sequential(body, nn.Linear(16, 3))
opt = torch.optim.Adam(net[1].parameters(), lr=0.01)
"""


@pytest.mark.parametrize("freeze", ["body.requires_grad_(False)", ""])
def test_a_body_that_the_script_trained_before_may_rest(freeze: str, tmp_path: Path) -> None:
    found = [f.fault for f in judged(CLASSES + TWICE.format(freeze) + LOOP, tmp_path)]
    assert not {"frozen-parameters", "optimizer-missing-parameters"} & set(found)
