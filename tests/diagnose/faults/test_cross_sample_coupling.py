from pathlib import Path

from watched_scripts import CLASSES, LOOP, alarms, judged

NET = """
class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.a, self.b = nn.Linear(6, 16), nn.Linear(16, 3)

    def forward(self, v):
        h = self.a(v)
        h = torch.softmax(h, {}) * 5
        return self.b(h)


net = Net()
opt = torch.optim.Adam(net.parameters(), lr=0.01)
"""


def test_a_softmax_over_the_batch_and_the_twin(tmp_path: Path) -> None:
    first = judged(CLASSES + NET.format(0) + LOOP, tmp_path)[0]
    assert (first.fault, first.severity) == ("cross-sample-coupling", "error")
    assert alarms(CLASSES + NET.format(1) + LOOP, tmp_path) == []


def test_batch_norm_and_random_nets_are_no_fault(tmp_path: Path) -> None:
    norm = CLASSES.replace("nn.ReLU()", "nn.BatchNorm1d(16), nn.ReLU()")
    assert alarms(norm + LOOP, tmp_path) == []
    noise = NET.format(1).replace("self.a(v)", "self.a(v) + 0.1 * torch.randn(len(v), 16)")
    assert alarms(CLASSES + noise + LOOP, tmp_path) == []
