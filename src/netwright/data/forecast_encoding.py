"""ForecastEncoding: a table in time becomes windows of the past, and a net's outputs become a
forecast in the target's unit.

The target is brought to y = (f(value) - mean) / std, with f the identity or log(value + offset).
What a net learns is not y itself but what an anchor, computed from the window alone, leaves over:

    y[t + h] = anchor_h(y[.. t]) + residual_std * output_h

anchor "last": y[t]. "mean": of the last season or horizon. "trend": y[t] raised by the training
part's growth a step. "season": the value a whole number of seasons before t + h. "season-trend":
the same, raised by the training part's growth a season; "season-drift": by the growth of the last
season over the one before. So a net that outputs 0 is already the best simple forecast of the
training part, and a trend never leaves the range the net was trained on.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
import pandas as pd
import torch
from numpy.typing import NDArray
from torch import Tensor

from netwright.data.data import Kind
from netwright.data.ledger import Ledger
from netwright.data.timeline import Timeline
from netwright.data.typed_frame import type_columns
from netwright.errors import DataError

__all__ = ["Anchor", "Covariate", "ForecastEncoding", "anchor_values", "regular_frame"]

FloatArray = NDArray[np.float32]
Anchor = Literal["last", "mean", "trend", "season", "season-drift", "season-trend"]

# More new steps than this many for each row is no gap but a wrong time column.
MAX_FILL = 20


@dataclass(frozen=True)
class Covariate:
    """A column beside the target: numeric (mean, std) or, with `categories`, one channel for each
    of them.
    """

    name: str
    mean: float = 0.0
    std: float = 1.0
    categories: tuple[str, ...] = ()

    @property
    def channels(self) -> int:
        """How many channels it takes."""
        return len(self.categories) or 1


@dataclass(frozen=True, kw_only=True)
class ForecastEncoding:
    """context: steps of a window. calendar: cycles given as sine and cosine ("hour", "weekday",
    "day-of-year", "month", or "season" for steps without a clock). relative: the window's level is
    taken out of its target channel.

    drift: growth of y a season, mean of the training part. scale: mean absolute error of the
    seasonal naive forecast (lag `season`) inside the training part: MASE's unit. low, high:
    forecasts are kept within these values.
    """

    timeline: Timeline
    target: str
    context: int
    horizon: int
    season: int
    anchor: Anchor
    log: bool
    offset: float
    mean: float
    std: float
    residual_std: float
    relative: bool
    indicator: bool
    drift: float
    scale: float
    low: float
    high: float
    covariates: tuple[Covariate, ...] = ()
    calendar: tuple[str, ...] = ()

    @property
    def kind(self) -> Kind:
        return "series"

    @property
    def columns(self) -> tuple[str, ...]:
        """The columns of a table that a forecast reads: when, the target, the covariates."""
        return (*self.timeline.columns, self.target, *(c.name for c in self.covariates))

    @property
    def channels(self) -> int:
        """Channels of a window: target, missing indicator, covariates, calendar."""
        return (
            1 + self.indicator + sum(c.channels for c in self.covariates) + 2 * len(self.calendar)
        )

    # -- values ------------------------------------------------------------------------------------

    def transform(self, values: NDArray[np.floating[Any]]) -> NDArray[np.float64]:
        """Target values -> y. NaN stays NaN."""
        x = np.asarray(values, dtype=np.float64)
        return (
            (np.log(np.maximum(x + self.offset, 1e-12)) if self.log else x) - self.mean
        ) / self.std

    def restore(self, y: Tensor) -> Tensor:
        """Map y -> target values, kept within low..high."""
        x = y.double() * self.std + self.mean
        x = x.exp() - self.offset if self.log else x
        return torch.where(x.isnan(), x, x.clamp(self.low, self.high)).float()

    # -- the Encoding protocol ---------------------------------------------------------------------

    def encode(self, raw: Any, ledger: Ledger | None = None) -> tuple[Tensor, ...]:
        """Return the one window at the end of a table: (1, context, channels). Its forecast is of
        the steps after it.
        """
        table = type_columns(raw)
        columns = self._columns(table)
        target = numbers_of(table[self.target], self.target, ledger)
        table = table.assign(**{self.target: target})
        _, frame = regular_frame(table, self.timeline, columns, ledger)
        if len(frame) < self.context:
            raise DataError(
                f"The table covers {len(frame)} steps; a forecast needs the last {self.context}. "
                "Give more history."
            )
        missing = int(frame[self.target].iloc[-self.context :].isna().sum())
        if missing == self.context:
            raise DataError(
                f"None of the last {self.context} steps has a number in {self.target!r}, so there "
                "is nothing to forecast from. Fill them in, or end the table where it is known."
            )
        if missing and ledger is not None:
            what = "missing values of the last steps: the last known one before them"
            ledger.note("imputed", self.target, what, missing)
        values = self.channels_of(frame)
        return (torch.from_numpy(values[-self.context :]).unsqueeze(0),)

    def prepare(self, inputs: tuple[Tensor, ...]) -> tuple[Tensor, ...]:
        """Take the window's level out of the target channel where that was found to help."""
        (x,) = inputs
        if not self.relative:
            return inputs
        level = x[:, -self._level_steps :, :1].mean(1, keepdim=True)
        return (torch.cat([x[:, :, :1] - level, x[:, :, 1:]], dim=2),)

    def decode(self, outputs: Tensor, inputs: tuple[Tensor, ...]) -> Tensor:
        """Map outputs (rows, horizon), or stored targets, of stored (not prepared) windows to
        values in the target's unit.
        """
        anchor = self.anchor_of(inputs[0].cpu())
        return self.restore(anchor + outputs.cpu() * self.residual_std)

    def anchor_of(self, windows: Tensor) -> Tensor:
        """Return the anchor in y, (rows, horizon), of stored windows (rows, context, channels)."""
        return anchor_values(windows[:, :, 0], self.anchor, self.horizon, self.season, self.drift)

    @property
    def _level_steps(self) -> int:
        return min(self.season if self.season > 1 else self.horizon, self.context)

    def shapes(self) -> Mapping[str, Any]:
        return {"in_channels": self.channels, "length": self.context}

    # -- channels ----------------------------------------------------------------------------------

    def channels_of(self, frame: pd.DataFrame) -> FloatArray:
        """Turn an even frame (index: step numbers) into (steps, channels). Missing values are the
        last known ones, so that no window sees what came after it.
        """
        y = self.transform(frame[self.target].to_numpy(float))
        missing = np.isnan(y)
        columns = [_fill(y, 0.0)]
        if self.indicator:
            columns.append(missing.astype(np.float64))
        for covariate in self.covariates:
            columns += _covariate(frame[covariate.name], covariate)
        columns += self._calendar(frame.index.to_numpy(np.int64))
        return np.stack(columns, axis=1).astype(np.float32)

    def _calendar(self, steps: NDArray[np.int64]) -> list[NDArray[np.float64]]:
        times = self.timeline.times(steps)
        columns = []
        for cycle in self.calendar:
            if cycle == "season" or times is None:
                phase = (steps % self.season) / self.season
            elif cycle == "hour":
                phase = np.asarray(times.hour + times.minute / 60) / 24
            elif cycle == "weekday":
                phase = np.asarray(times.day_of_week) / 7
            elif cycle == "month":
                phase = np.asarray(times.month - 1) / 12
            else:
                phase = np.asarray(times.day_of_year - 1) / 365.25
            columns += [np.sin(2 * np.pi * phase), np.cos(2 * np.pi * phase)]
        return columns

    def _columns(self, raw: Any) -> list[str]:
        names = [self.target, *(c.name for c in self.covariates)]
        missing = [name for name in names if name not in raw.columns]
        if missing:
            raise DataError(
                f"The column {missing[0]!r} is missing; there are "
                f"{', '.join(map(str, raw.columns))}. Add it."
            )
        return names

    # -- as JSON -----------------------------------------------------------------------------------

    def to_dict(self) -> dict[str, Any]:
        return {
            "type": "forecast",
            "kind": "series",
            "timeline": {
                "columns": list(self.timeline.columns),
                "step": self.timeline.step,
                "form": self.timeline.form,
            },
            "target": self.target,
            "context": self.context,
            "horizon": self.horizon,
            "season": self.season,
            "anchor": self.anchor,
            "log": self.log,
            "offset": self.offset,
            "mean": self.mean,
            "std": self.std,
            "residual_std": self.residual_std,
            "relative": self.relative,
            "indicator": self.indicator,
            "drift": self.drift,
            "scale": self.scale,
            "low": self.low,
            "high": self.high,
            "covariates": [
                {"name": c.name, "mean": c.mean, "std": c.std, "categories": list(c.categories)}
                for c in self.covariates
            ],
            "calendar": list(self.calendar),
        }

    def tensors(self) -> dict[str, Tensor]:
        return {}

    @classmethod
    def from_dict(
        cls, values: Mapping[str, Any], tensors: Mapping[str, Tensor]
    ) -> "ForecastEncoding":
        """Read the JSON form."""
        fields = {k: v for k, v in values.items() if k not in ("type", "kind")}
        time = fields.pop("timeline")
        fields["timeline"] = Timeline(
            columns=tuple(time["columns"]), step=time["step"], form=time["form"]
        )
        fields["covariates"] = tuple(
            Covariate(c["name"], c["mean"], c["std"], tuple(c["categories"]))
            for c in fields["covariates"]
        )
        fields["calendar"] = tuple(fields["calendar"])
        return cls(**fields)


