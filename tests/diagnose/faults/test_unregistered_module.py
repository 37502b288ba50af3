from pathlib import Path

from watched_scripts import CLASSES, LOOP, alarms, judged

NET = """
class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.layers = [nn.Linear(6, 2), nn.Linear(2, 16)]
        self.out = nn.Linear(16, 3)

    def forward(self, v):
        for layer in self.layers:
            v = torch.tanh(layer(v))
        return self.out(v)


x = x * 0.05
net = Net()
opt = torch.optim.Adam(net.parameters(), lr=0.01)
"""


def test_layers_in_a_list_and_the_twin(tmp_path: Path) -> None:
    first = judged(CLASSES + NET + LOOP, tmp_path)[0]
    assert (first.fault, first.severity, first.layer) == ("unregistered-module", "error", "layers")
    assert first.evidence["parameters"] == 4
    registered = NET.replace("[nn.Linear(6, 2), nn.Linear(2, 16)]", "nn.ModuleList([\n"
                             "            nn.Linear(6, 2), nn.Linear(2, 16)])")  # fmt: skip
    assert alarms(CLASSES + registered + LOOP, tmp_path) == []


MADE = """
class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.out = nn.Linear(16, 3)
        self.first = None

    def forward(self, v):
        {}
        return self.out(torch.relu(first(v)))


net = Net()
net(x[:2])
opt = torch.optim.Adam(net.parameters(), lr=0.01)
"""


def test_layers_that_forward_makes_anew_and_one_that_waits_for_its_input(tmp_path: Path) -> None:
    first = judged(CLASSES + MADE.format("first = nn.Linear(6, 16)") + LOOP, tmp_path)[0]
    assert (first.fault, first.severity) == ("unregistered-module", "error")
    assert first.evidence["weights"] == 6 * 16 + 16
    line = (tmp_path / "train.py").read_text().splitlines()[int(first.where["line"] or 0) - 1]
    assert line.strip() == "first = nn.Linear(6, 16)"
    waits = "self.first = first = self.first or nn.Linear(v.shape[1], 16)"
    assert alarms(CLASSES + MADE.format(waits) + LOOP, tmp_path) == []
