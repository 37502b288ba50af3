"""The value: JSON whatever is put in, and frozen."""

import dataclasses
import json

import numpy as np
import pytest

from netwright.report.report import Example, Headline, Report


def test_to_dict_is_json(digits_report: Report, hostile_report: Report) -> None:
    for report in (digits_report, hostile_report):
        text = json.dumps(report.to_dict(), allow_nan=False)
        assert json.loads(text)["title"] == report.title


def test_numbers_of_numpy_and_infinities_become_json() -> None:
    report = Report(
        title="x",
        task="t",
        headline=Headline(metric="accuracy", value=float(np.float64(0.5))),
        verdict="",
        history={"loss": [np.float32(1.5), float("inf"), float("nan"), np.int64(2)]},
        confusion=np.eye(2, dtype=np.int64),
        examples=[Example(png=b"\x89PNG", cells=[("a", np.bool_(True))])],
    )
    plain = report.to_dict()
    assert plain["history"]["loss"] == [1.5, None, None, 2]
    assert plain["confusion"] == [[1, 0], [0, 1]]
    assert plain["examples"][0]["png"] == "iVBORw=="
    assert plain["examples"][0]["cells"] == [["a", True]]


def test_report_is_frozen(table_report: Report) -> None:
    with pytest.raises(dataclasses.FrozenInstanceError):
        table_report.title = "other"  # type: ignore[misc]


def test_epochs_are_counted_from_the_history(digits_report: Report) -> None:
    assert digits_report.epochs == 40
