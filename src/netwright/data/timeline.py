"""Timeline: which columns of a table say when, how far apart the steps are, and each row's step
number.

Found by type where it is not told: a date column, year/month/day/hour columns, or a counting
number. Rows are brought onto an even grid of steps: gaps become missing rows, several rows of one
step their mean.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from netwright.data.cells import distinct, guess_dates, parse_dates
from netwright.data.ledger import Ledger
from netwright.errors import DataError, did_you_mean

__all__ = ["Timeline", "find_timeline"]

PARTS = ("year", "month", "day", "hour", "minute", "second")
# Calendar steps have no fixed length, so they are counted as periods: days a step -> pandas' name.
CALENDAR = ((27, 32, "M"), (88, 93, "Q"), (360, 370, "Y"))
WORDS = {
    "M": "monthly",
    "Q": "quarterly",
    "Y": "yearly",
    "row": "one step a row",
    "60s": "every minute",
    "3600s": "hourly",
    "86400s": "daily",
    "604800s": "weekly",
}
# A column is a date when nearly all of its cells can be read as one.
SHARE = 0.95


@dataclass(frozen=True, kw_only=True)
class Timeline:
    """columns: those that say when, none for the order of rows. step: "M", "Q" or "Y", seconds
    ("3600s"), a counted number ("1"), or "row". form: how the words of a date column are written.
    """

    columns: tuple[str, ...]
    step: str
    form: str = ""

    @property
    def seconds(self) -> float | None:
        """Seconds a step; None where the steps are not clock time."""
        if self.step in ("M", "Q", "Y"):
            return {"M": 30.44, "Q": 91.3, "Y": 365.25}[self.step] * 86400
        return float(self.step[:-1]) if self.step.endswith("s") else None

    @property
    def words(self) -> str:
        """How a person would say it."""
        return WORDS.get(self.step, f"every {self.step}")

    def steps(self, frame: pd.DataFrame) -> NDArray[np.int64]:
        """Return each row's step number; the same time gives the same number in each frame."""
        missing = [name for name in self.columns if name not in frame.columns]
        if missing:
            raise DataError(
                f"The column {missing[0]!r} that says when is missing; there are "
                f"{', '.join(map(str, frame.columns))}. Add it, under this name."
            )
        if self.step == "row":
            return np.arange(len(frame), dtype=np.int64)
        if not self.step.endswith("s") and self.seconds is None:
            values = pd.to_numeric(frame[self.columns[0]], errors="coerce").to_numpy(float)
            if np.isnan(values).any():
                row = int(np.flatnonzero(np.isnan(values))[0])
                raise DataError(
                    f"Row {row + 1} has no number in {self.columns[0]}. Mend or remove it."
                )
            return np.round(values / float(self.step)).astype(np.int64)
        times = read_times(frame, self.columns, self.form)
        if times.isna().any():
            row = int(np.flatnonzero(times.isna())[0])
            held = ", ".join(str(frame[name].iloc[row]) for name in self.columns)
            raise DataError(
                f"Row {row + 1} has no readable time in {', '.join(self.columns)}: it holds "
                f"{held!r}. Mend or remove it."
            )
        if self.step in ("M", "Q", "Y"):
            return np.asarray(pd.PeriodIndex(times, freq=self.step).astype("int64"))
        nanoseconds = times.astype("datetime64[ns]").astype("int64")
        return np.round(np.asarray(nanoseconds) / (float(self.step[:-1]) * 1e9)).astype(np.int64)

    def times(self, steps: NDArray[np.int64]) -> pd.DatetimeIndex | None:
        """Return when each step begins, for calendar features; None without clock time."""
        if self.step in ("M", "Q", "Y"):
            return pd.PeriodIndex(
                [pd.Period(ordinal=int(step), freq=self.step) for step in steps]
            ).to_timestamp()
        if self.seconds is None:
            return None
        return pd.DatetimeIndex(
            (steps * self.seconds * 1e9).astype("int64").astype("datetime64[ns]")
        )


