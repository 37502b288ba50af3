"""Forecasting: windows in time order, nothing of the future, a way back to the target's unit."""

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import torch

from netwright.data.data import Data, Source
from netwright.data.forecast_encoding import Anchor, ForecastEncoding, anchor_values
from netwright.data.forecasting import forecasting_data
from netwright.data.ledger import Ledger
from netwright.data.options import ReadOptions
from netwright.errors import DataError, UsageError


def build(parts: object, **options: object) -> Data:
    frames = {"all": parts} if isinstance(parts, pd.DataFrame) else parts
    return forecasting_data(
        frames,  # type: ignore[arg-type]
        source=Source("toy"),
        options=ReadOptions(**options),  # type: ignore[arg-type]
        ledger=Ledger(),
    )


def said(data: Data) -> str:
    return "\n".join(str(entry) for entry in data.ledger)


def encoding_of(data: Data) -> ForecastEncoding:
    assert isinstance(data.encoding, ForecastEncoding)
    return data.encoding


def monthly(count: int = 120, *, growth: float = 0.01, noise: float = 0.0) -> pd.DataFrame:
    steps = np.arange(count)
    wave = 1 + 0.3 * np.sin(2 * np.pi * steps / 12)
    values = 100 * np.exp(growth * steps) * wave
    values = values * np.exp(np.random.default_rng(0).normal(0, noise, count))
    months = pd.period_range("2010-01", periods=count, freq="M").astype(str)
    return pd.DataFrame({"month": months, "sales": values.round(6).astype(str)})


def hourly(count: int = 1000) -> pd.DataFrame:
    hours = np.arange(count)
    value = 20 + 5 * np.sin(2 * np.pi * hours / 24) + np.random.default_rng(1).normal(0, 1, count)
    time = pd.date_range("2024-01-01", periods=count, freq="h").strftime("%Y-%m-%d %H:%M:%S")
    return pd.DataFrame({"time": time, "wind": "N", "load": value})


def test_targets_come_back_as_the_true_values() -> None:
    frame = monthly(noise=0.02)
    data = build(frame, horizon=6)
    encoding = encoding_of(data)
    truth = frame["sales"].astype(float).to_numpy()
    for split in data.splits().values():
        values = encoding.decode(split.targets, split.inputs)  # type: ignore[attr-defined]
        for row, start in zip(values, split.starts.tolist(), strict=True):  # type: ignore[attr-defined]
            first = start + encoding.context
            expected = torch.tensor(truth[first : first + 6], dtype=torch.float32)
            torch.testing.assert_close(row[: len(expected)], expected, rtol=1e-4, atol=1e-3)


def test_splits_follow_each_other_in_time_and_test_origins_are_a_horizon_apart() -> None:
    data = build(hourly(), target="load")
    encoding = encoding_of(data)
    first = {n: s.starts + encoding.context for n, s in data.splits().items()}  # type: ignore[attr-defined]
    assert encoding.horizon == 24
    assert int(first["train"].max()) + 24 <= int(first["validation"].min())
    assert int(first["validation"].max()) + 24 <= int(first["test"].min())
    assert first["test"].tolist() == list(range(int(first["test"][0]), 1000, 24))
    assert 1000 - int(first["test"][0]) == 192  # a fifth, in whole horizons


def test_what_is_fitted_does_not_see_the_test() -> None:
    frame = hourly()
    changed = frame.copy()
    changed.loc[808:, "load"] = changed.loc[808:, "load"] * -100 + 7
    one, two = build(frame, target="load"), build(changed, target="load")
    assert one.encoding == two.encoding
    assert torch.equal(one.train.targets, two.train.targets)  # type: ignore[attr-defined]


def test_windows_end_before_what_is_forecast() -> None:
    """A value changed at step t changes no window that ends before t."""
    frame = hourly()
    changed = frame.copy()
    changed.loc[900, "load"] = 1e3
    one, two = build(frame, target="load"), build(changed, target="load")
    context = encoding_of(one).context
    before = one.test.starts + context <= 900  # type: ignore[attr-defined]
    same = (one.test.inputs[0] == two.test.inputs[0]).flatten(1).all(1)  # type: ignore[attr-defined]
    assert bool(same[before].all()) and not bool(same.all())


def test_gaps_do_not_look_ahead() -> None:
    frame = hourly()
    frame.loc[895:899, "load"] = np.nan
    data = build(frame, target="load")
    encoding = encoding_of(data)
    window = data.test.series[895:900, 0]  # type: ignore[attr-defined]
    held = data.test.series[894, 0]  # type: ignore[attr-defined]
    assert torch.equal(window, held.expand(5))
    assert "never scored" in said(data)
    truth = encoding.decode(data.test.targets, data.test.inputs)  # type: ignore[attr-defined]
    assert int(truth.isnan().sum()) == 5
    assert not bool(data.train.targets.isnan().any())  # type: ignore[attr-defined]
    assert not bool(data.validation.targets.isnan().any())  # type: ignore[attr-defined]


