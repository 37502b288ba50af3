"""Features of one column: numbers, dates and categories as what a net can take.

Each is fitted on training rows and saved as JSON. `encode` gives (rows, len(names)) numbers; a
category also gives one column of ids.
"""

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

import numpy as np
import pandas as pd
import torch
from numpy.typing import NDArray

from netwright.data.cells import Distinct
from netwright.data.column_cells import read_numbers, read_seconds, read_words
from netwright.data.columns import Column
from netwright.data.ledger import Ledger

__all__ = ["CategoryFeatures", "DateFeatures", "NumberFeatures", "Scaling"]

Floats = NDArray[np.float64]
Scaling = Literal["auto", "bent", "plain"]

CURVE_FROM = 500  # training rows; below, ranks are worse than values on all small tables tried
CURVE_ROWS = 200_000  # more do not move a curve of a thousand knots
KNOTS = 1000  # of a quantile curve: a thousandth of the rows is finer than a net needs
MISSING = "\0missing"  # cannot be a word of a cell
DAY = 86_400.0


@dataclass(frozen=True)
class NumberFeatures:
    """One number, brought to about -3..3 whatever its scale; then whether it was missing.

    Of many training rows: its rank among them as a normal quantile. knots, normal: the curve,
    piecewise linear and flat beyond its ends. Of few rows, where ranks are noise and the net has no
    embedding to
    undo them: z = (x - center) * scale, then z / sqrt(1 + (z / 3)^2), which bends outliers smoothly
    (RealMLP, Holzmüller et al. 2024, arXiv:2407.04491); knots is empty then. plain:
    of rows that are to be drawn, (x - mean) / deviation, so that `restore` can undo it. fill: the
    training median.
    """

    column: Column
    fill: float
    indicated: bool
    knots: Floats = field(default_factory=lambda: np.empty(0))
    normal: Floats = field(default_factory=lambda: np.empty(0))
    center: float = 0.0
    scale: float = 1.0
    plain: bool = False

    @property
    def names(self) -> list[str]:
        name = self.column.name
        return [name, f"{name} missing"] if self.indicated else [name]

    @classmethod
    def fit(
        cls, column: Column, cells: pd.Series, ledger: Ledger, *, scaling: Scaling = "auto"
    ) -> "NumberFeatures":
        """Fit the curve, or centre and scale, on training cells. scaling: "bent" or "plain" however
        many they are; "auto": the curve, where there are many."""
        values = read_numbers(column, cells)
        missing = np.isnan(values)
        there = values[~missing]
        fill, indicated = float(np.median(there)), bool(missing.any())
        if indicated:
            what = "missing numbers get the training median and a column that says so"
            ledger.note("imputed", column.name, what, int(missing.sum()))
        if scaling == "plain":
            spread = float(there.std())
            scale = 1 / spread if spread > 0 else 0.0
            return cls(column, fill, indicated, center=float(there.mean()), scale=scale, plain=True)
        if scaling == "bent" or len(values) < CURVE_FROM:
            center, scale = robust_scale(there)
            return cls(column, fill, indicated, center=center, scale=scale)
        knots, normal = quantile_curve(there)
        return cls(column, fill, indicated, knots, normal)

    def encode(self, cells: pd.Series, ledger: Ledger | None) -> NDArray[np.float32]:
        """(rows, 1) or, with an indicator, (rows, 2)."""
        values = read_numbers(self.column, cells, ledger)
        missing = np.isnan(values)
        if missing.any():
            values = np.where(missing, self.fill, values)
            if not self.indicated and ledger is not None:
                what = "missing, which no training row was: taken as the training median"
                ledger.note("imputed", self.column.name, what, int(missing.sum()))
        out = np.empty((len(values), len(self.names)), dtype=np.float32)
        if len(self.knots):
            out[:, 0] = np.interp(values, self.knots, self.normal)
        else:
            z = np.clip((values - self.center) * self.scale, -1e6, 1e6)
            out[:, 0] = z if self.plain else z / np.sqrt(1 + (z / 3) ** 2)
        if self.indicated:
            out[:, 1] = missing
        return out

    def restore(self, inputs: NDArray[np.float32]) -> Floats:
        """Return the cells (rows,) that plain inputs (rows, len(names)) stand for, NaN where they
        say that it was missing."""
        numbers = inputs[:, 0].astype(np.float64)
        values = self.center + (numbers / self.scale if self.scale else 0 * numbers)
        return np.where(inputs[:, 1] > 0.5, np.nan, values) if self.indicated else values

    def to_dict(self) -> dict[str, Any]:
        """Return the JSON form; the curve is in `arrays`."""
        return {
            "column": self.column.to_dict(),
            "fill": self.fill,
            "indicated": self.indicated,
            "center": self.center,
            "scale": self.scale,
            "plain": self.plain,
        }

    def arrays(self) -> dict[str, NDArray[Any]]:
        """Return the curve."""
        return {"knots": self.knots, "normal": self.normal} if len(self.knots) else {}

    @classmethod
    def from_dict(
        cls, values: Mapping[str, Any], arrays: Mapping[str, NDArray[Any]]
    ) -> "NumberFeatures":
        """Read the JSON form."""
        return cls(**{**values, "column": Column.from_dict(values["column"]), **arrays})


