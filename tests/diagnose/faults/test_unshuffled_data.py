from pathlib import Path

from watched_scripts import CLASSES, LOOP, alarms, judged

from netwright.diagnose.diagnose import in_order
from netwright.diagnose.finding import Finding

MANY = CLASSES.replace("300", "1800").replace("* 2 +", "* 0.4 +").replace("lr=0.01", "lr=0.02")
EPOCHS = LOOP.replace("range(20)", "range(4)").replace("300", "1800")
SORTED = EPOCHS.replace("torch.randperm(1800)", "y.argsort()")


def test_sorted_classes_and_the_twin(tmp_path: Path) -> None:
    found = judged(MANY + SORTED, tmp_path)
    sick = next(f for f in found if f.fault == "unshuffled-data")
    assert found[0] is sick and sick.severity == "error"
    assert float(sick.evidence["spread in a batch over all"]) < 0.2
    assert alarms(MANY + EPOCHS, tmp_path) == []


def test_an_order_that_does_no_harm_is_a_note(tmp_path: Path) -> None:
    few = LOOP.replace("torch.randperm(300)", "y.argsort()")
    found = judged(CLASSES + few, tmp_path)
    assert [(f.fault, f.severity) for f in found] == [("unshuffled-data", "info")]


def test_units_that_died_of_one_kind_after_another_come_after_their_cause() -> None:
    def finding(fault: str) -> Finding:
        return Finding(fault=fault, severity="error", confidence=0.9, explanation="")

    ordered = in_order([finding("dying-relu"), finding("unshuffled-data")])
    assert [f.fault for f in ordered] == ["unshuffled-data", "dying-relu"]