def test_growth_with_a_season_is_learned_as_what_is_left_over() -> None:
    data = build(monthly(144), horizon=12)
    encoding = encoding_of(data)
    assert (encoding.log, encoding.season, encoding.anchor) == (True, 12, "season-trend")
    # The series is exactly its own anchor, so an output of zero is the perfect forecast.
    zero = torch.zeros_like(data.test.targets)  # type: ignore[attr-defined]
    guess = encoding.decode(zero, data.test.inputs)  # type: ignore[attr-defined]
    truth = encoding.decode(data.test.targets, data.test.inputs)  # type: ignore[attr-defined]
    torch.testing.assert_close(guess, truth, rtol=2e-3, atol=0.5)


@pytest.mark.parametrize(
    ("anchor", "expected"),
    [
        ("last", [6, 6, 6]),
        ("mean", [5.5, 5.5, 5.5]),
        ("trend", [8, 10, 12]),
        ("season", [5, 6, 5]),
        ("season-trend", [9, 10, 13]),
        ("season-drift", [7, 8, 9]),
    ],
)
def test_anchors(anchor: Anchor, expected: list[float]) -> None:
    y = torch.arange(1.0, 7)[None]
    got = anchor_values(y, anchor, 3, 2, 4.0)
    assert got[0].tolist() == expected


def test_year_month_day_hour_columns_are_one_time() -> None:
    times = pd.date_range("2020-02-27", periods=600, freq="h")
    frame = pd.DataFrame(
        {
            "No": np.arange(1, 601),
            "year": times.year,
            "month": times.month,
            "day": times.day,
            "hour": times.hour,
            "pm": np.random.default_rng(0).normal(50, 5, 600),
            "wind": np.where(times.hour < 12, "N", "S"),
            "const": 1,
        }
    )
    data = build(frame, target="pm")
    encoding = encoding_of(data)
    assert encoding.timeline.columns == ("year", "month", "day", "hour")
    assert encoding.timeline.step == "3600s"
    assert [c.name for c in encoding.covariates] == ["wind"]
    assert encoding.covariates[0].categories == ("N", "S")
    text = said(data)
    assert "No: only counts the rows" in text and "const: constant" in text
    # target, wind N, wind S, sine and cosine of hour and weekday
    assert encoding.channels == 3 + 2 * len(encoding.calendar)
    assert "hour" in encoding.calendar


def test_missing_days_are_filled_and_repeated_ones_averaged() -> None:
    frame = pd.DataFrame(
        {
            "day": pd.date_range("2021-01-01", periods=300).strftime("%d.%m.%Y"),
            "value": np.arange(300.0),
        }
    )
    frame = pd.concat([frame.drop(index=[50, 51]), frame.iloc[[100]]]).sample(
        frac=1, random_state=0
    )
    data = build(frame, horizon=7)
    text = said(data)
    assert "steps without a row, filled as missing (2)" in text
    assert "rows of one step became their mean (1)" in text
    assert "sorted" in text
    assert encoding_of(data).timeline.step == "86400s"
    cells = ["some day", *frame["day"][1:]]
    with pytest.raises(DataError, match="Row 1 has no readable time in day: it holds 'some day'"):
        build(frame.assign(day=cells), horizon=7)


def test_rows_without_any_time_are_steps() -> None:
    frame = pd.DataFrame({"y": np.sin(np.arange(200) / 3).astype(str)})
    data = build(frame, horizon=5)
    assert encoding_of(data).timeline.step == "row"
    assert "no column says when" in said(data)


def test_counted_steps() -> None:
    frame = pd.DataFrame({"t": np.arange(10, 410, 2), "y": np.tile([1.0, 5.0, 9.0, 2.0], 50)})
    data = build(frame, horizon=4)
    encoding = encoding_of(data)
    assert encoding.timeline.step == "2"
    assert encoding.season == 4


def test_test_file_and_split_column_fix_the_parts() -> None:
    frame = monthly(120)
    parts = {"train": frame.iloc[:96], "test": frame.iloc[96:]}
    data = build(parts, horizon=12)
    encoding = encoding_of(data)
    assert (data.test.starts + encoding.context).tolist() == [96, 108]  # type: ignore[attr-defined]
    words = ["train"] * 72 + ["val"] * 24 + ["test"] * 24
    told = build(frame.assign(part=words), horizon=12, split="part", target="sales")
    context = encoding_of(told).context
    assert int(told.validation.starts[0]) + context == 72  # type: ignore[attr-defined]
    assert (told.test.starts + context).tolist() == [96, 108]  # type: ignore[attr-defined]


