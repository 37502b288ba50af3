"""The choices a forecast needs, each made on the training part alone and written into the ledger
with its figures.
"""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import pandas as pd
import torch
from numpy.typing import NDArray

from netwright.data.forecast_encoding import Anchor, Covariate, ForecastEncoding, anchor_values
from netwright.data.ledger import Ledger
from netwright.data.timeline import Timeline
from netwright.errors import UsageError

__all__ = [
    "choose_anchor",
    "choose_context",
    "choose_covariates",
    "choose_cycles",
    "choose_horizon",
    "choose_season",
    "choose_transform",
]

Floats = NDArray[np.float64]

DAY = 86_400.0
HORIZONS = {"M": 12, "Q": 4, "Y": 3}
SEASONS = {"M": (12,), "Q": (4,), "Y": ()}
MOST_CONTEXT = 512
MOST_CATEGORIES = 12
# Windows that the simple forecasts are compared on.
COMPARED = 2_000


def choose_horizon(timeline: Timeline, told: int | None, steps: int, ledger: Ledger) -> int:
    """Take the horizon that was told, or the usual one of the frequency: a day of hours, four weeks
    of days, a year.
    """
    most = steps // 4
    if told is not None:
        if not 1 <= told <= most:
            raise UsageError(
                f"--horizon is {told}; with {steps} steps in the table expected 1 to {most}. "
                "Forecast fewer steps, or give more history."
            )
        return told
    seconds = timeline.seconds
    if timeline.step in HORIZONS:
        usual = HORIZONS[timeline.step]
    elif seconds is None:
        usual = 12
    elif seconds >= 6 * DAY:
        usual = 13  # weeks a quarter
    elif seconds >= DAY / 2:
        usual = 28 if seconds < 1.5 * DAY else 14
    elif seconds >= 1800:
        usual = round(DAY / seconds)
    else:
        usual = round(3600 / seconds) if seconds <= 600 else round(DAY / seconds)
    horizon = max(1, min(usual, most, 256))
    ledger.note(
        "guessed", "horizon", f"{horizon} steps ahead ({timeline.words}); change it with --horizon"
    )
    return horizon


