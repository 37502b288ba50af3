"""Columns: what each column of a table holds.

The rules, in the order they are tried, on cells that are not missing:

- empty: there are none. constant: all are the same and none is missing.
- boolean: exactly two distinct values that are true/false, yes/no, on/off, t/f, y/n, or any two
numbers.
- date: at least 95 % of the cells read in one date or time format.
- numeric: at least 95 % of the cells read as numbers in one format, and all but a few kinds of odd
ones do; these become missing,
  with a warning. Numbers with leading zeros of one width (postcodes) are words. Few distinct
  integers stay numbers, unless the column's name says that they are codes (sex, type, zip, ...).
- identifier: another value in nearly every row that says nothing of the row: integers counting the
  rows, integers or words of one shape in a column named id, key, number, ...; hashes and UUIDs.
- text: three words or more on average and mostly unique, or eight words and more.
- categorical: all else, many distinct values included (surnames, places).
"""

import re
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any, Literal

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from netwright.data.cells import (
    MARKERS,
    PLAIN,
    WEAK_MARKERS,
    Distinct,
    NumberFormat,
    distinct,
    fold_marker,
    guess_dates,
    guess_numbers,
    parse_numbers,
)
from netwright.data.ledger import Ledger

__all__ = ["TRUTH", "Column", "ColumnKind", "infer_columns"]

ColumnKind = Literal[
    "numeric", "categorical", "boolean", "date", "text", "identifier", "constant", "empty"
]

Index = NDArray[np.int64]

# A column is numbers or dates if this share of its cells is; one odd cell in twenty may be a slip.
ENOUGH = 0.95
# Odd words beyond this many kinds are not slips but a column of words.
MAX_ODD_WORDS = 5
MAX_CODES = 30
SAMPLE = 10_000  # rows that tell few distinct values from many

_PAIRS = (
    ("true", "false"), ("yes", "no"), ("y", "n"), ("t", "f"), ("on", "off"), ("ja", "nein"),
    ("oui", "non"),
)  # fmt: skip
# What a typed column would hold, as a word: a model trained on "yes" may be asked about True.
TRUTH = {
    word: truth for pair in _PAIRS for word, truth in zip(pair, ("true", "false"), strict=True)
}
_CODE_NAME = re.compile(
    r"(^|[_\s.-])(sex|gender|type|code|class|category|kind|race|region|zone|zip|zipcode|postcode|"
    r"marital|marriage|education|status|occupation|country|state|color|colour|origin)([_\s.-]|$)",
    re.IGNORECASE,
)
_COUNT_NAME = re.compile(
    r"(^|[_\s.-])(num|number|count|years?|level|score|of)([_\s.-]|$)", re.IGNORECASE
)
_ID_NAME = re.compile(
    r"(^|[_\s.-])(id|ids|uid|uuid|guid|key|index|idx|rowid|row|rownumber|no|nr|number|serial)([_\s.-]|$)",
    re.IGNORECASE,
)
_SPLIT_CAMEL = re.compile(r"(?<=[a-z0-9])(?=[A-Z])")
_TOKEN = re.compile(r"[0-9a-fA-F]{12,}|[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}")


@dataclass(frozen=True, kw_only=True)
class Column:
    """A column's name, kind, and how its cells are read.

    numbers: of numeric columns. dates: strptime format of date columns written as words, "" for
    typed ones. missing: the words that stand for "no value" in it (without case). coded: its
    categories are written as numbers. why: the reason for a kind that leads to dropping.
    """

    name: str
    kind: ColumnKind
    numbers: NumberFormat = PLAIN
    dates: str = ""
    missing: tuple[str, ...] = MARKERS
    coded: bool = False
    why: str = ""

    @property
    def used(self) -> bool:
        """Whether the column says anything about its row."""
        return self.kind not in ("identifier", "constant", "empty")

    def to_dict(self) -> dict[str, Any]:
        """Return the JSON form."""
        return asdict(self)

    @classmethod
    def from_dict(cls, values: Mapping[str, Any]) -> "Column":
        """Read the JSON form."""
        return cls(
            **{
                **values,
                "numbers": NumberFormat(**values["numbers"]),
                "missing": tuple(values["missing"]),
            }
        )


