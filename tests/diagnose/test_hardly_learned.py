"""A net that is no better than a guess on the test rows has a finding, and the losses say which."""

from collections.abc import Sequence

import pytest

from netwright.diagnose.diagnose import diagnose
from netwright.diagnose.finding import Finding
from netwright.watch.trace import Trace

FALLS, RISES = [3.0, 2.0, 1.0], [1.0, 0.9, 1.0, 1.1, 1.2, 1.3, 1.4, 1.5]
RESTS = [1.0, 0.9, 0.91, 0.91]


def findings(
    validation: Sequence[float], training: Sequence[float] = (), **scores: float
) -> list[Finding]:
    trace = Trace()
    trace.record("weights.restored", "", 0, 1.0)
    for step, value in enumerate(validation):
        trace.record("loss.validation", "", step, value)
    for step, value in enumerate(training):
        trace.record("loss.train", "", step, value)
    for name, value in scores.items():
        trace.record(f"score.{name}", "", len(validation), value)
    return diagnose(trace)


@pytest.mark.parametrize(
    ("validation", "training", "fault", "remedy"),
    [
        (FALLS, FALLS, "undertrained", "more-epochs"),
        (FALLS[:1], FALLS[:1], "undertrained", "more-epochs"),
        ([], [], "undertrained", "more-epochs"),
        (RESTS, RESTS, "underfitting", "range-test"),
        (RISES, [1.0, 0.6, 0.3, 0.2, 0.1, 0.1, 0.1, 0.1], "overfitting", "early-stopping"),
    ],
)
def test_the_losses_say_why(
    validation: list[float], training: list[float], fault: str, remedy: str
) -> None:
    (found,) = findings(validation, training, least=0.2, constant=0.2)
    assert (found.fault, found.severity, found.remedies[0]) == (fault, "warning", remedy)
    assert "no better on the test rows, within chance, than a guess" in found.explanation
    better = findings(validation, training, least=0.3, constant=0.2)
    assert [one.severity for one in better] == ["info"] * (fault == "overfitting")


def test_simple_models_tell_whether_there_is_something_to_learn() -> None:
    (noise,) = findings(RESTS, RESTS, least=0.2, constant=0.2, simple=0.1)
    assert noise.severity == "info" and "the inputs may say nothing" in noise.explanation
    (short,) = findings(FALLS, FALLS, least=0.2, constant=0.2, simple=0.1)
    assert short.severity == "warning" and "imple models" not in short.explanation
    (sick,) = findings(RESTS, RESTS, least=0.2, constant=0.2, simple=0.5)
    assert sick.severity == "warning" and "A simple model is better" in sick.explanation


def test_a_loss_that_broke_has_another_cause() -> None:
    found = findings([1.0, float("nan")], [1.0, float("nan")], least=0.0, constant=0.0)
    assert not {"undertrained", "underfitting", "overfitting"} & {one.fault for one in found}
