import random
import sys
from pathlib import Path

import numpy as np
import pytest
import torch
from torch import nn

from netwright.watch.observer import Observer, watch_any

HEAD = """
import random, warnings
import numpy as np
import torch
from torch import nn
from torch.nn import functional as F
torch.manual_seed(0); np.random.seed(0); random.seed(0)
x = torch.randn(120, 5)
y = (x[:, 0] > 0).long()
"""
PLAIN = """
net = nn.Sequential(nn.Linear(5, 16), nn.ReLU(), nn.Dropout(0.2), nn.Linear(16, 2))
opt = torch.optim.SGD(net.parameters(), lr=0.1, momentum=0.9)
criterion = nn.CrossEntropyLoss()
for epoch in range(6):
    net.train()
    for rows in torch.randperm(120).split(20):
        loss = criterion(net(x[rows]), y[rows])
        opt.zero_grad()
        loss.backward()
        opt.step()
    net.eval()
    with torch.no_grad():
        valid = criterion(net(x), y).item()
    print(epoch, loss.item(), valid)
"""
BY_HAND = """
net = nn.Linear(5, 1)
opt = torch.optim.Adam(net.parameters(), lr=0.1)
for step in range(40):
    loss = ((torch.sigmoid(net(x))[:, 0] - y) ** 2).mean() + 1e-3 * net.weight.pow(2).sum()
    opt.zero_grad()
    loss.backward()
    opt.step()
"""
GAN = """
G = nn.Sequential(nn.Linear(2, 8), nn.ReLU(), nn.Linear(8, 5))
D = nn.Sequential(nn.Linear(5, 8), nn.ReLU(), nn.Linear(8, 1))
og = torch.optim.Adam(G.parameters(), lr=1e-3)
od = torch.optim.Adam(D.parameters(), lr=1e-3)
bce = nn.BCEWithLogitsLoss()
for step in range(30):
    z = torch.randn(20, 2)
    d = bce(D(x[:20]), torch.ones(20, 1)) + bce(D(G(z).detach()), torch.zeros(20, 1))
    od.zero_grad(); d.backward(); od.step()
    g = bce(D(G(z)), torch.ones(20, 1))
    og.zero_grad(); g.backward(); og.step()
"""
LBFGS = """
net = nn.Linear(5, 2)
opt = torch.optim.LBFGS(net.parameters(), lr=0.5, max_iter=5)
def closure():
    opt.zero_grad()
    loss = F.cross_entropy(net(x), y)
    loss.backward()
    return loss
for step in range(8):
    opt.step(closure)
"""
LSTM = """
class Tagger(nn.Module):
    def __init__(self):
        super().__init__()
        self.lstm, self.out = nn.LSTM(5, 8, batch_first=True), nn.Linear(8, 2)
    def forward(self, v):
        return self.out(self.lstm(v)[0][:, -1])
net = Tagger()
opt = torch.optim.AdamW(net.parameters())
for step in range(30):
    loss = F.nll_loss(F.log_softmax(net(x.reshape(24, 5, 5)), 1), y[:24])
    opt.zero_grad(); loss.backward(); opt.step()
"""


def run(code: str, folder: Path, *, watch: bool) -> tuple[dict[str, object], Observer | None]:
    file = folder / "script.py"
    file.write_text(HEAD + code)
    names: dict[str, object] = {"__name__": "__main__"}
    program = compile(file.read_text(), str(file), "exec")
    if not watch:
        exec(program, names)
        return names, None
    with watch_any(folder) as seen:
        exec(program, names)
    assert seen.trouble is None, seen.trouble
    return names, seen


