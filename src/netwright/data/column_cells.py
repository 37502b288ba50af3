"""Read the cells of one column as what the column was found to hold, at training time and later.

The same model may be asked about a CSV (all words) and a Parquet file (typed): both are read alike.
"""

from collections.abc import Mapping

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from netwright.data.cells import PLAIN, Distinct, distinct, parse_dates, parse_numbers, seconds_of
from netwright.data.columns import TRUTH, Column
from netwright.data.ledger import Ledger

__all__ = ["as_typed", "read_numbers", "read_seconds", "read_words"]

Floats = NDArray[np.float64]


def as_typed(frame: pd.DataFrame, columns: Mapping[str, Column]) -> pd.DataFrame:
    """Return the frame with numbers as float64 and dates as datetime64: small, and read only
    once. What cannot be read was said when the columns were inferred."""
    typed: dict[str, pd.Series] = {}
    for name, cells in frame.items():
        column = columns.get(str(name))
        if (
            column is None
            or not column.used
            or (isinstance(cells.dtype, np.dtype) and cells.dtype != object)
        ):
            typed[str(name)] = cells
        elif column.kind == "numeric" or column.coded:
            typed[str(name)] = pd.Series(read_numbers(column, cells), index=frame.index)
        elif column.kind == "date":
            seconds = read_seconds(column, cells)
            stamps = pd.to_datetime(pd.Series(seconds, index=frame.index), unit="s")
            typed[str(name)] = stamps.astype("datetime64[us]")
        else:
            typed[str(name)] = cells
    return pd.DataFrame(typed, index=frame.index, columns=list(typed), copy=False)


def read_numbers(column: Column, cells: pd.Series, ledger: Ledger | None = None) -> Floats:
    """Return the cells as float64 with NaN where missing; words that are no numbers are noted."""
    if pd.api.types.is_timedelta64_dtype(cells.dtype):
        return cells.dt.total_seconds().to_numpy(np.float64)
    if pd.api.types.is_numeric_dtype(cells.dtype) or pd.api.types.is_bool_dtype(cells.dtype):
        values = cells.to_numpy(np.float64, na_value=np.nan)
        endless = np.isinf(values)
        if endless.any() and ledger is not None:
            ledger.note("imputed", column.name, "infinite: taken as missing", int(endless.sum()))
        return np.where(endless, np.nan, values)
    if column.numbers == PLAIN:
        # Most columns: all cells at once, and only what is no number is looked at.
        values = parse_numbers(cells.to_numpy(object))
        if ledger is not None:
            odd = distinct(cells[np.isnan(values)]).without(column.missing)
            _note_odd(column, odd, np.ones(len(odd.words), dtype=bool), "no number", ledger)
        return values
    known = distinct(cells).without(column.missing)
    values = parse_numbers(known.words, column.numbers)
    _note_odd(column, known, np.isnan(values), "no number", ledger)
    return known.take(values, np.nan).astype(np.float64)


def read_seconds(column: Column, cells: pd.Series, ledger: Ledger | None = None) -> Floats:
    """Return the cells as seconds since 1970 with NaN where missing."""
    if pd.api.types.is_datetime64_any_dtype(cells.dtype):
        return seconds_of(_plain_time(cells))
    known = distinct(cells).without(column.missing)
    # Typed in training, words now (or the other way round): ISO is how typed dates are spelled.
    values = parse_dates(known.words, column.dates or "ISO8601")
    _note_odd(column, known, np.isnan(values), "no date", ledger)
    return known.take(values, np.nan).astype(np.float64)


def _plain_time(cells: pd.Series) -> pd.Series:
    return cells if cells.dt.tz is None else cells.dt.tz_convert("UTC").dt.tz_localize(None)


def read_words(column: Column, cells: pd.Series) -> Distinct:
    """Return the cells as distinct words, spelled alike whatever type they came in."""
    if column.coded:
        return distinct(pd.Series(read_numbers(column, cells)))
    known = distinct(cells).without(column.missing)
    if column.kind != "boolean":
        return known
    folded = np.array(
        [TRUTH.get(word.casefold(), word.casefold()) for word in known.words], dtype=object
    )
    merged, words = pd.factorize(folded)
    codes = known.take(merged.astype(np.int64), -1).astype(np.int64)
    counts = np.bincount(codes[codes >= 0], minlength=len(words)).astype(np.int64)
    return Distinct(np.asarray(words, dtype=object), codes, counts)


def _note_odd(
    column: Column, known: Distinct, odd: NDArray[np.bool_], what: str, ledger: Ledger | None
) -> None:
    if ledger is None or not odd.any():
        return
    shown = ", ".join(repr(word[:30]) for word in known.words[odd][:3])
    count = int(known.counts[odd].sum())
    ledger.note("imputed", column.name, f"{what}: {shown}; taken as missing", count)
