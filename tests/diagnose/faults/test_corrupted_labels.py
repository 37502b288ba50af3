from pathlib import Path

from watched_scripts import CLASSES, LOOP, alarms

CODE = (
    (CLASSES + LOOP).replace("range(20)", "range(6)")
    + """
with torch.no_grad():
    print((net(x[:150]).argmax(1) == w[:150]).float().mean().item())
"""
)


def test_targets_that_a_cast_made_one_class(tmp_path: Path) -> None:
    sick = CODE.replace("net =", "w, y = y, (y / 255).long()\nnet =")
    assert alarms(sick, tmp_path)[0] == "corrupted-labels"
    assert alarms(CODE.replace("net =", "w = y\nnet ="), tmp_path) == []


APART = """
import torch
from torch import nn
from torch.nn import functional as F
torch.manual_seed(0)
y = torch.randint(0, 3, (900,))
x = torch.randn(3, 20)[y] + torch.randn(900, 20)
y[:600] = y[:600]{}
net = nn.Sequential(nn.Linear(20, 64), nn.ReLU(), nn.Linear(64, 3))
opt = torch.optim.Adam(net.parameters(), lr=0.01)
for epoch in range(20):
    for rows in torch.randperm(600).split(20):
        loss = F.cross_entropy(net(x[rows]), y[rows])
        opt.zero_grad()
        loss.backward()
        opt.step()
with torch.no_grad():
    right = (net(x[600:]).argmax(1) == y[600:]).float().mean()
"""


def test_labels_shuffled_against_their_rows_and_the_twin(tmp_path: Path) -> None:
    assert alarms(APART.format("[torch.randperm(600)]"), tmp_path)[0] == "corrupted-labels"
    assert alarms(APART.format(""), tmp_path) == []


def test_labels_shuffled_before_the_split(tmp_path: Path) -> None:
    sick = APART.replace("y[:600] = y[:600]{}", "y = y[torch.randperm(900)]")
    assert alarms(sick, tmp_path)[0] == "corrupted-labels"


def test_labels_half_of_which_were_drawn_by_lot_and_the_twin(tmp_path: Path) -> None:
    noise = "\ny[:600] = torch.where(torch.rand(600) < 0.6, torch.randint(0, 3, (600,)), y[:600])"
    few = APART.replace("range(20)", "range(4)")
    sick = few.replace("\ny[:600] = y[:600]{}", noise)
    assert alarms(sick, tmp_path)[0] == "corrupted-labels"
    assert alarms(few.format(""), tmp_path) == []


def test_inputs_that_are_blurred_while_training_are_no_wrong_labels(tmp_path: Path) -> None:
    few = APART.replace("range(20)", "range(4)").format("")
    blurred = few.replace("net(x[rows])", "net(x[rows] + 4 * torch.randn(len(rows), 20))")
    assert "corrupted-labels" not in alarms(blurred, tmp_path)


def test_labels_shuffled_against_their_rows_where_few_are_evaluated(tmp_path: Path) -> None:
    few = APART.replace("600:", "600:660")
    assert alarms(few.format("[torch.randperm(600)]"), tmp_path)[0] == "corrupted-labels"
    assert alarms(few.format(""), tmp_path) == []


WORDS = """
import torch
from torch import nn
from torch.nn import functional as F
torch.manual_seed(0)
y = torch.randint(0, 3, (400,))
x = torch.randint(0, 10, (400, 6)) + 10 * y[:, None]
w = y
net = nn.Sequential(nn.Embedding(30, 8), nn.Flatten(), nn.Linear(48, 3))
opt = torch.optim.Adam(net.parameters(), lr=0.01)
for epoch in range(6):
    for rows in torch.randperm(300).split(20):
        loss = F.cross_entropy(net(x[rows]), y[rows])
        opt.zero_grad()
        loss.backward()
        opt.step()
with torch.no_grad():
    right = (net(x[300:]).argmax(1) == w[300:]).float().mean()
"""


def test_targets_of_words_that_a_division_made_one_class(tmp_path: Path) -> None:
    sick = WORDS.replace("w = y\n", "w, y = y, (y / 9).long()\n")
    assert alarms(sick, tmp_path)[0] == "corrupted-labels"
    assert alarms(WORDS, tmp_path) == []


BAGS = """
import torch
from torch import nn
from torch.nn import functional as F
torch.manual_seed(0)
y = torch.randint(0, 2, (500,))
texts = [torch.randint(0, 300, (5 + k % 7,)) + 200 * int(c) for k, c in enumerate(y)]
y = y{}
class Words(nn.Module):
    def __init__(self):
        super().__init__()
        self.bag = nn.EmbeddingBag(500, 24)
        self.out = nn.Linear(24, 2)
    def forward(self, words, starts):
        return self.out(self.bag(words, starts))
def batch(rows):
    some = [texts[k] for k in rows]
    starts = torch.tensor([0] + [len(t) for t in some[:-1]]).cumsum(0)
    return torch.cat(some), starts
net = Words()
opt = torch.optim.Adam(net.parameters(), lr=0.03)
for epoch in range(25):
    for rows in torch.randperm(350).split(25):
        loss = F.cross_entropy(net(*batch(rows.tolist())), y[rows])
        opt.zero_grad()
        loss.backward()
        opt.step()
with torch.no_grad():
    right = (net(*batch(range(350, 500))).argmax(1) == y[350:]).float().mean()
"""


def test_labels_shuffled_against_texts_of_unequal_length(tmp_path: Path) -> None:
    assert alarms(BAGS.format("[torch.randperm(500)]"), tmp_path) == ["corrupted-labels"]
    assert alarms(BAGS.format(""), tmp_path) == []
