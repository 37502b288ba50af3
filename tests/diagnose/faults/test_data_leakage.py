from pathlib import Path

import pytest
from watched_scripts import CLASSES, LOOP, NUMBERS, alarms

FIT = LOOP.replace("F.cross_entropy(net(x[rows]), y[rows])", "F.mse_loss(net(x[rows]), y[rows])")
JUDGE = """
with torch.no_grad():
    print(F.{}(net(v), w).item())
"""
NOISY = NUMBERS.replace("x[:, 2:3]\n", "x[:, 2:3] + torch.randn(300, 1)\nv, w = NEW\n")
NEW = "torch.randn(200, 4), torch.randn(200, 1) * 2"


def test_copies_of_training_rows(tmp_path: Path) -> None:
    half = (
        "torch.cat([x[:100], torch.randn(100, 4)]), torch.cat([y[:100], torch.randn(100, 1) * 2])"
    )
    code = NOISY + FIT + JUDGE.format("mse_loss")
    assert "data-leakage" in alarms(code.replace("NEW", half), tmp_path)
    assert "data-leakage" not in alarms(code.replace("NEW", NEW), tmp_path)
    assert "data-leakage" not in alarms(code.replace("NEW", "x, y"), tmp_path)  # training rows


COPIED = """
import torch
from torch import nn
from torch.nn import functional as F
torch.manual_seed(0)
y = torch.randint(0, 3, (200,))
x = MADE
order = torch.randperm(len(x))
x, y = x[order], y[order]
x, y, v, w = x[:SPLIT], y[:SPLIT], x[SPLIT:], y[SPLIT:]
net = nn.Sequential(nn.Linear(20, 32), nn.ReLU(), nn.Linear(32, 3))
opt = torch.optim.Adam(net.parameters(), lr=0.01)
"""
PIXELS = "(torch.rand(200, 20) * 12 + y[:, None]).round()"
LEAST = "torch.randn(200, 20) + 0.5 * y[:, None]"


@pytest.mark.parametrize("made", [PIXELS, LEAST])
def test_rows_that_were_copied_before_the_split(made: str, tmp_path: Path) -> None:
    loop = LOOP.replace("randperm(300)", "randperm(len(x))") + JUDGE.format("cross_entropy")
    whole = COPIED.replace("MADE", made)
    thrice = whole.replace("order =", "x, y = x.repeat(3, 1), y.repeat(3)\norder =")
    assert alarms(thrice.replace("SPLIT", "420") + loop, tmp_path)[0] == "data-leakage"
    assert "data-leakage" not in alarms(whole.replace("SPLIT", "140") + loop, tmp_path)


TOKENS = """
import torch
from torch import nn
from torch.nn import functional as F
torch.manual_seed(0)
x = torch.randint(0, 12, (200, 10))
y = (x < 4).sum(1).clamp(2, 4) - 2
order = torch.randperm(len(x))
x, y = x[order], y[order]
x, y, v, w = x[:SPLIT], y[:SPLIT], x[SPLIT:], y[SPLIT:]
net = nn.Sequential(nn.Embedding(12, 8), nn.Flatten(), nn.Linear(80, 3))
opt = torch.optim.Adam(net.parameters(), lr=0.01)
"""


def test_rows_of_tokens_that_were_copied_before_the_split(tmp_path: Path) -> None:
    loop = LOOP.replace("randperm(300)", "randperm(len(x))") + JUDGE.format("cross_entropy")
    thrice = TOKENS.replace("order =", "x, y = x.repeat(3, 1), y.repeat(3)\norder =")
    assert alarms(thrice.replace("SPLIT", "420") + loop, tmp_path)[0] == "data-leakage"
    assert "data-leakage" not in alarms(TOKENS.replace("SPLIT", "120") + loop, tmp_path)
    short = thrice.replace("(200, 10)", "(200, 3)").replace("80, 3", "24, 3")  # same by chance
    assert "data-leakage" not in alarms(short.replace("SPLIT", "420") + loop, tmp_path)


def test_most_evaluated_rows_were_trained_on(tmp_path: Path) -> None:
    mixed = "net =", "x, y = torch.cat([x, v[:64]]), torch.cat([y, w[:64]])\nnet ="
    loop = LOOP.replace("randperm(300)", "randperm(len(x))") + JUDGE.format("cross_entropy")
    code = COPIED.replace("MADE", LEAST).replace("SPLIT", "120")
    assert alarms(code.replace(*mixed) + loop, tmp_path)[0] == "data-leakage"
    whole = JUDGE.format("cross_entropy").replace("net(v), w", "net(all_x), all_y")
    everything = "net =", "all_x, all_y = torch.cat([x, v]), torch.cat([y, w])\nnet ="
    assert "data-leakage" not in alarms(
        code.replace(*everything) + loop.replace(JUDGE.format("cross_entropy"), whole), tmp_path
    )