def find_timeline(frame: pd.DataFrame, named: str | None, target: str, ledger: Ledger) -> Timeline:
    """Find what says when, the step between rows, and say both in the ledger."""
    columns, why = _columns(frame, named, target)
    if not columns:
        ledger.note("guessed", "time", "no column says when: rows are taken in their order")
        return Timeline(columns=(), step="row")
    first = frame[columns[0]]
    numeric = pd.api.types.is_numeric_dtype(first)
    if len(columns) == 1 and numeric and not _is_year(first):
        values = np.sort(first.dropna().unique().astype(float))
        step = float(np.median(np.diff(values))) if len(values) > 1 else 1.0
        ledger.note("guessed", "time", f"{columns[0]!r} counts the steps{why}")
        return Timeline(columns=columns, step=f"{step:g}")
    form = ""
    if len(columns) == 1 and not numeric and not pd.api.types.is_datetime64_any_dtype(first):
        form, share, doubt = guess_dates(distinct(first), compact=True)
        if not form or share < SHARE:
            raise DataError(
                f"The time column {columns[0]!r} holds {str(first.iloc[0])!r}, which is not read "
                "as a "
                "date. Expected dates such as 2024-12-31 or 31.12.2024 14:00, or counted steps."
            )
        if doubt:
            ledger.note("guessed", columns[0], doubt)
    times = read_times(frame, columns, form)
    unique = np.sort(times.dropna().unique())
    if len(unique) < 3:
        raise DataError(
            f"The time column {', '.join(columns)} has {len(unique)} different times; a forecast "
            "needs "
            "many. Give another one with --time-column."
        )
    gaps = np.diff(unique).astype("timedelta64[ns]").astype("int64") / 1e9
    timeline = Timeline(columns=columns, step=_step(gaps), form=form)
    shown = " + ".join(columns)
    ledger.note("guessed", "time", f"{shown} says when, {timeline.words}{why}")
    return timeline


def read_times(frame: pd.DataFrame, columns: Sequence[str], form: str) -> pd.DatetimeIndex:
    """Read one column of dates, or several named year, month, ..., as times without a zone (UTC).

    form: how words are written; "" for a column of a date type, or of years.
    """
    if len(columns) > 1:
        parts = {name.lower(): pd.to_numeric(frame[name], errors="coerce") for name in columns}
        table = pd.DataFrame(parts)
        for name in ("month", "day"):
            if name not in table:
                table[name] = 1
        return pd.DatetimeIndex(pd.to_datetime(table, errors="coerce"))
    column = frame[columns[0]]
    if form:
        words = distinct(column)
        seconds = words.take(parse_dates(words.words, form), np.nan)
        return pd.DatetimeIndex(pd.to_datetime(pd.Series(seconds), unit="s", errors="coerce"))
    if pd.api.types.is_numeric_dtype(column):
        column = pd.to_datetime(column.astype("Int64").astype(str), format="%Y", errors="coerce")
    times = pd.DatetimeIndex(pd.to_datetime(column, errors="coerce", utc=True))
    return times.tz_localize(None)


def _columns(frame: pd.DataFrame, named: str | None, target: str) -> tuple[tuple[str, ...], str]:
    names = [str(name) for name in frame.columns]
    if named is not None:
        wanted = tuple(part.strip() for part in named.split(","))
        for name in wanted:
            if name not in names:
                raise DataError(f"There is no time column {name!r}.{did_you_mean(name, names)}")
        return wanted, " (as told)"
    by_name = {name.lower(): name for name in names if name != target}
    if "year" in by_name and "month" in by_name:
        return tuple(by_name[part] for part in PARTS if part in by_name), ""
    for name in names:
        if name != target and pd.api.types.is_datetime64_any_dtype(frame[name]):
            return (name,), ""
    for name in names:
        if name == target or pd.api.types.is_numeric_dtype(frame[name]):
            continue
        form, share, _ = guess_dates(distinct(frame[name]))
        if form and share >= SHARE and not form.startswith("%H"):  # a time of day says no date
            return (name,), ""
    if "year" in by_name and _is_year(frame[by_name["year"]]):
        return (by_name["year"],), ""
    for name in names:
        if name == target or not pd.api.types.is_numeric_dtype(frame[name]):
            continue
        steps = np.diff(frame[name].to_numpy(float))
        if len(steps) and steps[0] > 0 and np.allclose(steps, steps[0]):
            return (name,), ""
    return (), ""


def _is_year(column: "pd.Series[Any]") -> bool:
    values = column.dropna()
    return bool(len(values)) and bool(((values % 1 == 0) & values.between(1500, 2200)).all())


def _step(gaps: NDArray[np.float64]) -> str:
    days = float(np.median(gaps)) / 86400
    for low, high, name in CALENDAR:
        if low <= days <= high:
            return name
    # The most frequent gap, not the mean: a few holes must not stretch the step.
    values, counts = np.unique(np.round(gaps, 3), return_counts=True)
    return f"{values[counts.argmax()]:g}s"