def infer_columns(
    frame: pd.DataFrame,
    ledger: Ledger,
    *,
    target: str | None = None,
    rows: NDArray[np.int64] | None = None,
) -> dict[str, Column]:
    """Decide what each column holds, all but `target`.

    How cells are written (numbers, dates, missing) is read off all rows of the frame; what that
    makes of the column is decided on `rows`, the training rows. Guesses and dropped columns go to
    the ledger.
    """
    train = np.arange(len(frame)) if rows is None else rows
    columns = {}
    for name in frame.columns:
        if name != target:
            columns[str(name)] = _infer(str(name), frame[name], train, ledger)
    kinds: dict[str, list[str]] = {}
    for column in columns.values():
        if column.used:
            kinds.setdefault(column.kind, []).append(column.name)
        else:
            ledger.note("dropped", column.name, column.why)
    for kind, names in kinds.items():
        ledger.note("guessed", "columns", f"{kind}: {', '.join(names)}", len(names))
    return columns


def _infer(name: str, cells: pd.Series, train: Index, ledger: Ledger) -> Column:
    if not cells.iloc[train].notna().any():
        return Column(name=name, kind="empty", why="no value in any row")
    if pd.api.types.is_datetime64_any_dtype(cells.dtype):
        return _date(name, cells.iloc[train])
    if pd.api.types.is_timedelta64_dtype(cells.dtype):
        return _numeric(name, cells.dt.total_seconds().to_numpy(np.float64), train, ledger)
    if isinstance(cells.dtype, pd.CategoricalDtype):
        cells = cells.astype(object)
    if pd.api.types.is_bool_dtype(cells.dtype):
        cells = cells.iloc[train]
        kind: ColumnKind = "boolean" if cells.nunique() > 1 or cells.isna().any() else "constant"
        return Column(name=name, kind=kind, why=_constant(cells) if kind == "constant" else "")
    if pd.api.types.is_numeric_dtype(cells.dtype):
        values = cells.to_numpy(np.float64, na_value=np.nan)
        if np.isinf(values).any():
            ledger.note("warned", name, "infinite: read as missing", int(np.isinf(values).sum()))
        return _numeric(name, values, train, ledger)
    return _words(name, cells, train, ledger)


def _constant(cells: pd.Series) -> str:
    return f"the same value in every row: {str(cells.dropna().iloc[0])[:40]!r}"


def _date(name: str, cells: pd.Series) -> Column:
    if cells.nunique() == 1 and not cells.isna().any():
        return Column(name=name, kind="constant", why=_constant(cells))
    return Column(name=name, kind="date")


def _numeric(
    name: str,
    values: NDArray[np.float64],
    train: Index,
    ledger: Ledger,
    form: NumberFormat = PLAIN,
) -> Column:
    """Tell counts and measures from codes, row numbers and two-valued columns."""
    lowest = float(np.nanmin(values)) if np.isfinite(values).any() else 0.0
    values = values[train]
    there = values[np.isfinite(values)]
    if len(there) == 0:
        return Column(name=name, kind="empty", why="no finite value in any row")
    levels = _levels(there)
    if len(levels) == 1 and len(there) == len(values):
        return Column(
            name=name, kind="constant", why=f"the same number in every row: {levels[0]:g}"
        )
    if len(levels) <= 2:
        return Column(name=name, kind="boolean", numbers=form, coded=True)
    whole = bool((there == np.floor(there)).all())
    if whole:
        why = _identifies(name, there, lowest)
        if why:
            return Column(name=name, kind="identifier", numbers=form, why=why)
        named = _CODE_NAME.search(_spaced(name)) and not _COUNT_NAME.search(_spaced(name))
        if named and len(levels) <= MAX_CODES:
            ledger.note(
                "guessed", name, "whole numbers that name kinds: read as categories", len(levels)
            )
            return Column(name=name, kind="categorical", numbers=form, coded=True)
    _warn_sentinel(name, there, ledger)
    return Column(name=name, kind="numeric", numbers=form)


