from pathlib import Path

from watched_scripts import LOOP, NUMBERS, alarms, judged

from netwright.diagnose.diagnose import diagnose
from netwright.watch.trace import Trace

REGRESSION = LOOP.replace("F.cross_entropy", "F.mse_loss")
LARGE = "x = x * torch.tensor([1.0, 500.0, 1.0, 300.0]) + 2000.0\n"


def test_large_and_unequal_inputs_and_the_twin(tmp_path: Path) -> None:
    first = judged(NUMBERS + LARGE + REGRESSION, tmp_path)[0]
    assert (first.fault, first.severity) == ("unscaled-inputs", "error")
    assert float(first.evidence["std ratio"]) > 100
    assert alarms(NUMBERS + REGRESSION, tmp_path) == []


def test_inputs_beyond_one_that_do_no_harm(tmp_path: Path) -> None:
    assert alarms(NUMBERS + "x = x * 12\n" + REGRESSION, tmp_path) == []


def test_targets_far_from_what_a_net_answers_at_first(tmp_path: Path) -> None:
    first = judged(NUMBERS + "y = y * 5e4 + 2e5\n" + REGRESSION, tmp_path)[0]
    assert (first.fault, first.severity) == ("unscaled-inputs", "error")
    assert float(first.evidence["target std"]) > 1e4


def test_a_negative_loss_is_beaten_by_a_lower_one_alone() -> None:
    def found(mended: float) -> list[str]:
        trace = Trace()
        for signal, value in (
            ("input.std.largest", 40.0), ("input.std.ratio", 40.0), ("input.shift", 0.5),
            ("kept.loss", -0.9), ("trial.start", 0.1), ("trial.as.is", -0.5),
            ("trial.standardised", mended),
        ):  # fmt: skip
            trace.record(signal, "", 10, value)
        return [finding.fault for finding in diagnose(trace)]

    assert (found(-0.85), found(-1.1)) == ([], ["unscaled-inputs"])
