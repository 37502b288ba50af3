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


def found(**values: float) -> list[str]:
    trace = Trace()
    for signal, value in values.items():
        trace.record(signal.replace("_", "."), "", 10, value)
    return [finding.fault for finding in diagnose(trace)]


def test_a_negative_loss_is_beaten_by_a_lower_one_alone() -> None:
    seen = {
        "input.std.largest": 40.0, "input.std.ratio": 40.0, "input.shift": 0.5,
        "kept.loss": -0.9, "trial.start": 0.1, "trial.as.is": -0.5,
    }  # fmt: skip
    assert found(**seen, trial_standardised=-0.85) == []
    assert found(**seen, trial_standardised=-1.1) == ["unscaled-inputs"]


def test_pixels_are_scaled_though_those_at_the_edge_hardly_vary() -> None:
    seen = {
        "input.std.ratio": 40.0, "input.shift": 1.7, "kept.loss": 0.3, "trial.start": 2.3,
        "trial.as.is": 0.4, "trial.standardised": 0.17,
    }  # fmt: skip
    assert found(**seen, input_std_largest=0.37) == []
    assert found(**seen, input_std_largest=4.0) == ["unscaled-inputs"]


def test_columns_in_different_units_that_cost_half_the_run() -> None:
    def found_after(steps: int, std: float) -> list[str]:
        trace = Trace()
        seen = {
            "input.std.largest": std, "input.std.ratio": 900.0, "input.shift": 0.5,
            "kept.loss": 0.5, "trial.start": 1.5, "trial.as.is": 0.9,
        }  # fmt: skip
        for signal, value in seen.items():
            trace.record(signal, "", steps, value)
        for step in range(steps):
            trace.record("loss", "", step, 1.5 - step / steps)
        trace.record("trial.standardised", "", 150, 0.53)
        return [finding.fault for finding in diagnose(trace) if finding.severity != "info"]

    assert found_after(400, 500.0) == ["unscaled-inputs"]
    assert found_after(200, 500.0) == []  # more than half of the run
    assert found_after(400, 2.0) == []  # hardly varying columns


def test_pixels_of_an_edge_that_hardly_varies() -> None:
    def found(largest: float) -> list[str]:
        trace = Trace()
        seen = {
            "input.std.largest": 0.4, "input.std.ratio": 350.0, "input.shift": 3.2,
            "input.largest": largest, "kept.loss": 0.5, "trial.start": 2.3, "trial.as.is": 0.5,
            "trial.standardised": 0.2,
        }  # fmt: skip
        for signal, value in seen.items():
            trace.record(signal, "", 150, value)
        return [finding.fault for finding in diagnose(trace) if finding.severity != "info"]

    assert (found(1.0), found(40.0)) == ([], ["unscaled-inputs"])