def _spaced(name: str) -> str:
    return _SPLIT_CAMEL.sub(" ", name)


def _levels(values: NDArray[np.float64]) -> NDArray[np.float64]:
    """The distinct values; of many, those of the first rows, which are enough to tell few from
    many."""
    first = np.unique(values[:SAMPLE])
    return first if len(first) > MAX_CODES else np.unique(values)


def _identifies(name: str, there: NDArray[np.float64], lowest: float) -> str:
    """Why whole numbers only name their rows, or ""."""
    if len(there) < 5 or len(np.unique(there[:SAMPLE])) < min(len(there), SAMPLE):
        return ""
    if len(np.unique(there)) < len(there):
        return ""
    if _ID_NAME.search(_spaced(name)):
        return "an identifier by its name: another whole number in every row"
    steps = np.diff(there)
    # The training rows are a sorted sample of the file: a row number rises, with small gaps. It
    # starts at 0 or 1; years and other measures that rise do not.
    if len(there) >= 20 and lowest in (0, 1) and (steps > 0).all() and steps.mean() < 4:
        return "a row number: whole numbers from row to row"
    return ""


def _warn_sentinel(name: str, there: NDArray[np.float64], ledger: Ledger) -> None:
    """Say when a number such as -999 stands far from all others, several times."""
    for sentinel in (-9999.0, -999.0, -99.0, 999.0, 9999.0, 99999.0):
        hits = there == sentinel
        count = int(hits.sum())
        if count < 2 or count > 0.9 * len(there):
            continue
        low, high = np.quantile(there[~hits], [0.0, 1.0])
        spread = high - low
        beyond = sentinel < low - spread if sentinel < 0 else sentinel > high + spread
        if beyond:
            ledger.note(
                "warned",
                name,
                f"{sentinel:g} stands far from all others and may mean missing; it was kept",
                count,
            )


def _words(name: str, cells: pd.Series, train: Index, ledger: Ledger) -> Column:
    column = distinct(cells)
    known = column.without(MARKERS + WEAK_MARKERS)
    if not len(known.select(train).words):
        return Column(name=name, kind="empty", why="no value in any row")
    number = _as_numbers(name, column, known, train, ledger)
    if number is not None:
        return number
    date = _as_dates(name, column, known, train, ledger)
    if date is not None:
        return date
    markers: tuple[str, ...] = MARKERS
    if _are_codes_like_na(known):
        markers = tuple(word for word in MARKERS if word != "na")
    _note_missing(name, column, markers, ledger)
    known = column.without(markers).select(train)
    if len(known.words) == 1 and known.counts.sum() == len(train):
        why = f"the same value in every row: {str(known.words[0])[:40]!r}"
        return Column(name=name, kind="constant", why=why)
    if {word.casefold() for word in known.words} in map(set, _PAIRS):
        return Column(name=name, kind="boolean", missing=markers)
    why = _word_identifies(name, known)
    if why:
        return Column(name=name, kind="identifier", missing=markers, why=why)
    kind: ColumnKind = "text" if _is_text(known) else "categorical"
    return Column(name=name, kind=kind, missing=markers)


def _note_missing(name: str, column: Distinct, markers: tuple[str, ...], ledger: Ledger) -> None:
    known = frozenset(markers)
    for word, count in zip(column.words, column.counts, strict=True):
        if fold_marker(word) in known:
            ledger.note("guessed", name, f"{word!r} means missing", int(count))


