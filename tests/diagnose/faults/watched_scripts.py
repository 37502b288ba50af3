"""Small training scripts, run under an Observer as a user would have written them."""

import textwrap
from pathlib import Path

from netwright.diagnose.diagnose import diagnose, in_order
from netwright.diagnose.finding import Finding
from netwright.watch.observer import Observer, watch_any
from netwright.watch.probes import probe

# A classification of three blobs and a regression, both learnable in a second.
CLASSES = """
import torch
from torch import nn
from torch.nn import functional as F
torch.manual_seed(0)
y = torch.randint(0, 3, (300,))
x = torch.randn(3, 6)[y] * 2 + torch.randn(300, 6)
net = nn.Sequential(nn.Linear(6, 16), nn.ReLU(), nn.Linear(16, 3))
opt = torch.optim.Adam(net.parameters(), lr=0.01)
"""
NUMBERS = """
import torch
from torch import nn
from torch.nn import functional as F
torch.manual_seed(0)
x = torch.randn(300, 4)
y = x[:, :1] - 2 * x[:, 1:2] * x[:, 2:3]
net = nn.Sequential(nn.Linear(4, 32), nn.ReLU(), nn.Linear(32, 1))
opt = torch.optim.Adam(net.parameters(), lr=0.01)
"""
LOOP = """
for epoch in range(20):
    for rows in torch.randperm(300).split(30):
        loss = F.cross_entropy(net(x[rows]), y[rows])
        opt.zero_grad()
        loss.backward()
        opt.step()
"""


def watched(code: str, folder: Path, *, max_steps: int | None = None) -> Observer:
    """Run a script in this process; return what was seen."""
    file = folder / "train.py"
    file.write_text(textwrap.dedent(code), encoding="utf-8")
    with watch_any(folder, max_steps=max_steps) as seen:
        exec(compile(file.read_text(encoding="utf-8"), str(file), "exec"), {"__name__": "__main__"})
    assert seen.trouble is None, seen.trouble
    return seen


def judged(code: str, folder: Path) -> list[Finding]:
    """Return the findings about a script."""
    found = []
    for learner in watched(code, folder).learners:
        probe(learner)
        found += diagnose(learner.trace)
    return in_order(found)


def alarms(code: str, folder: Path) -> list[str]:
    """Return the names of the errors and warnings about a script, in order."""
    return [f.fault for f in judged(code, folder) if f.severity != "info"]
