"""Forecasts have intervals, from training to the predictions, and their coverage is measured."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import netwright as nw
from netwright.report.forecasts import sample_forecasts


@pytest.fixture(scope="module")
def hours() -> pd.DataFrame:
    rng = np.random.default_rng(0)
    steps = np.arange(1200)
    noise = np.zeros(1200)
    for at in range(1, 1200):  # which grows with the steps ahead
        noise[at] = 0.9 * noise[at - 1] + rng.normal(scale=0.3)
    frame = pd.DataFrame({"time": pd.date_range("2020-01-01", periods=1200, freq="h")})
    frame["load"] = 10 + 3 * np.sin(2 * np.pi * steps / 24) + noise
    return frame


def test_steps_ahead_have_intervals_that_hold_nine_in_ten(
    hours: pd.DataFrame, tmp_path: Path
) -> None:
    data = nw.read(hours, target="load", task="forecasting", horizon=12, time_column="time")
    plan = nw.design(data).with_({"recipe.epochs": 3, "recipe.lr": 1e-3})
    run = nw.fit(plan, data, num_threads=1)
    assert run.model.interval is not None and run.model.interval.level == 0.9
    scores = nw.evaluate(run, data.test)
    assert scores["interval_coverage"].value == pytest.approx(0.9, abs=0.1)
    assert scores["interval_score"].value >= scores["interval_width"].value > 0
    each = [row["interval_coverage"] for row in scores.per_class]
    assert len(each) == 12 and np.mean(each) == pytest.approx(scores["interval_coverage"].value)

    run.model.save(tmp_path / "model")
    said = nw.load(tmp_path / "model").predict(hours)
    assert list(said.columns) == ["step", "prediction", "low", "high"]
    assert (said["low"] < said["prediction"]).all() and (said["prediction"] < said["high"]).all()
    assert (said["high"] - said["low"]).nunique() == 12  # each step has its own
    shown = sample_forecasts(run.model, data, run.model.forward_rows(data.test))[0]
    assert len(shown.low) == len(shown.high) == 12


def test_quantiles_of_each_step_ahead(hours: pd.DataFrame) -> None:
    data = nw.read(hours, target="load", task="forecasting", horizon=6, time_column="time")
    changes = {"objective.loss": "quantile", "recipe.epochs": 2, "recipe.lr": 1e-3}
    run = nw.fit(nw.design(data).with_(changes), data, num_threads=1)
    assert run.plan.net["outputs"] == 18
    assert nw.evaluate(run, data.test)["interval_coverage"].value > 0.7
    said = run.model.predict(hours)
    assert list(said.columns) == ["step", "prediction", "low", "high"] and len(said) == 6
