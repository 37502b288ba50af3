"""A table in time becomes Data for forecasting: windows of the past, the steps after them, split in
time.

The latest part is the test, the part before it validation; every choice (season, logarithm, anchor,
context) is made on the training part alone. Test windows are rolling origins a horizon apart, the
first right where validation ends, so that every step of the test is forecast once.
"""

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd
import torch
from numpy.typing import NDArray

from netwright.data.data import Data, Source
from netwright.data.forecast_encoding import ForecastEncoding, numbers_of, regular_frame
from netwright.data.forecast_rules import (
    choose_anchor,
    choose_context,
    choose_covariates,
    choose_cycles,
    choose_horizon,
    choose_season,
    choose_transform,
)
from netwright.data.ledger import Ledger
from netwright.data.options import ReadOptions
from netwright.data.table_splits import told_splits
from netwright.data.task import Task
from netwright.data.timeline import Timeline, find_timeline
from netwright.data.typed_frame import type_columns
from netwright.data.windows import Windows
from netwright.errors import DataError, did_you_mean

__all__ = ["ForecastEncoding", "forecasting_data"]

TEST_SHARE = 0.2
VALIDATION_SHARE = 0.15
# More windows than these add no new values, only more of the same ones.
MOST_TRAINING = 100_000
MOST_VALIDATION = 2_000
FEWEST_TRAINING = 8

SPLITS = ("train", "validation", "test")
PARTS = ("all", *SPLITS)
NONE = np.empty(0, dtype=np.int64)


def forecasting_data(
    parts: Mapping[str, pd.DataFrame], *, source: Source, options: ReadOptions, ledger: Ledger
) -> Data:
    """Build Data from the frames of a source, a row a step: one called "all", or some of "train",
    "validation" and "test", which follow each other in time.
    """
    table = type_columns(
        pd.concat([parts[name] for name in PARTS if name in parts], ignore_index=True)
    )
    target = _target(table, options, ledger)
    timeline = find_timeline(table, options.time_column, target, ledger)
    marks = _marks(parts, table, options, ledger)
    table = table.assign(**{target: numbers_of(table[target], target, ledger)})
    others = [
        str(name)
        for name in table.columns
        if name not in (target, options.split) and str(name) not in timeline.columns
    ]
    steps, even = regular_frame(table, timeline, [target, *others], ledger)
    values = even[target].to_numpy(float)
    horizon = choose_horizon(timeline, options.horizon, len(even), ledger)
    validation_at, test_at = (
        _given_bounds(marks, steps, int(even.index[0]), len(even))
        if marks
        else _bounds(len(even), horizon)
    )
    if validation_at is None:
        validation_at = test_at - max(horizon, round(VALIDATION_SHARE * test_at))
    training = values[:validation_at] if validation_at > 0 else values[:0]
    known = int((~np.isnan(training)).sum())
    if known < max(2 * horizon + FEWEST_TRAINING, 12):
        raise DataError(
            f"The training part has {known} values of {target!r}; forecasting {horizon} steps "
            "ahead needs at "
            f"least {max(2 * horizon + FEWEST_TRAINING, 12)}. Give more history, or fewer steps "
            "with --horizon."
        )
    season = choose_season(training, timeline, ledger)
    context = choose_context(len(training), horizon, season, ledger)
    log, offset = choose_transform(training, ledger)
    covariates = choose_covariates(even.iloc[:validation_at], others, ledger)
    encoding = _fit(
        training, values[:test_at], timeline, target, context, horizon, season, log, offset,
        covariates=covariates, cycles=choose_cycles(timeline, season, len(training)),
    )  # fmt: skip
    encoding = choose_anchor(encoding, even.iloc[:validation_at], ledger)
    missing = int(np.isnan(values).sum())
    if missing:
        ledger.note(
            "imputed",
            target,
            "missing values: the last known one in inputs, never scored as a target",
            missing,
        )
    splits = _windows(encoding, even, validation_at, test_at, ledger)
    return Data(
        kind="series",
        task=Task(
            name="forecasting",
            form="forecasting",
            target=target,
            outputs=horizon,
            target_names=tuple(f"{target}+{h + 1}" for h in range(horizon)),
            horizon=horizon,
            season=season,
        ),
        encoding=encoding,
        train=splits["train"],
        validation=splits["validation"],
        test=splits["test"],
        source=source,
        ledger=ledger,
    )