def test_rows_drawn_again_for_training_alone_are_no_copies(tmp_path: Path) -> None:
    """A sampler with replacement, and the score of training rows beside that of others."""
    drawn = LOOP.replace("torch.randperm(300).split(30)", "torch.randint(0, 140, (9, 30))")
    code = COPIED.replace("MADE", LEAST).replace("SPLIT", "140") + drawn
    both = JUDGE.format("cross_entropy").replace("net(v), w", "net(x), y")
    assert "data-leakage" not in alarms(code + both, tmp_path)
    assert "data-leakage" not in alarms(code + JUDGE.format("cross_entropy") + both, tmp_path)


def test_a_column_that_is_the_target(tmp_path: Path) -> None:
    known = "x[:, 2:3]\nx[:, 3] = y[:, 0].argsort().argsort() / 300.0\n"
    assert "data-leakage" in alarms(NUMBERS.replace("x[:, 2:3]\n", known) + FIT, tmp_path)
    marked = CLASSES.replace("net =", "x[:, 4] = y / 3\nnet =").replace("* 2 +", "* 0.5 +")
    assert "data-leakage" in alarms(marked + LOOP, tmp_path)
    assert "data-leakage" not in alarms(CLASSES.replace("* 2 +", "* 20 +") + LOOP, tmp_path)


def test_an_input_that_the_target_is_made_of(tmp_path: Path) -> None:
    """Where no other column tells anything, one column is the task."""
    made = NUMBERS.replace("x[:, 2:3]\n", "2 * x[:, 2:3] + 1\n")
    assert "data-leakage" not in alarms(made + FIT, tmp_path)


def test_a_constant_column_gives_nothing_away(tmp_path: Path) -> None:
    constant = CLASSES.replace("net =", "x[:, 4] = 0.0\nnet =").replace("* 2 +", "* 0.5 +")
    assert "data-leakage" not in alarms(constant + LOOP, tmp_path)


SITES = """
import torch
from torch import nn
from torch.nn import functional as F
torch.manual_seed(0)
site = torch.arange(40).repeat_interleave(20)
x = torch.randn(40, 8)[site] + 0.02 * torch.randn(800, 8)
y = {}
order = {}
train, test = order[:600], order[600:]
net = nn.Sequential(nn.Linear(8, 64), nn.ReLU(), nn.Linear(64, 1))
opt = torch.optim.Adam(net.parameters(), lr=0.01)
for epoch in range(10):
    for rows in train[torch.randperm(600)].split(30):
        loss = F.mse_loss(net(x[rows])[:, 0], y[rows])
        opt.zero_grad()
        loss.backward()
        opt.step()
with torch.no_grad():
    error = (net(x[test])[:, 0] - y[test]).square().mean()
"""
OF_THE_SITE = "torch.randn(40)[site] + 0.1 * torch.randn(800)"
MIXED, APART = "torch.randperm(800)", "torch.arange(800)"


def test_near_copies_on_both_sides(tmp_path: Path) -> None:
    assert alarms(SITES.format(OF_THE_SITE, MIXED), tmp_path) == ["data-leakage"]
    # Split by site the score is honest, bad as it is; and a rule that holds for all sites is known.
    assert alarms(SITES.format(OF_THE_SITE, APART), tmp_path) == []
    assert alarms(SITES.format("x[:, 0] + x[:, 1]", MIXED), tmp_path) == []


def test_an_evaluation_most_of_whose_rows_were_trained_on(tmp_path: Path) -> None:
    """The others are too few, and too easy, to show by their loss what that is worth."""
    code = CLASSES.replace("* 2 + torch", "* 6 + torch") + "v, w = NEW\n" + LOOP
    other = "torch.cat([x[:90], x[:30] + 0.1 * torch.randn(30, 6)]), torch.cat([y[:90], y[:30]])"
    judge = JUDGE.format("cross_entropy")
    assert alarms(code.replace("NEW", other) + judge, tmp_path) == ["data-leakage"]
    new = "x[:120] + 0.1 * torch.randn(120, 6), y[:120]"
    assert alarms(code.replace("NEW", new) + judge, tmp_path) == []
