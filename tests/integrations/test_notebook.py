"""The cell magic of notebooks."""

import pytest

IPython = pytest.importorskip("IPython")

CELL = """
import torch
from torch import nn
torch.manual_seed(0)
x = torch.randn(128, 4)
y = (x[:, 0] > 0).long() + (x[:, 1] > 0).long()
net = nn.Sequential(nn.Linear(4, 16), nn.ReLU(), nn.Linear(16, 3))
optimizer = torch.optim.SGD(net.parameters(), lr=0.1)
for epoch in range(80):
    ZERO
    loss = nn.functional.cross_entropy(net(x), y)
    loss.backward()
    optimizer.step()
last = loss.item()
"""


def test_a_cell_is_watched_and_runs_as_ever(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("VIRTUAL_ENV", raising=False)  # another one's makes IPython warn
    shell = IPython.core.interactiveshell.InteractiveShell()
    shell.run_line_magic("load_ext", "netwright")
    shell.run_cell_magic("doctor", "", CELL.replace("ZERO", "pass"))
    said = capsys.readouterr().err
    assert "missing-zero-grad" in said and "optimizer.zero_grad()" in said
    assert "ipython-input" in said or "ipykernel" in said  # the line of the cell
    shell.run_cell_magic("doctor", "", CELL.replace("ZERO", "optimizer.zero_grad()"))
    assert "healthy after 80 steps" in capsys.readouterr().err
    assert shell.user_ns["last"] < 0.7
