from pathlib import Path

import pytest
from watched_scripts import CLASSES, LOOP, NUMBERS, alarms, judged

ENDED = CLASSES.replace("nn.Linear(16, 3))", "nn.Linear(16, 3), {})").replace("* 2 +", "* 0.8 +")
REGRESSION = LOOP.replace("F.cross_entropy", "F.mse_loss")


@pytest.mark.parametrize("last", ["nn.Softmax(dim=1)", "nn.Sigmoid()"])
def test_probabilities_into_cross_entropy_and_the_twin(tmp_path: Path, last: str) -> None:
    sick = ENDED.format(last).replace("Adam", "SGD")
    first = judged(sick + LOOP, tmp_path)[0]
    assert (first.fault, first.severity) == ("output-loss-mismatch", "error")
    assert alarms(ENDED.format("nn.Identity()").replace("Adam", "SGD") + LOOP, tmp_path) == []


def test_log_softmax_twice_changes_nothing(tmp_path: Path) -> None:
    assert alarms(ENDED.format("nn.LogSoftmax(dim=1)") + LOOP, tmp_path) == []


@pytest.mark.parametrize("last", ["nn.ReLU()", "nn.Sigmoid()"])
def test_targets_out_of_reach_and_the_twin(tmp_path: Path, last: str) -> None:
    sick = NUMBERS.replace("nn.Linear(32, 1))", f"nn.Linear(32, 1), {last})")
    first = judged(sick + REGRESSION, tmp_path)[0]
    assert (first.fault, first.severity) == ("output-loss-mismatch", "error")
    assert float(first.evidence["outside"]) > 0.3
    assert alarms(NUMBERS + REGRESSION, tmp_path) == []


def test_a_softmax_over_one_column(tmp_path: Path) -> None:
    one = CLASSES.replace("nn.Linear(16, 3))", "nn.Linear(16, 1), nn.Softmax(dim=1))")
    loop = LOOP.replace(
        "F.cross_entropy(net(x[rows]), y[rows])",
        "F.binary_cross_entropy(net(x[rows])[:, 0], (y[rows] > 0).float())",
    )
    assert alarms(one + loop, tmp_path)[:1] == ["output-loss-mismatch"]
    assert alarms(one.replace("nn.Softmax(dim=1)", "nn.Sigmoid()") + loop, tmp_path) == []


def test_numbers_that_are_no_log_probabilities_into_nll_loss_and_the_twin(tmp_path: Path) -> None:
    raw = LOOP.replace("F.cross_entropy", "F.nll_loss")
    first = judged(CLASSES + raw, tmp_path)[0]
    assert (first.fault, first.severity) == ("output-loss-mismatch", "error")
    log = raw.replace("net(x[rows])", "net(x[rows]).log_softmax(1)")
    assert alarms(CLASSES + log, tmp_path) == []


def test_a_last_relu_under_which_a_class_is_never_answered(tmp_path: Path) -> None:
    net = CLASSES.replace("nn.Linear(16, 3))", "nn.Linear(16, 3), nn.ReLU())")
    low = "with torch.no_grad():\n    net[2].bias -= torch.tensor([{}, 0.0, 0.0])\n"
    assert alarms(net + low.format(90.0) + LOOP, tmp_path)[0] == "output-loss-mismatch"
    assert alarms(net + low.format(-1.0) + LOOP, tmp_path) == []


def test_a_sigmoid_that_large_inputs_saturate_is_no_mismatch(tmp_path: Path) -> None:
    net = CLASSES.replace("nn.Linear(16, 3))", "nn.Linear(16, 1), nn.Sigmoid())")
    loop = LOOP.replace(
        "F.cross_entropy(net(x[rows]), y[rows])",
        "F.binary_cross_entropy(net(x[rows])[:, 0], (y[rows] > 0).float())",
    )
    found = alarms(net + "x = x * 3e5 + 9e6\n" + loop, tmp_path)
    assert "output-loss-mismatch" not in found


def test_cross_entropy_over_one_column(tmp_path: Path) -> None:
    loss = "F.cross_entropy(net(x[rows]), (y[rows] > 0).float())"
    loop = LOOP.replace("F.cross_entropy(net(x[rows]), y[rows])", loss)
    assert alarms(NUMBERS + loop, tmp_path)[0] == "output-loss-mismatch"


def test_a_logarithm_of_a_last_relu(tmp_path: Path) -> None:
    net = CLASSES.replace("nn.Linear(16, 3))", "nn.Linear(16, 3), nn.ReLU())")
    by_hand = "-(F.one_hot(y[rows], 3) * torch.log(net(x[rows]))).sum(1).mean()"
    loop = LOOP.replace("F.cross_entropy(net(x[rows]), y[rows])", by_hand)
    assert alarms(net + loop, tmp_path)[:2] == ["output-loss-mismatch", "numerical-instability"]
    softmax = net.replace("nn.ReLU())", "nn.Softmax(dim=1))")
    assert alarms(softmax + loop, tmp_path) == []
