from pathlib import Path

from watched_scripts import LOOP, NUMBERS, alarms

SUM = NUMBERS.replace("Adam", "SGD").replace("lr=0.01", "lr=0.05") + LOOP.replace(
    "F.cross_entropy(net(x[rows]), y[rows])", "F.mse_loss(net(x[rows]), y[rows], reduction='sum')"
).replace("range(20)", "range(6)")


def test_a_sum_with_a_step_for_the_mean_and_its_twins(tmp_path: Path) -> None:
    assert alarms(SUM, tmp_path)[0] == "wrong-loss-reduction"
    mean = SUM.replace(", reduction='sum'", "")
    assert "wrong-loss-reduction" not in alarms(mean, tmp_path)
    fitting = SUM.replace("lr=0.05", "lr=0.001")
    assert "wrong-loss-reduction" not in alarms(fitting, tmp_path)