def anchor_values(y: Tensor, anchor: Anchor, horizon: int, season: int, drift: float) -> Tensor:
    """(rows, context) -> (rows, horizon): the simple forecast that outputs are added to."""
    context = y.shape[1]
    ahead = torch.arange(horizon)
    if anchor == "last":
        return y[:, -1:].expand(-1, horizon)
    if anchor == "mean":
        steps = min(season if season > 1 else horizon, context)
        return y[:, -steps:].mean(1, keepdim=True).expand(-1, horizon)
    if anchor == "trend":
        return y[:, -1:] + drift / season * (ahead + 1)
    repeated = y[:, context - season + ahead % season]
    if anchor == "season":
        return repeated
    seasons = ahead // season + 1
    if anchor == "season-trend":
        return repeated + drift * seasons
    growth = y[:, -season:].mean(1) - y[:, -2 * season : -season].mean(1)
    return repeated + growth[:, None] * seasons


def numbers_of(column: "pd.Series[Any]", name: str, ledger: Ledger | None) -> "pd.Series[Any]":
    """Return a target's cells as float, NaN where there is no finite number; DataError without
    any."""
    numbers = pd.to_numeric(column, errors="coerce").astype(float)
    numbers = numbers.where(np.isfinite(numbers))
    if numbers.isna().all():
        raise DataError(
            f"The column {name!r} holds no number; a forecast needs them. Name another with "
            "--target."
        )
    lost = int((numbers.isna() & column.notna()).sum())
    if lost and ledger is not None:
        ledger.note("read", name, "cells that are no number, taken as missing", lost)
    return numbers