@pytest.mark.parametrize("code", [PLAIN, BY_HAND, GAN, LBFGS, LSTM])
def test_the_run_is_not_changed(
    code: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    outcomes = []
    for watch in (False, True):
        names, _ = run(code, tmp_path, watch=watch)
        weights = [p for n in names.values() if isinstance(n, nn.Module) for p in n.parameters()]
        draws = (torch.rand(3), np.random.rand(3), random.random())
        outcomes.append((weights, draws, capsys.readouterr()))
    (weights, draws, printed), (watched, later, said) = outcomes
    assert weights and all(torch.equal(a, b) for a, b in zip(weights, watched, strict=True))
    assert torch.equal(draws[0], later[0]) and (draws[1] == later[1]).all()
    assert draws[2] == later[2] and printed == said


def test_everything_is_put_back(tmp_path: Path) -> None:
    before = nn.Module.__call__, nn.functional.mse_loss, torch.autograd.backward
    run(PLAIN, tmp_path, watch=True)
    assert before == (nn.Module.__call__, nn.functional.mse_loss, torch.autograd.backward)
    assert not torch.overrides._get_current_function_mode_stack()


def test_nets_phases_and_lines_are_found(tmp_path: Path) -> None:
    _, seen = run(PLAIN, tmp_path, watch=True)
    assert seen is not None and seen.steps == 36
    (learner,) = seen.learners
    trace = learner.trace
    assert list(learner.nets) == ["net"] and trace.text("variable", "optimizer") == "opt"
    assert len(trace.values("loss")) == 36
    assert seen.rows == trace.last("rows.trained") == 6 * 120  # the evaluations' are none of them
    assert len(trace.values("loss.validation")) == len(trace.values("loss.train")) == 6
    right = trace.values("right.validation")
    assert len(right) == 6 and (right >= 0).all() and right[-1] > 0.5 and right.max() <= 1
    assert set(trace.values("training.mode")) == {1.0}
    assert set(trace.values("evaluation.mode")) == {0.0}
    lines = (HEAD + PLAIN).splitlines()
    for event, text in (("backward", "loss.backward()"), ("loss", "criterion(net"),
                        ("optimizer", "opt ="), ("layer:3", "net = nn")):  # fmt: skip
        file, _, line = trace.text("line", event).rpartition(":")
        assert file == str(tmp_path / "script.py") and text in lines[int(line) - 1]


def test_every_evaluation_counts_and_no_loss_of_training(tmp_path: Path) -> None:
    _, seen = run(PLAIN.replace("range(6)", "range(40)"), tmp_path, watch=True)
    assert seen is not None
    assert len(seen.learners[0].trace.values("loss.validation")) == 40
    silent = PLAIN.replace("criterion(net(x), y).item()", "net(x).argmax(1).eq(y).sum().item()")
    _, seen = run(silent, tmp_path, watch=True)
    assert seen is not None
    assert not len(seen.learners[0].trace.values("loss.validation"))


def test_two_players_are_two_learners_and_their_losses_no_curve(tmp_path: Path) -> None:
    _, seen = run(GAN, tmp_path, watch=True)
    assert seen is not None
    assert [list(learner.nets) for learner in seen.learners] == [["D"], ["G"]] or [
        sorted(learner.nets) for learner in seen.learners
    ] == [["D", "G"], []]
    assert not any(len(learner.trace.values("loss")) > 1 for learner in seen.learners)


def test_a_loss_by_hand_is_run_again_to_the_same_number(tmp_path: Path) -> None:
    _, seen = run(BY_HAND, tmp_path, watch=True)
    assert seen is not None
    (learner,) = seen.learners
    first = learner.tapes[0]
    assert first.whole and first.loss is not None and first.step == 0
    slots = first.run(learner.snapshots[0].swap)
    assert float(slots[first.loss].detach()) == learner.trace.values("loss")[0]


def test_the_script_is_stopped_after_so_many_steps(tmp_path: Path) -> None:
    from netwright.watch.stop import StopWatching

    file = tmp_path / "script.py"
    file.write_text(HEAD + PLAIN)
    with pytest.raises(StopWatching), watch_any(tmp_path, max_steps=5) as seen:
        exec(compile(file.read_text(), str(file), "exec"), {})
    assert seen.steps == 5 and len(seen.learners[0].trace.values("loss")) == 5
    assert "torch" in sys.modules


FAKES_FIRST = """
G = nn.Sequential(nn.Linear(2, 8), nn.ReLU(), nn.Linear(8, 5))
D = nn.Sequential(nn.Linear(5, 8), nn.ReLU(), nn.Linear(8, 1))
og = torch.optim.Adam(G.parameters(), lr=1e-3)
od = torch.optim.Adam(D.parameters(), lr=1e-3)
bce = nn.BCEWithLogitsLoss()
for step in range(20):
    fake = G(torch.randn(16, 2))
    od.zero_grad()
    bce(D(x[:16]), torch.ones(16, 1)).backward()
    bce(D(fake.detach()), torch.zeros(16, 1)).backward()
    od.step()
    og.zero_grad()
    bce(D(fake), torch.ones(16, 1)).backward()
    og.step()
"""


def test_two_nets_in_turn_are_sampled_at_their_own_steps(tmp_path: Path) -> None:
    _, seen = run(FAKES_FIRST, tmp_path, watch=True)
    assert seen is not None
    assert [list(learner.nets) for learner in seen.learners] == [["D"], ["G"]]
    for learner in seen.learners:  # what the other net's backward left there is not carried
        carried = learner.trace.values("grad.carried")
        assert len(carried) >= 2 and not carried.any()
        steps = learner.trace.steps("grad.norm")
        assert len(set(steps.tolist())) == len(steps)


def test_asleep_it_counts_what_it_counts_awake(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    code = PLAIN.replace("range(6)", "range(30)")
    every_other = "if backs % 2: opt.step(); opt.zero_grad()"
    accumulating = "backs = 0" + code.replace("opt.zero_grad()", "backs += 1").replace(
        "opt.step()", every_other
    )
    for one in (code, accumulating):
        _, sleeper = run(one, tmp_path, watch=True)
        with monkeypatch.context() as awake:
            awake.setattr(Observer, "_may_sleep", lambda *_: False)
            _, other = run(one, tmp_path, watch=True)
        assert sleeper is not None and other is not None
        for count in ("steps", "calls", "rows", "backwards"):
            assert getattr(sleeper, count) == getattr(other, count)
        mine, theirs = sleeper.learners[0].trace, other.learners[0].trace
        for signal in ("loss", "loss.validation", "loss.train", "right.validation", "grad.norm"):
            assert mine.values(signal).tolist() == theirs.values(signal).tolist(), signal


def test_it_does_sleep(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    closely = []
    looked = Observer._on_after_call
    monkeypatch.setattr(
        Observer, "_on_after_call", lambda *args: (closely.append(1), looked(*args))[1]
    )
    _, seen = run(BY_HAND.replace("range(40)", "range(400)"), tmp_path, watch=True)
    assert seen is not None and seen.calls == seen.steps == 400
    assert 24 <= len(closely) < 150
