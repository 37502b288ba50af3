"""Every question of a script is answered well on a healthy one, and ill on one made sick for it."""

from collections.abc import Callable
from pathlib import Path

import pytest
import torch
from script_cases import WELL, changed, seen

from netwright.check.on_scripts import overfit_one_batch as module
from netwright.check.on_scripts.gradients import gradients
from netwright.check.on_scripts.initial_loss import initial_loss
from netwright.check.on_scripts.input_scales import input_scales
from netwright.check.on_scripts.input_values import input_values
from netwright.check.on_scripts.labels import class_balance, label_noise
from netwright.check.on_scripts.leaks import duplicate_rows, giveaway_column
from netwright.check.on_scripts.outputs_and_loss import outputs_and_loss
from netwright.check.on_scripts.overfit_one_batch import overfit_one_batch
from netwright.check.on_scripts.parameters import parameters
from netwright.check.on_scripts.row_independence import row_independence
from netwright.check.on_scripts.shuffling import shuffling
from netwright.check.on_scripts.train_and_eval import train_and_eval
from netwright.check.on_scripts.zero_grad import zero_grad
from netwright.check.result import Check
from netwright.check.seen import Seen

Ask = Callable[[Seen], Check]
ZERO = "        optimizer.zero_grad()\n"
FORWARD = "        return self.last(self.drop(torch.relu(self.first(x))))"
LOSS = "F.cross_entropy(net(x[rows]), y[rows])"
TARGETS = "y = (x @ torch.randn(6, 3)).argmax(1)"
NOISY = "x[:, 0] = 3 * x[:, 0].sign()\ny = ((x[:, 0] > 0) ^ (torch.rand(400) < 0.3)).long()"
# What is asked, what makes it ill, and the answer.
SICK: list[tuple[Ask, list[tuple[str, str]], str, str]] = [
    (input_values, [(TARGETS, TARGETS + "\nx[3, 1] = float('nan')")],
     "failed", "bad-input-values"),
    (input_values, [(TARGETS, "x[:, 2] = 1\n" + TARGETS)], "info", ""),
    (outputs_and_loss, [(FORWARD, FORWARD + ".softmax(1)")], "warning", "output-loss-mismatch"),
    (outputs_and_loss, [(LOSS, "((net(x[rows])[:, :1] - x[rows, 0]) ** 2).mean()")],
     "failed", "loss-broadcasting"),
    (outputs_and_loss, [(LOSS, LOSS + " / (step := globals().get('step', 20) - 1)")],
     "failed", "numerical-instability"),
    (input_scales, [(TARGETS, TARGETS + "\nx = x * 1000")], "warning", "unscaled-inputs"),
    (initial_loss, [("net = Net()",
                     "net = Net()\nfor p in net.parameters(): nn.init.normal_(p, std=9.0)")],
     "failed", "wrong-initialization"),
    (gradients, [(LOSS, "F.cross_entropy(net(x[rows]).detach().requires_grad_(), y[rows])")],
     "failed", "disconnected-loss"),
    (parameters, [("net.parameters()", "nn.Linear(6, 3).parameters()")],
     "failed", "optimizer-missing-parameters"),
    (zero_grad, [(ZERO, "")], "failed", "missing-zero-grad"),
    (shuffling, [("torch.randperm(300)", "y[:300].argsort()")], "warning", "unshuffled-data"),
    (overfit_one_batch, [("self.first(x)", "self.first(x) - 99")], "failed", "underfitting"),
    (train_and_eval, [("self.drop(", "F.dropout(")], "failed", "wrong-train-eval-mode"),
    (row_independence, [("self.first(x)", "self.first(x) * x.softmax(0)[:, :1] * 40")],
     "failed", "cross-sample-coupling"),
    (giveaway_column, [(TARGETS, TARGETS + "\nx[:, 4] = y")], "failed", "data-leakage"),
    (duplicate_rows, [("x[300:]", "x[200:]"), ("y[300:]", "y[200:]")], "info", "data-leakage"),
    (label_noise, [(TARGETS, NOISY), ("400", "1600"), ("300", "1200"), ("(25)", "(100)")],
     "warning", "corrupted-labels"),
]  # fmt: skip
WHOLE: list[Ask] = [
    input_values, duplicate_rows, giveaway_column, shuffling, outputs_and_loss, input_scales,
    initial_loss, gradients, parameters, zero_grad, overfit_one_batch, train_and_eval,
    row_independence, class_balance,
]  # fmt: skip


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "STEPS", 300)


@pytest.fixture(scope="module")
def well(tmp_path_factory: pytest.TempPathFactory) -> Seen:
    torch.set_num_threads(1)
    return seen(WELL, tmp_path_factory.mktemp("well"))


@pytest.mark.parametrize("ask", WHOLE, ids=lambda ask: ask.__name__)
def test_a_healthy_script_passes(ask: Ask, well: Seen) -> None:
    found = ask(well)
    assert found.status == "passed", found
    assert found.name == ask.__name__.replace("_", "-")


@pytest.mark.parametrize(
    ("ask", "changes", "status", "fault"), SICK, ids=[f"{s[0].__name__}-{s[3]}" for s in SICK]
)
def test_a_sick_script_does_not(
    ask: Ask, changes: list[tuple[str, str]], status: str, fault: str, tmp_path: Path
) -> None:
    found = ask(seen(changed(*changes), tmp_path))
    assert (found.status, found.fault) == (status, fault), found
    if status == "failed":
        assert str(found.where["file"]).endswith("train.py") and found.where["line"]
        assert found.finding().severity == "error"


# A backward written by hand: right, wrong by a factor that is the same everywhere, and wrong.
OWN = """
class Square(torch.autograd.Function):
    @staticmethod
    def forward(ctx, x):
        ctx.save_for_backward(x)
        return x * x
    @staticmethod
    def backward(ctx, slope):
        x, = ctx.saved_tensors
        return {backward}
class Net"""


@pytest.mark.parametrize(
    ("backward", "status"),
    [("2 * x * slope", "passed"), ("-2 * x * slope", "warning"), ("slope", "failed")],
)
def test_a_backward_by_hand(backward: str, status: str, tmp_path: Path) -> None:
    code = changed(
        ("\nclass Net", OWN.format(backward=backward)),
        ("torch.relu(self.first(x))", "Square.apply(self.first(x))"),
    )
    found = gradients(seen(code, tmp_path, steps=3))
    assert found.status == status, found


def test_what_is_detached_on_purpose_is_no_failure(tmp_path: Path) -> None:
    code = changed((FORWARD, "        h = torch.relu(self.first(x))\n"
                             "        return self.last(h) + self.last(h).detach()"))  # fmt: skip
    found = gradients(seen(code, tmp_path, steps=3))
    assert found.status == "info" and "detached" in found.words


def test_random_nets_and_unknown_losses_are_not_judged_by_heart(tmp_path: Path) -> None:
    code = changed(
        ("self.last(self", "self.last(torch.randn(len(x), 32) + self"),
        ("F.cross_entropy(net(x[rows]), y[rows])", "F.cross_entropy(net(x[rows]), y[rows]) - 3"),
    )
    one = seen(code, tmp_path)
    assert overfit_one_batch(one).status == "passed"
    assert initial_loss(one).status == "skipped"
    assert train_and_eval(one).status == "info"
