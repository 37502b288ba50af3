"""Reports to draw: plausible ones, and a hostile one."""

import pytest
from sample_digits import sample_digits
from sample_numbers import sample_forecast, sample_table

from netwright.report.report import (
    Baseline,
    Choice,
    Column,
    Example,
    Headline,
    Layer,
    Member,
    Report,
)


@pytest.fixture(scope="session")
def digits_report() -> Report:
    """Of pictures and classes."""
    return sample_digits()


@pytest.fixture(scope="session")
def table_report() -> Report:
    """Of a table."""
    return sample_table()


@pytest.fixture(scope="session")
def forecast_report() -> Report:
    """Of a forecast."""
    return sample_forecast()


@pytest.fixture(scope="session")
def hostile_report(digits_report: Report) -> Report:
    """Every name, label and cell tries to be markup, mathematics or a very long word."""
    evil = '<script>alert("x")</script>'
    names = [
        evil,
        "$\\frac{1}{$",
        "_hidden",
        "汉字 🙂",
        "a" * 300,
        "</svg><img src=x onerror=alert(1)>",
    ]
    return Report(
        title=evil,
        task=evil,
        target=evil,
        kind="text",
        headline=Headline(metric="accuracy", value=0.5, sentence=evil),
        verdict=evil,
        rows={evil: 10},
        columns=[Column(name=evil, kind=evil, note=evil)],
        class_counts=dict.fromkeys(names, 4),
        choices=[Choice(field=evil, value=evil, why=evil)],
        history={
            evil: [1.0, 2.0, float("nan")],
            "train_loss": [float("inf"), 1.0, None],
            "lr": [0.0, 0.0, 0.0],
        },
        stopped=evil,
        test={
            "accuracy": {"value": 0.5, "low": None, "high": None},
            evil: {"value": None, "low": None, "high": None},
        },
        notes=[evil],
        per_class=[{"class": name, "recall": 0.5} for name in names],
        confusion=[[1] * 6 for _ in names],
        classes=names,
        curves={
            "roc": {name: {"fpr": [0, 1], "tpr": [0, 1]} for name in names},
            "pr": {name: {"recall": [0, 1], "precision": [1, 0]} for name in names},
            "reliability": [{"confidence": 0.5, "accuracy": 0.5, "share": 1.0}],
        },
        pairs={evil: [(1.0, 1.0)]},
        baselines={evil: Baseline(model=evil, reason=evil)},
        trace={
            "grad.norm": {name: ([0, 1], [1.0, float("nan")]) for name in names},
            evil.replace(" ", ""): {evil: ([0], [0.0])},
        },
        examples=[
            Example(truth=evil, predicted=names[1], text=evil),
            Example(truth=evil, predicted=evil, cells=[(evil, evil)]),
            Example(truth=evil, predicted=evil, series=[[1.0, 2.0], [2.0, 1.0]]),
        ],
        findings=[
            {
                "fault": evil,
                "severity": evil,
                "where": {"layer": evil, "file": evil, "line": 3},
                "evidence": evil,
                "explanation": evil,
                "remedies": [{"name": evil}],
            }
        ],
        ledger=[{"action": evil, "where": evil, "what": evil, "count": None}],
        layers=[Layer(name=evil, type=evil, output_shape=(3,), parameters=1)],
        members=[
            Member(number=0, weight=1.0, changes={evil: evil}, score=float("nan"), stopped=evil),
            Member(number=1, weight=0.0, changes={evil: 0.1}, stopped=evil),
        ],
        selection="greedy",
        growth=[0.1, float("nan"), 0.3],
        versions={evil: evil},
        device=evil,
        folder=evil,
    )