def _target(frame: pd.DataFrame, options: ReadOptions, ledger: Ledger) -> str:
    names = [str(name) for name in frame.columns]
    if options.target is not None:
        if options.target not in names:
            raise DataError(
                f"There is no column {options.target!r} to "
                f"forecast.{did_you_mean(options.target, names)}"
            )
        return options.target
    numeric = [n for n in names if pd.to_numeric(frame[n], errors="coerce").notna().mean() > 0.5]
    named = [n for n in numeric if n.lower() in ("target", "label", "class", "y", "value")]
    if not numeric:
        raise DataError(
            f"No column of numbers to forecast among {', '.join(names)}. Name one with --target."
        )
    chosen = (named or numeric)[0 if named else -1]
    ledger.note(
        "guessed", "target", f"{chosen!r} is forecast ({'by name' if named else 'the last'})"
    )
    return chosen


def _marks(
    parts: Mapping[str, pd.DataFrame], table: pd.DataFrame, options: ReadOptions, ledger: Ledger
) -> Mapping[str, NDArray[np.int64]]:
    """Return the rows of the splits that the source or the user fixes."""
    given: dict[str, NDArray[np.int64]] = {}
    start = 0
    for name in PARTS:
        if name in parts:
            rows = np.arange(start, start + len(parts[name]), dtype=np.int64)
            start += len(rows)
            if len(parts) > 1:
                given["train" if name == "all" else name] = rows
    return told_splits(table, options, given, ledger)