def robust_scale(values: Floats) -> tuple[float, float]:
    """Return (median, 1 / interquartile range); where that range is nothing, half the full
    range."""
    low, center, high = (float(v) for v in np.quantile(values, [0.25, 0.5, 0.75]))
    width = high - low
    if width <= 0:
        width = float(values.max() - values.min()) / 2
    return center, 1 / width if width > 0 else 0.0


def quantile_curve(values: Floats) -> tuple[Floats, Floats]:
    """Return (knots, normal): the piecewise-linear map of these values onto a standard normal.

    Distinct value v with a share a of the rows below it and b of them equal stands at the normal's
    quantile a + b / 2; then all is scaled to unit variance.
    """
    if len(values) > CURVE_ROWS:
        values = np.random.default_rng(0).choice(values, CURVE_ROWS, replace=False)
    levels, counts = np.unique(values, return_counts=True)
    middle = (np.cumsum(counts) - counts / 2) / counts.sum()
    normal = torch.special.ndtri(torch.from_numpy(middle)).numpy()
    mean = np.average(normal, weights=counts)
    std = math.sqrt(np.average((normal - mean) ** 2, weights=counts)) or 1.0
    normal = (normal - mean) / std
    if len(levels) > KNOTS:
        # Evenly in normal space as well as in rank, so that the tails keep their shape.
        ranks = np.searchsorted(middle, np.linspace(0, 1, KNOTS // 2 + 1)[1:-1])
        tails = np.searchsorted(normal, np.linspace(normal[0], normal[-1], KNOTS // 2))
        # Where many rows hold the largest value, the highest ranks lie in the middle of it.
        found = np.concatenate([[0], ranks, tails]).clip(max=len(levels) - 1)
        kept = np.unique([*found, len(levels) - 1])
        levels, normal = levels[kept], normal[kept]
    return levels.astype(np.float64), normal.astype(np.float64)


# Calendar parts: name -> (period, how to get it from seconds). Months and days come from the
# calendar itself.
_CYCLES = {"month": 12.0, "day": 31.0, "weekday": 7.0, "hour": 24.0}


@dataclass(frozen=True)
class DateFeatures:
    """One date: time elapsed (standardised), then the calendar parts that vary, each as sine and
    cosine."""

    column: Column
    mean: float
    std: float
    cycles: tuple[str, ...]
    indicated: bool

    @property
    def names(self) -> list[str]:
        name = self.column.name
        parts = [f"{name} elapsed"] if self.std > 0 else []
        parts += [f"{name} {cycle} {wave}" for cycle in self.cycles for wave in ("sin", "cos")]
        return parts + ([f"{name} missing"] if self.indicated else [])

    @classmethod
    def fit(cls, column: Column, cells: pd.Series, ledger: Ledger) -> "DateFeatures":
        """Find out which calendar parts vary."""
        seconds = read_seconds(column, cells)
        missing = np.isnan(seconds)
        there = seconds[~missing]
        parts = _calendar(there)
        # Within less than two periods a cycle is only the elapsed time again.
        spans = {"month": 365 * DAY, "day": 61 * DAY, "weekday": 14 * DAY, "hour": 2 * DAY}
        span = float(there.max() - there.min())
        clock = ("%d" not in column.dates and "%H" in column.dates) or "%I" in column.dates
        timed = clock and span <= DAY
        cycles = tuple(
            name
            for name in _CYCLES
            if len(np.unique(parts[name])) > 1
            and (span >= spans[name] or (timed and name == "hour"))
        )
        std = 0.0 if timed else float(there.std())
        if not cycles and std == 0:
            std = 1.0
        said = ", ".join([*(["elapsed time"] if std else []), *cycles])
        ledger.note("encoded", column.name, f"a date: {said}", len(there))
        if missing.any():
            what = "missing dates get the training mean and a column that says so"
            ledger.note("imputed", column.name, what, int(missing.sum()))
        return cls(column, float(there.mean()), std, cycles, bool(missing.any()))

    def encode(self, cells: pd.Series, ledger: Ledger | None) -> NDArray[np.float32]:
        """(rows, features)."""
        seconds = read_seconds(self.column, cells, ledger)
        missing = np.isnan(seconds)
        if missing.any() and not self.indicated and ledger is not None:
            what = "missing, which no training row was: taken as the mean"
            ledger.note("imputed", self.column.name, what, int(missing.sum()))
        there = np.where(missing, self.mean, seconds)
        parts = _calendar(there)
        columns = [(there - self.mean) / self.std] if self.std > 0 else []
        for cycle in self.cycles:
            angle = parts[cycle] * (2 * math.pi / _CYCLES[cycle])
            columns += [np.where(missing, 0, np.sin(angle)), np.where(missing, 0, np.cos(angle))]
        if self.indicated:
            columns.append(missing.astype(np.float64))
        return np.stack(columns, axis=1).astype(np.float32)

    def to_dict(self) -> dict[str, Any]:
        """Return the JSON form."""
        return {
            "column": self.column.to_dict(),
            "mean": self.mean,
            "std": self.std,
            "cycles": list(self.cycles),
            "indicated": self.indicated,
        }

    def arrays(self) -> dict[str, NDArray[Any]]:
        """Return nothing: a date has no arrays."""
        return {}

    @classmethod
    def from_dict(
        cls, values: Mapping[str, Any], arrays: Mapping[str, NDArray[Any]]
    ) -> "DateFeatures":
        """Read the JSON form."""
        column = Column.from_dict(values["column"])
        return cls(
            column, values["mean"], values["std"], tuple(values["cycles"]), values["indicated"]
        )


def _calendar(seconds: Floats) -> dict[str, Floats]:
    """Month 0..12, day of month 0..31, weekday 0..7 and hour 0..24 of each moment, fractions
    included."""
    days = np.floor(seconds / DAY)
    stamps = days.astype("datetime64[D]")
    months = stamps.astype("datetime64[M]")
    day = (stamps - months).astype(np.float64)
    hour = (seconds - days * DAY) / 3600
    month = months.astype(np.int64) % 12 + day / 31
    return {"month": month, "day": day, "weekday": (days + 3) % 7, "hour": hour}


@dataclass(frozen=True)
class CategoryFeatures:
    """One category as an id: 1, 2, ... by frequency, 0 for unknown and rare words.

    words: those with an id of their own; the missing cell is one of them if training had any.
    log_counts: of each word of training, for columns of very many: how common a word is also says
    something.
    """

    column: Column
    words: tuple[str, ...]
    counts: Mapping[str, int]

    @property
    def names(self) -> list[str]:
        return [f"{self.column.name} count"] if self.counts else []

    @property
    def cardinality(self) -> int:
        """How many ids there are, 0 included."""
        return len(self.words) + 1

    @classmethod
    def fit(cls, column: Column, cells: pd.Series, ledger: Ledger) -> "CategoryFeatures":
        """Give the frequent words ids."""
        known = read_words(column, cells)
        rows = len(cells)
        missing = int((known.codes < 0).sum())
        counts = {str(w): int(n) for w, n in zip(known.words, known.counts, strict=True)}
        if missing:
            counts[MISSING] = missing
            ledger.note("imputed", column.name, "missing is a category of its own", missing)
        least = 1 if column.kind == "boolean" or rows < 100 else 2 if rows < 1000 else 5
        common = [w for w in counts if counts[w] >= least or w == MISSING]
        words = tuple(sorted(common, key=lambda w: (-counts[w], w))[:MAX_WORDS])
        rare = [w for w in counts if w not in set(words)]
        if rare:
            what = f"{len(rare):,} of {len(counts):,} categories have under {least} rows: 'unknown'"
            ledger.note("encoded", column.name, what, sum(counts[w] for w in rare))
        many = len(counts) > MANY
        if many:
            ledger.note(
                "encoded", column.name, "how common each category is becomes a number", len(counts)
            )
        return cls(column, words, dict(sorted(counts.items())) if many else {})

    def encode_ids(self, known: Distinct, ledger: Ledger | None) -> NDArray[np.int64]:
        """(rows,) ids."""
        lookup = {word: number for number, word in enumerate(self.words, 1)}
        ids = np.array([lookup.get(str(word), 0) for word in known.words], dtype=np.int64)
        missing = lookup.get(MISSING, 0)
        out = known.take(ids, missing).astype(np.int64)
        if ledger is not None:
            self._note_new(known, missing, ledger)
        return out

    def _note_new(self, known: Distinct, missing: int, ledger: Ledger) -> None:
        seen = self.counts or set(self.words)
        new = np.array([str(word) not in seen for word in known.words], dtype=bool)
        if new.any():
            shown = ", ".join(repr(str(word)[:30]) for word in known.words[new][:3])
            what = f"categories not among the training rows' common ones ({shown}): 'unknown'"
            ledger.note("encoded", self.column.name, what, int(known.counts[new].sum()))
        empty = int((known.codes < 0).sum())
        if empty and not missing:
            ledger.note(
                "imputed", self.column.name, "missing, which no training row was: 'unknown'", empty
            )

    def encode(self, known: Distinct) -> NDArray[np.float32]:
        """(rows, 1): the logarithm of how often the word was seen in training, scaled to 0..1."""
        top = math.log1p(max(self.counts.values()))
        scaled = [math.log1p(self.counts.get(str(word), 0)) / top for word in known.words]
        empty = math.log1p(self.counts.get(MISSING, 0)) / top
        return known.take(np.array(scaled, dtype=np.float64), empty).astype(np.float32)[:, None]

    def to_dict(self) -> dict[str, Any]:
        """Return the JSON form."""
        return {
            "column": self.column.to_dict(),
            "words": list(self.words),
            "counts": dict(self.counts),
        }

    def arrays(self) -> dict[str, NDArray[Any]]:
        """Return nothing: a category has no arrays."""
        return {}

    @classmethod
    def from_dict(
        cls, values: Mapping[str, Any], arrays: Mapping[str, NDArray[Any]]
    ) -> "CategoryFeatures":
        """Read the JSON form."""
        return cls(
            Column.from_dict(values["column"]), tuple(values["words"]), dict(values["counts"])
        )


MAX_WORDS = 5000  # ids of one column; rarer words share "unknown"
MANY = 50  # categories from which on their frequency is a feature too