def choose_season(training: Floats, timeline: Timeline, ledger: Ledger) -> int:
    """Take the season of the frequency that the autocorrelation supports most: far above that of
    half a season.
    """
    seconds = timeline.seconds
    if timeline.step in SEASONS:
        candidates: Sequence[int] = SEASONS[timeline.step]
    elif seconds is not None:
        cycles = (DAY, 7 * DAY, 365.25 * DAY)
        found = [round(cycle / seconds) for cycle in cycles if cycle / seconds >= 2]
        candidates = [period for period in found if period <= 10_000]
    else:
        candidates = range(2, min(len(training) // 3, 400))
    y = _detrended(training)
    fits = [period for period in candidates if 2 * period <= len(y)]
    gains = {
        period: _autocorrelation(y, period) - _autocorrelation(y, period // 2)
        for period in fits
        if _autocorrelation(y, period) > 0.2
    }
    named = timeline.step in SEASONS or seconds is not None
    # A counted step names no season, so a hundred are tried: one must stand out further.
    enough = 0.1 if named else 0.4
    best = max(gains, key=gains.__getitem__, default=0)
    if best and gains[best] > enough:
        what = f"{best} steps: autocorrelation {_autocorrelation(y, best):.2f}"
        ledger.note("guessed", "season", what)
        return best
    if named and fits:
        what = f"{fits[0]} steps by the calendar; the autocorrelation shows none clearly"
        ledger.note("guessed", "season", what)
        return fits[0]
    ledger.note("guessed", "season", "none found")
    return 1


def _detrended(values: Floats) -> Floats:
    """Values less a straight line; missing ones lie on it."""
    steps = np.arange(len(values))
    known = ~np.isnan(values)
    slope, start = np.polyfit(steps[known], values[known], 1)
    return np.where(known, values - (start + slope * steps), 0.0)


def _autocorrelation(y: Floats, lag: int) -> float:
    if lag < 1:
        return 1.0
    power = float((y * y).mean())
    return float((y[lag:] * y[:-lag]).mean()) / power if power > 0 else 0.0


def choose_context(steps: int, horizon: int, season: int, ledger: Ledger) -> int:
    """Two seasons or three horizons, whichever is longer, but never so long that few training
    windows remain.
    """
    wanted = max(2 * season if 2 * season <= MOST_CONTEXT else 0, 3 * horizon, 8)
    # A third of what is left for windows: the others are needed to begin at different steps.
    most = max((steps - horizon) // 3, min(season, steps // 3), 2)
    context = min(wanted, most, MOST_CONTEXT)
    ledger.note("guessed", "context", f"a forecast sees the last {context} steps")
    return context


def choose_transform(training: Floats, ledger: Ledger) -> tuple[bool, float]:
    """Return (log?, offset): a logarithm where the values are not negative and it makes them much
    less skewed, or where the swings grow with the level.
    """
    known = training[~np.isnan(training)]
    if known.min() < 0 or known.max() <= 0:
        return False, 0.0
    offset = 0.0 if known.min() > 0 else float(np.quantile(known[known > 0], 0.1))
    logs = np.log(known + offset)
    if abs(_skew(known)) > 1 and abs(_skew(logs)) < 0.5 * abs(_skew(known)):
        what = f"forecast as its logarithm: skewness {_skew(known):.1f} becomes {_skew(logs):.1f}"
        ledger.note("encoded", "target", what)
        return True, offset
    # Differences of pieces: their spread against their level (Guerrero 1993 compares the same two).
    size = max(len(known) // 8, 4)
    pieces = known[: len(known) // size * size].reshape(-1, size)
    level, spread = pieces.mean(1), np.abs(np.diff(pieces, axis=1)).mean(1)
    if len(pieces) >= 4 and level.max() > 1.5 * level.min() and spread.std() > 0:
        link = float(np.corrcoef(level, spread)[0, 1])
        if link > 0.7:
            what = f"forecast as its logarithm: swings grow with the level (correlation {link:.2f})"
            ledger.note("encoded", "target", what)
            return True, offset
    return False, 0.0


def _skew(values: Floats) -> float:
    centred = values - values.mean()
    spread = values.std()
    return float((centred**3).mean() / spread**3) if spread > 0 else 0.0


def choose_covariates(
    training: pd.DataFrame, names: Sequence[str], ledger: Ledger
) -> tuple[Covariate, ...]:
    """Take the other columns as past covariates: numbers as they are, words of few kinds as one
    channel each.
    """
    chosen = []
    for name in names:
        column = training[name]
        numbers = pd.to_numeric(column, errors="coerce").to_numpy(float)
        known = numbers[~np.isnan(numbers)]
        if len(known) >= 0.5 * column.notna().sum() and len(known):
            steps = np.diff(known)
            if np.ptp(known) == 0:
                ledger.note("dropped", name, "constant in training")
            elif len(steps) > 2 and np.allclose(steps, steps[0]):
                ledger.note("dropped", name, "only counts the rows")
            else:
                chosen.append(Covariate(name, float(known.mean()), float(known.std())))
            continue
        kinds = column.dropna().astype(str).value_counts()
        if 2 <= len(kinds) <= MOST_CATEGORIES:
            chosen.append(Covariate(name, categories=tuple(sorted(kinds.index))))
        elif len(kinds):
            ledger.note("dropped", name, f"{len(kinds):,} different words, no past covariate")
    if chosen:
        shown = ", ".join(c.name for c in chosen)
        ledger.note("encoded", "covariates", f"their past is given too: {shown}", len(chosen))
    return tuple(chosen)


def choose_cycles(timeline: Timeline, season: int, steps: int) -> tuple[str, ...]:
    """Name the calendar cycles that are longer than a step and that the training part holds at
    least twice.
    """
    seconds = timeline.seconds
    if seconds is None:
        return ("season",) if season > 1 else ()
    if timeline.step in ("M", "Q"):
        return ("month",) if 2 * seconds * season <= steps * seconds else ()
    cycles = (("hour", DAY), ("weekday", 7 * DAY), ("day-of-year", 365.25 * DAY))
    return tuple(
        name for name, length in cycles if 2 * seconds <= length and 2 * length <= steps * seconds
    )


def choose_anchor(
    encoding: ForecastEncoding, training: pd.DataFrame, ledger: Ledger
) -> ForecastEncoding:
    """Compare the simple forecasts on the training windows and start from the best: smallest mean
    absolute error.
    """
    values = training[encoding.target].to_numpy(float)
    y = torch.from_numpy(encoding.channels_of(training)[:, 0])
    truth = torch.tensor(encoding.transform(values)).float()
    context, horizon, season = encoding.context, encoding.horizon, encoding.season
    origins = torch.arange(context, len(values) - horizon + 1)
    origins = origins[:: max(1, len(origins) // COMPARED)]
    future = truth[origins[:, None] + torch.arange(horizon)]
    past = y[origins[:, None] + torch.arange(-context, 0)]
    known = torch.tensor(values).float()[origins[:, None] + torch.arange(horizon)]
    candidates: list[Anchor] = ["last", "mean"]
    if 1 < season <= context:
        candidates.append("season")
    candidates.append("trend")
    if 1 < season <= context:
        candidates.append("season-trend")
    if 1 < season and 2 * season <= context:
        candidates.append("season-drift")
    errors: dict[Anchor, float] = {}
    for name in candidates:
        guess = encoding.restore(anchor_values(past, name, horizon, season, encoding.drift))
        errors[name] = float((guess - known).abs().nanmean())
    # Of equals the first, the simplest: 2 % is within what another year of data would change.
    best = next(name for name in errors if errors[name] <= 1.02 * min(errors.values()))
    residual = future - anchor_values(past, best, horizon, season, encoding.drift)
    spread = float(residual[~residual.isnan()].std())
    shown = ", ".join(f"{name} {error:.4g}" for name, error in errors.items())
    ledger.note(
        "encoded",
        "target",
        f"the net learns what the {best!r} forecast leaves over (error in training: {shown})",
    )
    return replace(encoding, anchor=best, residual_std=spread if spread > 0 else 1.0)
