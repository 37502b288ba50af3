from pathlib import Path

from watched_scripts import LOOP, NUMBERS, alarms, judged

REGRESSION = LOOP.replace("F.cross_entropy", "F.mse_loss")
HOLES = """
missing = torch.rand(300, 4) < 0.04
x[missing] = -9999.0
x = (x - x.mean(0)) / x.std(0)
"""


def test_a_code_for_missing_values_and_the_twin(tmp_path: Path) -> None:
    first = judged(NUMBERS + HOLES + REGRESSION, tmp_path)[0]
    assert (first.fault, first.severity) == ("bad-input-values", "error")
    assert first.evidence["features"] == 4
    imputed = HOLES.replace("-9999.0", "0.0")
    assert alarms(NUMBERS + imputed + REGRESSION, tmp_path) == []


def test_numbers_that_are_none(tmp_path: Path) -> None:
    found = alarms(NUMBERS + "x[7, 2] = float('nan')\n" + REGRESSION, tmp_path)
    assert found[0] == "bad-input-values"
