"""A tape holds what was computed from a net, and running it again changes nothing that lives."""

from pathlib import Path

import torch
from torch import nn

from netwright.watch.observer import watch_any
from netwright.watch.probes import probe

FOLDS = """
import torch
from torch import nn
torch.manual_seed(0)
x = torch.randn(200, 4)
y = (x[:, 0] > 0).long()
made = []
for fold in range(3):
    net = nn.Linear(4, 2)
    made.append(net)
    opt = torch.optim.SGD(net.parameters(), lr=0.5)
    for rows in torch.randperm(150).split(15):
        opt.zero_grad()
        nn.functional.cross_entropy(net(x[rows]), y[rows]).backward()
        opt.step()
    with torch.no_grad():
        print((net(x[150:]).argmax(1) == y[150:]).float().mean().item())
"""


def test_a_net_that_is_made_after_an_evaluation_is_no_part_of_it(tmp_path: Path) -> None:
    held: dict[str, list[nn.Module]] = {}
    with watch_any(tmp_path) as seen:
        exec(compile(FOLDS, str(tmp_path / "train.py"), "exec"), held)
    before = [[p.detach().clone() for p in net.parameters()] for net in held["made"]]
    for learner in seen.learners:
        names = {entry.name for tape in learner.evaluations for entry in tape.entries}
        assert not any(name.endswith("_") and not name.endswith("__") for name in names)
        probe(learner)
        assert (learner.trace.last("skill.evaluated") or 0.0) > 0.5
    for net, kept in zip(held["made"], before, strict=True):
        assert all(torch.equal(p, q) for p, q in zip(net.parameters(), kept, strict=True))