def _as_numbers(
    name: str, column: Distinct, known: Distinct, train: Index, ledger: Ledger
) -> Column | None:
    form, share, ambiguous = guess_numbers(known)
    if share < ENOUGH or _leading_zeros(known):
        return None
    values = parse_numbers(known.words, form)
    odd = {
        str(word): int(count)
        for word, count in zip(
            known.words[np.isnan(values)], known.counts[np.isnan(values)], strict=True
        )
    }
    if len(odd) > MAX_ODD_WORDS and sum(odd.values()) > 0.01 * known.counts.sum():
        return None
    _note_missing(name, column, MARKERS + WEAK_MARKERS, ledger)
    if odd:
        shown = ", ".join(repr(word) for word in list(odd)[:3])
        ledger.note("warned", name, f"numbers but for {shown}: read as missing", sum(odd.values()))
    if form != PLAIN:
        ledger.note("guessed", name, f"numbers: {form}")
    if ambiguous:
        ledger.note("warned", name, ambiguous)
    compact = _as_compact_dates(name, known)
    if compact is not None:
        return compact
    rows = known.take(values, np.nan).astype(np.float64)
    typed = _numeric(name, rows, train, ledger, form)
    return Column(**{**vars(typed), "missing": MARKERS + WEAK_MARKERS})


def _leading_zeros(known: Distinct) -> bool:
    """Whether these are codes such as postcodes: one width, some with a leading zero."""
    widths = {len(word) for word in known.words}
    return (
        len(widths) == 1
        and widths.pop() > 1
        and any(word[0] == "0" and word.isdigit() for word in known.words)
        and all(word.isdigit() for word in known.words)
    )


def _as_compact_dates(name: str, known: Distinct) -> Column | None:
    if "date" not in name.casefold() or any(len(word) != 8 for word in known.words[:20]):
        return None
    form, share, _ = guess_dates(known, compact=True)
    return Column(name=name, kind="date", dates=form) if share >= ENOUGH else None


def _as_dates(
    name: str, column: Distinct, known: Distinct, train: Index, ledger: Ledger
) -> Column | None:
    form, share, ambiguous = guess_dates(known)
    if share < ENOUGH:
        return None
    _note_missing(name, column, MARKERS + WEAK_MARKERS, ledger)
    there = known.select(train)
    if len(there.words) == 1 and there.counts.sum() == len(train):
        return Column(
            name=name, kind="constant", why=f"the same date in every row: {there.words[0]!r}"
        )
    ledger.note("guessed", name, f"dates written as {form}")
    if ambiguous:
        ledger.note("warned", name, ambiguous)
    if share < 1:
        count = round((1 - share) * known.counts.sum())
        ledger.note(
            "warned", name, f"cells that are no date in the form {form}: read as missing", count
        )
    return Column(name=name, kind="date", dates=form, missing=MARKERS + WEAK_MARKERS)


def _are_codes_like_na(known: Distinct) -> bool:
    """Whether "NA" is one more two-letter code (Namibia) among at least ten."""
    return len(known.words) >= 10 and all(len(w) == 2 and w.isupper() for w in known.words)


def _word_identifies(name: str, known: Distinct) -> str:
    rows = int(known.counts.sum())
    if len(known.words) < 0.99 * rows or rows < 5:
        return ""
    words = [str(word) for word in known.words[:2000]]
    single = sum(" " not in word for word in words) / len(words)
    digits = sum(any(c.isdigit() for c in word) for word in words) / len(words)
    if all(_TOKEN.fullmatch(word) for word in words):
        return "hashes: another one in every row"
    if single > 0.95 and _ID_NAME.search(_spaced(name)):
        return "an identifier by its name: another word in every row"
    if single > 0.99 and digits > 0.99 and len({re.sub(r"\d+", "0", word) for word in words}) <= 3:
        return f"another code in every row, such as {words[0]!r}"
    return ""


def _is_text(known: Distinct) -> bool:
    rows = int(known.counts.sum())
    lengths = np.array([word.count(" ") + 1 for word in known.words])
    mean = float((lengths * known.counts).sum() / rows)
    unique = len(known.words) / rows
    return (mean >= 3 and unique > 0.5) or (mean >= 8 and len(known.words) > 50)
