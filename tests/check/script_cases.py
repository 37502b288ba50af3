"""Scripts made by hand: one that is well, and `seen`, which watches its first steps."""

import contextlib
from pathlib import Path

from netwright.check.seen import Seen, seen_of
from netwright.watch.observer import Observer, watch_any
from netwright.watch.stop import StopWatching

WELL = """
import torch
from torch import nn
from torch.nn import functional as F
torch.manual_seed(0)
x = torch.randn(400, 6)
y = (x @ torch.randn(6, 3)).argmax(1)
class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.first, self.last = nn.Linear(6, 32), nn.Linear(32, 3)
        self.drop = nn.Dropout(0.1)
    def forward(self, x):
        return self.last(self.drop(torch.relu(self.first(x))))
net = Net()
optimizer = torch.optim.Adam(net.parameters(), lr=1e-2)
for epoch in range(4):
    net.train()
    for rows in torch.randperm(300).split(25):
        optimizer.zero_grad()
        loss = F.cross_entropy(net(x[rows]), y[rows])
        loss.backward()
        optimizer.step()
    net.eval()
    with torch.no_grad():
        valid = F.cross_entropy(net(x[300:]), y[300:])
"""


def changed(*pairs: tuple[str, str], code: str = WELL) -> str:
    """Return the script with each first text replaced by the second."""
    for old, new in pairs:
        assert old in code, old
        code = code.replace(old, new)
    return code


def watch(code: str, folder: Path, *, steps: int = 40) -> Observer:
    """Run a script in this process under an observer."""
    path = folder / "train.py"
    path.write_text(code)
    with watch_any(folder, max_steps=steps) as observer, contextlib.suppress(StopWatching):
        exec(compile(code, str(path), "exec"), {"__name__": "__main__"})
    assert observer.trouble is None
    return observer


def seen(code: str, folder: Path, *, steps: int = 40) -> Seen:
    """Return what the checks are asked of: the script's first training."""
    return seen_of(watch(code, folder, steps=steps).learners[0])