def regular_frame(
    frame: pd.DataFrame, timeline: Timeline, columns: list[str], ledger: Ledger | None
) -> tuple[NDArray[np.int64], pd.DataFrame]:
    """Bring rows onto the even grid of steps: (step of each given row, frame indexed by step from
    first to last).

    Gaps are rows of missing values; several rows of one step become their mean (of text: the
    first).
    """
    steps = timeline.steps(frame)
    table = frame[columns].set_axis(pd.Index(steps, name="step"), axis=0)
    repeated = int(table.index.duplicated().sum())
    if repeated > 0.2 * len(table):
        raise DataError(
            f"{repeated:,} of {len(table):,} rows share their time with another row, so the table "
            "holds several "
            f"series or the steps are finer than {timeline.words}. Keep one series, or name the "
            "column that says "
            "when with --time-column."
        )
    if not table.index.is_monotonic_increasing:
        table = table.sort_index(kind="stable")
        if ledger is not None:
            ledger.note("read", "time", "rows were not in order of time: sorted", len(table))
    if repeated:
        how = {
            name: "mean" if pd.api.types.is_numeric_dtype(table[name]) else "first"
            for name in columns
        }
        table = table.groupby(level=0).agg(how)
        if ledger is not None:
            ledger.note("imputed", "time", "rows of one step became their mean", repeated)
    first, last = int(table.index[0]), int(table.index[-1])
    gaps = last - first + 1 - len(table)
    if gaps > MAX_FILL * len(table):
        raise DataError(
            f"On an even grid ({timeline.words}) {gaps:,} steps between the {len(table):,} rows "
            "would be empty. "
            "Give the column that says when with --time-column, or resample the series evenly."
        )
    if gaps:
        if ledger is not None:
            share = gaps / (len(table) + gaps)
            irregular = "the series is irregular: " if share > 0.1 else ""
            ledger.note(
                "imputed", "time", f"{irregular}steps without a row, filled as missing", gaps
            )
        table = table.reindex(pd.RangeIndex(first, last + 1, name="step"))
    return steps, table


def _fill(values: NDArray[np.float64], start: float) -> NDArray[np.float64]:
    """The last known value in place of NaN; `start` before the first known one."""
    known = ~np.isnan(values)
    last = np.maximum.accumulate(np.where(known, np.arange(len(values)), -1))
    return np.where(last >= 0, values[np.maximum(last, 0)], start)


def _covariate(column: "pd.Series[Any]", covariate: Covariate) -> list[NDArray[np.float64]]:
    if covariate.categories:
        text = column.astype("string").ffill()
        kinds = text.to_numpy(object)
        return [(kinds == c).astype(np.float64) for c in covariate.categories]
    numbers = pd.to_numeric(column, errors="coerce").to_numpy(float)
    # Far beyond what training had, a covariate says no more than "far beyond".
    y = np.clip((numbers - covariate.mean) / covariate.std, -10, 10)
    return [_fill(y, 0.0)]
