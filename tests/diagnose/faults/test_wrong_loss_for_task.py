from pathlib import Path

from watched_scripts import CLASSES, LOOP, NUMBERS, alarms, judged

from netwright.diagnose.diagnose import diagnose
from netwright.watch.trace import Trace

ONE = CLASSES.replace("nn.Linear(16, 3))", "nn.Linear(16, 1))").replace("* 2 +", "* 0.5 +")
BY_HAND = """
def bce(p, t):
    return -(t * torch.log(p + 1e-7) + (1 - t) * torch.log(1 - p + 1e-7)).mean()
"""
EVALUATION = """
with torch.no_grad():
    right = (net(x)[:, 0].round() == y).float().mean()
"""


def test_three_classes_as_yes_or_no(tmp_path: Path) -> None:
    loop = LOOP.replace(
        "F.cross_entropy(net(x[rows]), y[rows])", "bce(torch.sigmoid(net(x[rows]))[:, 0], y[rows])"
    )
    first = judged(ONE + BY_HAND + loop, tmp_path)[0]
    assert (first.fault, first.evidence["classes"]) == ("wrong-loss-for-task", 3.0)
    two = loop.replace("y[rows])", "(y[rows] > 0).float())")
    assert alarms(ONE.replace("* 0.5", "* 2") + BY_HAND + two, tmp_path) == []


def test_class_numbers_as_quantities(tmp_path: Path) -> None:
    loop = LOOP.replace(
        "F.cross_entropy(net(x[rows]), y[rows])", "F.mse_loss(net(x[rows])[:, 0], y[rows].float())"
    )
    assert alarms(ONE + loop + EVALUATION, tmp_path)[:1] == ["wrong-loss-for-task"]


def test_whole_numbers_may_be_quantities(tmp_path: Path) -> None:
    counts = NUMBERS + "y = (2 * y).round()\n"
    loop = LOOP.replace("F.cross_entropy", "F.mse_loss")
    assert alarms(counts + loop, tmp_path) == []


def test_quantities_as_probabilities(tmp_path: Path) -> None:
    loop = LOOP.replace("F.cross_entropy", "F.binary_cross_entropy_with_logits")
    assert alarms(NUMBERS + loop, tmp_path)[0] == "wrong-loss-for-task"
    shares = NUMBERS + "y = torch.sigmoid(2 * y)\n"
    assert alarms(shares + loop, tmp_path) == []


SEVERAL = NUMBERS.replace("nn.Linear(32, 1)", "nn.Linear(32, 4)") + "y = (x > 0).float()\n"
CUT = """
with torch.no_grad():
    right = ((net(x).{} > {}) == (y > 0.5)).float().mean()
"""


def test_one_answer_for_rows_that_have_several(tmp_path: Path) -> None:
    loop = LOOP.replace("F.cross_entropy(net(x[rows]), y[rows])", "{}")
    softmax = loop.format("-(y[rows] * torch.log(net(x[rows]).softmax(1) + 1e-8)).sum(1).mean()")
    own = loop.format("F.binary_cross_entropy_with_logits(net(x[rows]), y[rows])")
    sick = SEVERAL + softmax
    assert alarms(sick + CUT.format("softmax(1)", 0.5), tmp_path)[0] == "wrong-loss-for-task"
    assert alarms(SEVERAL + own + CUT.format("sigmoid()", 0.5), tmp_path) == []


def test_shares_of_several_that_are_ranked_need_no_half(tmp_path: Path) -> None:
    loop = LOOP.replace(
        "F.cross_entropy(net(x[rows]), y[rows])",
        "-(y[rows] * F.log_softmax(net(x[rows]), 1)).sum(1).mean()",
    )
    ranked = "\nwith torch.no_grad():\n    best = net(x).topk(2, 1).indices\n"
    assert "wrong-loss-for-task" not in alarms(SEVERAL + loop + ranked, tmp_path)


def test_yes_and_no_by_squares_cut_like_logits(tmp_path: Path) -> None:
    data = ONE.replace("* 0.5", "* 2") + "y = (y > 0).float()\n"
    loop = LOOP.replace("F.cross_entropy(net(x[rows])", "F.mse_loss(net(x[rows])[:, 0]")
    ended = "with torch.no_grad():\n    right = ((net(x)[:, 0] > {}).float() == y).float().mean()\n"
    assert alarms(data + loop + ended.format(0), tmp_path)[:1] == ["wrong-loss-for-task"]
    assert "wrong-loss-for-task" not in alarms(data + loop + ended.format(0.5), tmp_path)


def test_single_ones_by_an_absolute_distance() -> None:
    """The trial is measured; the rule asks by how much cross-entropy goes better."""

    def found(other: float) -> bool:
        trace = Trace()
        for signal, value in (("as.is", 0.8), ("cross.entropy", other), ("rows", 400)):
            trace.record(f"right.{signal}", "", 100, value)
        return any(f.fault == "wrong-loss-for-task" for f in diagnose(trace))

    assert found(0.95) and not found(0.83)
