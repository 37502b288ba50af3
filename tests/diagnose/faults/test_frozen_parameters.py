from pathlib import Path

import pytest
from watched_scripts import CLASSES, LOOP, alarms, judged

from netwright.diagnose.diagnose import diagnose
from netwright.watch.trace import Trace

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


RANDOM = """
import torch
from torch import nn
from torch.nn import functional as F
torch.manual_seed(0)
y = torch.randint(0, 3, (600,))
x = torch.randn(3, 6)[y] * {} + torch.randn(600, 6)
body, head = nn.Linear(6, 64), nn.Linear(64, 3)
body.requires_grad_(False)
net = nn.Sequential(body, nn.ReLU(), head)
opt = torch.optim.Adam(head.parameters(), lr=0.01)
for epoch in range(12):
    for rows in torch.randperm(400).split(40):
        loss = F.cross_entropy(net(x[rows]), y[rows])
        opt.zero_grad()
        loss.backward()
        opt.step()
with torch.no_grad():
    right = (net(x[400:]).argmax(1) == y[400:]).float().mean()
"""


def test_random_features_that_tell_nearly_all(tmp_path: Path) -> None:
    assert alarms(RANDOM.format(2), tmp_path) == []


def test_frozen_word_vectors_that_leave_a_net_where_it_began() -> None:
    def found(share: float) -> list[str]:
        trace = Trace()
        for step in range(40):
            trace.record("loss", "", step, 0.69)
        trace.record("loss.trivial", "", 0, 0.69)
        trace.record("never.trained", "words.weight", 40, share * 1000)
        trace.record("reached", "out.weight", 0, (1 - share) * 1000)
        return [f.fault for f in diagnose(trace) if f.severity != "info"]

    assert "frozen-parameters" in found(0.9)
    assert "frozen-parameters" not in found(0.2)
