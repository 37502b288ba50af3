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
