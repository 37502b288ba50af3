"""The words on the screen."""

import io
from dataclasses import replace

import pytest

from netwright.report.report import Report
from netwright.report.text import print_report, to_text


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def test_text_tells_score_baselines_verdict_worries_and_place(digits_report: Report) -> None:
    text = to_text(digits_report)
    for words in (
        digits_report.headline.sentence,
        "0.989",
        "0.978 to 0.997",
        "Boosted trees",
        digits_report.verdict,
        "warning: Overconfident",
        "runs/digits-001/report.html",
    ):
        assert words in text
    assert "\x1b" not in text


def test_text_says_why_a_baseline_is_missing(forecast_report: Report) -> None:
    assert "trees do not continue a trend" in to_text(forecast_report)


def test_pipe_gets_plain_lines(table_report: Report) -> None:
    stream = io.StringIO()
    print_report(table_report, stream)
    assert stream.getvalue() == to_text(table_report) + "\n"


def test_terminal_gets_colours_unless_told_not_to(
    table_report: Report, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TERM", "xterm-256color")
    monkeypatch.delenv("NO_COLOR", raising=False)
    coloured, plain = Terminal(), Terminal()
    print_report(table_report, coloured)
    assert "\x1b[1;34m" in coloured.getvalue()
    monkeypatch.setenv("NO_COLOR", "1")
    print_report(table_report, plain)
    assert "\x1b[1;34m" not in plain.getvalue() and "0.869" in plain.getvalue()


def test_terminal_prints_markup_in_names_as_it_is(hostile_report: Report) -> None:
    stream = Terminal()
    print_report(hostile_report, stream)
    assert "<script>" in stream.getvalue()


def test_alarms_say_what_treats_them(digits_report: Report) -> None:
    alarm = {"fault": "dying-relu", "severity": "error", "explanation": "off"}
    sick = replace(digits_report, findings=[alarm], folder="runs/digits-001")
    assert "netwright repair runs/digits-001" in to_text(sick)
    well = replace(sick, findings=[alarm | {"severity": "info"}])
    assert "netwright repair" not in to_text(well)
