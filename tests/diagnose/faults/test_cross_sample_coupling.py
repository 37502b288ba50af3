from pathlib import Path

from watched_scripts import CLASSES, LOOP, alarms, judged

from netwright.diagnose.diagnose import diagnose
from netwright.watch.trace import Trace

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


def test_coupling_that_changes_no_answer_is_a_fault_where_a_simple_model_tells_more() -> None:
    """A net that is lost gives most rows one answer, whatever stands beside them."""

    def found(baseline: float) -> list[str]:
        trace = Trace()
        for step in range(100):
            trace.record("loss", "", step, 1.1 - 0.003 * step)
        for signal, value in (("coupling", 0.5), ("coupling.decided", 0.0)):
            trace.record(signal, "", 100, value)
        for name, value in (("train", 0.1), ("baseline", baseline)):
            trace.record(f"skill.{name}", "", 100, value)
            trace.record(f"skill.{name}.noise", "", 100, 0.02)
        return [f.severity for f in diagnose(trace) if f.fault == "cross-sample-coupling"]

    assert found(baseline=0.8) == ["error"] and found(baseline=0.15) == ["info"]


def test_batch_norm_and_random_nets_are_no_fault(tmp_path: Path) -> None:
    norm = CLASSES.replace("nn.ReLU()", "nn.BatchNorm1d(16), nn.ReLU()")
    assert alarms(norm + LOOP, tmp_path) == []
    noise = NET.format(1).replace("self.a(v)", "self.a(v) + 0.1 * torch.randn(len(v), 16)")
    assert alarms(CLASSES + noise + LOOP, tmp_path) == []


PAIR = NET.replace("return self.b(h)", "return h.mean(1), self.b(h)")


def test_the_output_that_the_loss_is_made_of_is_looked_at(tmp_path: Path) -> None:
    loop = LOOP.replace("net(x[rows])", "net(x[rows])[1]")
    assert alarms(CLASSES + PAIR.format(0) + loop, tmp_path)[0] == "cross-sample-coupling"
    assert alarms(CLASSES + PAIR.format(1) + loop, tmp_path) == []


def test_each_row_with_each_is_meant(tmp_path: Path) -> None:
    net = NET.replace("return self.b(h)", "return self.b(h) @ self.b(h).T")
    loop = LOOP.replace("y[rows])", "torch.arange(30))")
    assert "cross-sample-coupling" not in alarms(CLASSES + net.format(1) + loop, tmp_path)


def test_the_output_that_enters_the_loss_is_asked(tmp_path: Path) -> None:
    pair = NET.replace("return self.b(h)", "return h, self.b(v @ self.a.weight.T).softmax({})")
    loop = LOOP.replace("F.cross_entropy(net(x[rows])", "F.nll_loss(net(x[rows])[1].log()")
    assert "cross-sample-coupling" in alarms(
        CLASSES + pair.replace("{}", "1", 1).format(0) + loop, tmp_path
    )
    assert alarms(CLASSES + pair.replace("{}", "1", 1).format(1) + loop, tmp_path) == []


SEQUENCES = """
import torch
from torch import nn
from torch.nn import functional as F
torch.manual_seed(0)
x = torch.randint(0, 6, (300, 8))
y = (x == 2).sum(1).clamp(max=2)


class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.embedding = nn.Embedding(6, 8)
        self.rnn = nn.GRU(8, 16)
        self.out = nn.Linear(16, 3)

    def forward(self, v):
        h, _ = self.rnn(self.embedding(v))
        return self.out(h[:, -1])


net = Net()
opt = torch.optim.Adam(net.parameters(), lr=0.01)
"""


def test_a_recurrent_layer_along_the_rows_and_the_twin(tmp_path: Path) -> None:
    loop = LOOP.replace("range(20)", "range(10)")
    first = judged(SEQUENCES + loop, tmp_path)[0]
    assert (first.fault, first.layer) == ("cross-sample-coupling", "rnn")
    twin = SEQUENCES.replace("(8, 16)", "(8, 16, batch_first=True)")
    assert "cross-sample-coupling" not in alarms(twin + loop, tmp_path)
    by_time = SEQUENCES.replace("self.embedding(v))", "self.embedding(v.T))").replace(
        "h[:, -1]", "h[-1]"
    )
    assert "cross-sample-coupling" not in alarms(by_time + loop, tmp_path)