def test_parts_that_overlap_in_time_are_refused() -> None:
    frame = monthly(120)
    words = ["test", "train"] * 60
    with pytest.raises(DataError, match="Split in time"):
        build(frame.assign(part=words), horizon=4, split="part", target="sales")


def test_last_window_beyond_the_table_is_scored_where_truth_is_known() -> None:
    frame = monthly(120)
    parts = {"train": frame.iloc[:100], "test": frame.iloc[100:]}
    data = build(parts, horizon=12)
    assert data.test.targets.isnan().sum(1).tolist() == [0, 4]  # type: ignore[attr-defined]


def test_encode_gives_the_window_at_the_end() -> None:
    frame = monthly(120)
    data = build(frame, horizon=12)
    encoding = encoding_of(data)
    (x,) = encoding.encode(frame)
    assert x.shape == (1, encoding.context, encoding.channels)
    forecast = encoding.decode(torch.zeros(1, 12), (x,))
    future = monthly(132)["sales"].astype(float).to_numpy()[120:]
    assert np.abs(forecast[0].numpy() / future - 1).max() < 0.02
    with pytest.raises(DataError, match="Give more history"):
        encoding.encode(frame.tail(3))
    with pytest.raises(DataError, match="'sales' is missing"):
        encoding.encode(frame.drop(columns="sales"))


def test_a_table_with_holes_is_forecast_from_what_is_known_and_that_is_said() -> None:
    frame = monthly(120)
    encoding = encoding_of(build(frame, horizon=12))
    (whole,) = encoding.encode(frame)
    cells = frame["sales"].tolist()
    cells[-2], cells[:40] = "inf", ["closed"] * 40
    ledger = Ledger()
    (x,) = encoding.encode(frame.assign(sales=cells), ledger)
    assert x[0, -2, 0] == whole[0, -3, 0] and torch.equal(x[:, :-2], whole[:, :-2])
    words = "".join(map(str, ledger))
    assert "cells that are no number, taken as missing (41)" in words
    assert "missing values of the last steps: the last known one before them (1)" in words
    cells[-encoding.context :] = [""] * encoding.context
    with pytest.raises(DataError, match="nothing to forecast from"):
        encoding.encode(frame.assign(sales=cells))


def test_json_and_back() -> None:
    encoding = encoding_of(build(hourly(), target="load"))
    values = json.loads(json.dumps(encoding.to_dict()))
    assert ForecastEncoding.from_dict(values, encoding.tensors()) == encoding


def test_relative_windows_have_no_level() -> None:
    data = build(monthly(144), horizon=12)
    encoding = encoding_of(data)
    assert encoding.relative
    (ready,) = encoding.prepare(data.train.inputs)  # type: ignore[attr-defined]
    level = ready[:, -12:, 0].mean(1)
    torch.testing.assert_close(level, torch.zeros_like(level), atol=1e-5, rtol=0)


def test_positive_series_are_not_forecast_negative() -> None:
    frame = pd.DataFrame({"y": np.random.default_rng(0).uniform(0, 9, 300)})
    data = build(frame, horizon=4)
    encoding = encoding_of(data)
    low = encoding.decode(torch.full_like(data.test.targets, -1e3), data.test.inputs)  # type: ignore[attr-defined]
    assert float(low.min()) >= 0


@pytest.mark.parametrize(
    ("frame", "options", "error", "word"),
    [
        (monthly(20), {"horizon": 12}, UsageError, "--horizon is 12"),
        (monthly(14), {}, DataError, "Give more history"),
        (monthly(60), {"target": "slaes"}, DataError, "Did you mean 'sales'"),
        (monthly(60), {"time_column": "mnth"}, DataError, "Did you mean 'month'"),
        (monthly(60).assign(sales="x"), {"target": "sales"}, DataError, "holds no number"),
        (pd.concat([monthly(60)] * 3), {}, DataError, "several series"),
    ],
)
def test_what_cannot_be_forecast(
    frame: pd.DataFrame, options: dict[str, object], error: type[Exception], word: str
) -> None:
    with pytest.raises(error, match=word):
        build(frame, **options)


def test_real_series(shared_data: Path) -> None:
    folder = shared_data / "time_series"
    frame = pd.read_csv(folder / "airline_passengers" / "airline-passengers.csv", dtype=str)
    data = build(frame, horizon=24)
    encoding = encoding_of(data)
    assert (encoding.season, encoding.log, len(data.test)) == (12, True, 1)
    truth = encoding.decode(data.test.targets, data.test.inputs)[0]  # type: ignore[attr-defined]
    np.testing.assert_allclose(truth, frame["Passengers"].astype(float)[-24:], rtol=1e-4)
