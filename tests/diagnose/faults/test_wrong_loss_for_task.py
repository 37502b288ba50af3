from pathlib import Path

from watched_scripts import CLASSES, LOOP, NUMBERS, alarms, judged

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
