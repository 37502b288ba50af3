"""The section on a repair, and that it is absent where there was none."""

from dataclasses import replace
from typing import Any

import pytest

from netwright.report.html import to_html
from netwright.report.report import Report
from netwright.report.sections.repair import repair


def arm(name: str, scores: list[float], **more: Any) -> dict[str, Any]:
    return {
        "remedies": [name] if name else [], "changes": {"recipe.lr": 0.01}, "scores": scores,
        "mean": sum(scores) / len(scores), "failed": 0, "trainings": 5.0, "seconds": 3.0, **more,
    }  # fmt: skip


def proof(name: str = "lower-lr", *, kept: bool = True) -> dict[str, Any]:
    good = arm(
        name, [0.9, 0.92, 0.95, 0.93, 0.91], fault="learning-rate-too-high", kept=kept,
        p_value=1 / 32, difference={"value": 0.4, "low": 0.3, "high": 0.5, "confidence": 0.9375},
        reason="",
    )  # fmt: skip
    control = arm("", [0.5, 0.52, 0.55, 0.53, 0.51])
    return {
        "verdict": "repaired", "faults": [name], "metric": "accuracy", "higher_is_better": True,
        "seeds": [1, 2, 3, 4, 5], "control": control, "remedies": [good],
        "kept": [name] if kept else [], "changes": {}, "test": "a test",
        "screened": [{"fault": name, "control": control, "remedies": [good]}],
        "cost": {"finding": 1.5, "proof": 10.0, "seconds": 9.0},
    }  # fmt: skip


def test_control_and_remedy_stand_side_by_side(digits_report: Report) -> None:
    page = str(repair(replace(digits_report, repair=proof())))
    assert "as it was 0.522" not in page and "0.922" in page and "0.522" in page
    assert "p = 0.031" in page and "Finding it cost 1.5 trainings, proving it 10.0" in page
    assert "recipe.lr: 0.01" in page and 'aria-label="Accuracy of each seed' in page
    assert "1 dose screened" in page


def test_a_run_that_was_not_repaired_has_no_such_section(digits_report: Report) -> None:
    assert repair(digits_report) is None
    assert 'id="repair"' not in to_html(digits_report)
    assert 'id="repair"' in to_html(replace(digits_report, repair=proof()))


@pytest.mark.parametrize("kept", [True, False])
def test_names_are_escaped(digits_report: Report, kept: bool) -> None:
    page = str(repair(replace(digits_report, repair=proof("<script>evil()</script>", kept=kept))))
    assert "<script" not in page
