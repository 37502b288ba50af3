from pathlib import Path

import pytest
from watched_scripts import CLASSES, LOOP, alarms, judged

TWO = (CLASSES + LOOP).replace("(0, 3,", "(0, 2,").replace("randn(3, 6)", "randn(2, 6)")
TWO = TWO.replace("* 2 + torch", "* 0.5 + torch").replace("nn.Linear(16, 3)", "nn.Linear(16, 1)")
TWO = TWO.replace("F.cross_entropy(net(x[rows]), y[rows])", "LOSS(net(x[rows]), z[rows])")
TWO = TWO.replace("LOSS", "F.binary_cross_entropy_with_logits").replace(
    "for epoch", "z = y[:, None].float()\nfor epoch"
)
TWO = TWO.replace("range(20)", "range(5)").replace(
    "Adam(net.parameters(), lr=0.01)", "Adam(net.parameters(), lr=0.003)"
)
JUDGE = """
with torch.no_grad():
    accuracy = {}
"""


@pytest.mark.parametrize(
    ("sick", "well"),
    [
        ("((net(x) > 0) == y).float().mean()", "((net(x)[:, 0] > 0) == y).float().mean()"),
        ("(net(x).round() == z).float().mean()", "(net(x).sigmoid().round() == z).float().mean()"),
        ("((net(x) > 0.5) * z).sum() + 0 * z.sum()", "((net(x) > 0) * z).sum()"),
        ("(net(x).argmax(1) == y).float().mean()", "(net(x).squeeze(1) > 0).eq(y).sum() / 300"),
        (
            "((net(x).sigmoid() > 0) == z).float().mean()",
            "(net(x).sigmoid() > 0.5).eq(z).sum() / 300",
        ),
        (
            "((net(x).sigmoid().sigmoid() > 0.5).float() == z).float().mean()",
            "((net(x).sigmoid() > 0.5).float() == z).float().mean()",
        ),
    ],
)
def test_a_wrong_comparison_and_the_right_one(sick: str, well: str, tmp_path: Path) -> None:
    found = judged(TWO + JUDGE.format(sick), tmp_path)
    finding = next(f for f in found if f.fault == "wrong-metric")
    assert finding.severity == "error"
    numbers = finding.evidence
    assert float(numbers["right accuracy"]) > float(numbers["reported accuracy"]) + 0.02
    assert "wrong-metric" not in [f.fault for f in judged(TWO + JUDGE.format(well), tmp_path)]


@pytest.mark.parametrize(
    "sick",
    [
        "(net(x).argmax(1)[:, None] == y).float().mean()",
        "(net(x).argmax(0)[0] == y).float().mean()",
        "(F.softmax(net(x), 1).round().long()[:, 0] == y).float().mean()",
    ],
)
def test_classes_that_are_picked_or_met_wrongly(sick: str, tmp_path: Path) -> None:
    finding = judged(CLASSES + LOOP + JUDGE.format(sick), tmp_path)[0]
    assert (finding.fault, finding.severity) == ("wrong-metric", "error")


@pytest.mark.parametrize(
    "well",
    [
        "(net(x).argmax(1) == y).float().mean()",
        "net(x).max(dim=1)[1].eq(y).sum() / 300",
        "(net(x).softmax(1).argmax(-1) == y).float().mean().round(decimals=2)",
    ],
)
def test_classes_that_are_picked_rightly(well: str, tmp_path: Path) -> None:
    assert alarms(CLASSES + LOOP + JUDGE.format(well), tmp_path) == []


def test_a_threshold_on_probabilities_is_the_users_choice(tmp_path: Path) -> None:
    chosen = "((net(x).sigmoid() > 0.3) == z).float().mean()"
    assert "wrong-metric" not in alarms(TWO + JUDGE.format(chosen), tmp_path)


def test_classes_picked_over_rows_and_met_with_as_many_targets(tmp_path: Path) -> None:
    code = (CLASSES + LOOP).replace("range(20)", "range(5)")
    sick = JUDGE.format("(net(x).argmax(0) == y[:3]).float().mean()")
    assert alarms(code + sick, tmp_path) == ["wrong-metric"]
    of_rows = JUDGE.format("(net(x)[:3].argmax(1) == y[:3]).float().mean()")
    assert alarms(code + of_rows, tmp_path) == []


DIVIDED = (CLASSES + LOOP).replace("range(20)", "range(5)").replace("* 2 +", "* 0.7 +")
DIVIDED = DIVIDED.replace("randperm(300)", "randperm(210)")
COUNTED = """
right = 0
with torch.no_grad():
    for rows in torch.arange(210, 300).split(30):
        right += (net(x[rows]).argmax(1) == y[rows]).sum().item()
print("accuracy", {})
"""


@pytest.mark.parametrize("of", ["210", "3", "210 * 100"])
def test_right_answers_divided_by_another_count(of: str, tmp_path: Path) -> None:
    finding = judged(DIVIDED + COUNTED.format(f"right / {of}"), tmp_path)[0]
    assert (finding.fault, finding.severity) == ("wrong-metric", "error")
    assert ("batches" if of == "3" else "training rows") in finding.explanation


def test_right_answers_divided_by_their_rows(tmp_path: Path) -> None:
    assert alarms(DIVIDED + COUNTED.format("right / 90, 0.5, 1 / 3, right / 77"), tmp_path) == []