def _bounds(count: int, horizon: int) -> tuple[None, int]:
    """Keep the last fifth for the test, in whole horizons and at least one."""
    test = max(horizon, int(TEST_SHARE * count) // horizon * horizon)
    return None, count - test


def _given_bounds(
    marks: Mapping[str, NDArray[np.int64]], steps: NDArray[np.int64], first: int, count: int
) -> tuple[int | None, int]:
    """Return where validation (None: not given) and test begin; parts that overlap in time are
    refused.
    """
    ends: dict[str, tuple[int, int]] = {}
    for name in SPLITS:
        if len(own := steps[marks.get(name, NONE)]):
            ends[name] = int(own.min()) - first, int(own.max()) - first
    for earlier, later in (("train", "validation"), ("validation", "test"), ("train", "test")):
        if earlier in ends and later in ends and ends[earlier][1] >= ends[later][0]:
            raise DataError(
                f"The {later} part begins before the {earlier} part ends, so a forecast of it "
                "would know its "
                "own future. Split in time: train first, then validation, then test."
            )
    if "train" not in ends:
        raise DataError(
            "The given split leaves no rows to train on. Mark the earliest rows 'train'."
        )
    test_at = ends["test"][0] if "test" in ends else count
    validation_at = ends["validation"][0] if "validation" in ends else None
    if "test" not in ends:
        raise DataError("The given split leaves no rows for the test. Mark the latest rows 'test'.")
    return validation_at, test_at


def _fit(
    training: NDArray[np.float64],
    history: NDArray[np.float64],
    timeline: Timeline,
    target: str,
    context: int,
    horizon: int,
    season: int,
    log: bool,
    offset: float,
    *,
    covariates: tuple[Any, ...],
    cycles: tuple[str, ...],
) -> ForecastEncoding:
    """Take level, spread and limits from the training values; the anchor comes after."""
    x = np.log(np.maximum(training + offset, 1e-12)) if log else training
    mean, std = float(np.nanmean(x)), float(np.nanstd(x))
    y = (x - mean) / (std or 1.0)
    good = ~np.isnan(y)
    slope, start = np.polyfit(np.flatnonzero(good), y[good], 1)
    trend = start + slope * np.flatnonzero(good)
    low, high = float(np.nanmin(training)), float(np.nanmax(training))
    spread = high - low
    growth = y[season:] - y[:-season]
    return ForecastEncoding(
        timeline=timeline,
        target=target,
        context=context,
        horizon=horizon,
        season=season,
        anchor="last",
        log=log,
        offset=offset,
        mean=mean,
        std=std or 1.0,
        residual_std=1.0,
        # A trend that explains a third of the variance carries new values out of the
        # training range.
        relative=bool(np.var(trend) > 0.33),
        indicator=bool(np.isnan(training).any()),
        drift=float(np.nanmean(growth)) if (~np.isnan(growth)).any() else 0.0,
        scale=seasonal_error(history, season),
        # What never was negative is not forecast negative; upwards there is room for
        # three times the span.
        low=max(low - 3 * spread, 0.0) if low >= 0 else low - 3 * spread,
        high=high + 3 * spread,
        covariates=covariates,
        calendar=cycles,
    )


def seasonal_error(history: NDArray[np.float64], season: int) -> float:
    """Return the mean |value - value a season before|: what MASE divides by. 0 where nothing is
    known.
    """
    lag = np.abs(history[season:] - history[:-season])
    return float(np.nanmean(lag)) if (~np.isnan(lag)).any() else 0.0


def _windows(
    encoding: ForecastEncoding,
    even: pd.DataFrame,
    validation_at: int,
    test_at: int,
    ledger: Ledger,
) -> Mapping[str, Windows]:
    """Cut the three splits. An origin is the first step that is forecast; its window ends right
    before it.
    """
    context, horizon, count = encoding.context, encoding.horizon, len(even)
    series = torch.from_numpy(encoding.channels_of(even))
    values = even[encoding.target].to_numpy(float)
    y = np.concatenate([encoding.transform(values), np.full(horizon, np.nan)])
    origins = {
        "train": np.arange(context, validation_at - horizon + 1),
        "validation": np.arange(max(validation_at, context), test_at - horizon + 1),
        # The last window may reach beyond the table: what is not there is not scored.
        "test": np.arange(max(test_at, context), count, horizon),
    }
    splits = {}
    for name, starts in origins.items():
        whole = len(starts)
        if name != "test" and whole:
            future = y[starts[:, None] + np.arange(horizon)]
            complete = ~np.isnan(future).any(1)
            starts = starts[complete]
            if len(starts) < whole:
                ledger.note(
                    "dropped", name, "windows with a missing value to forecast", whole - len(starts)
                )
            most = MOST_TRAINING if name == "train" else MOST_VALIDATION
            starts = starts[:: max(1, -(-len(starts) // most))]
        if len(starts) == 0:
            raise DataError(
                f"The {name} part has no window of {context} known steps with {horizon} to "
                "forecast after it. "
                "Give more history, or fewer steps with --horizon."
            )
        begins = torch.from_numpy(starts - context)
        future = torch.from_numpy(y[starts[:, None] + np.arange(horizon)]).float()
        windows = series[begins[:, None] + torch.arange(context)]
        residual = (future - encoding.anchor_of(windows)) / encoding.residual_std
        raw = _naive(encoding, even, values, starts) if name == "test" else None
        splits[name] = Windows(name, series, begins, context, residual, raw)
    ledger.note(
        "split",
        "time",
        f"in time: train up to step {validation_at:,}, validation to {test_at:,}, test to "
        f"{count:,}; "
        f"test forecasts begin every {horizon} steps",
    )
    return splits


def _naive(
    encoding: ForecastEncoding,
    even: pd.DataFrame,
    values: NDArray[np.float64],
    starts: NDArray[np.int64],
) -> pd.DataFrame:
    """A row a test window: its "origin", the "last" known value, and "season_1", ...: the values a
    season before.
    """
    known = pd.Series(values).ffill().bfill().to_numpy(float)
    season, horizon = encoding.season, encoding.horizon
    ahead = np.arange(horizon)
    back = season * (ahead // season + 1)
    repeated = known[np.maximum(starts[:, None] + ahead - back, 0)]
    times = encoding.timeline.times(even.index.to_numpy(np.int64)[starts])
    origin = even.index.to_numpy()[starts] if times is None else times
    return pd.DataFrame(
        {
            "origin": origin,
            "last": known[starts - 1],
            **{f"season_{h + 1}": repeated[:, h] for h in range(horizon)},
        }
    )
