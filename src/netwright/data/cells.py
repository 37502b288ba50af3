"""Cells: what the strings of a table mean. Missing markers, numbers in many spellings, dates and
times.

A whole column is read in one way, decided once from its distinct words; single cells are never
guessed.
"""

import json
import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

__all__ = [
    "MARKERS",
    "PLAIN",
    "WEAK_MARKERS",
    "Distinct",
    "NumberFormat",
    "distinct",
    "fold_marker",
    "guess_dates",
    "guess_numbers",
    "parse_dates",
    "parse_numbers",
    "seconds_of",
]

Floats = NDArray[np.float64]

# Written for "no value" (compared without case). The first group means nothing else; the second
# may be a word of its own in a column of words ("None" is a kind of alley access).
MARKERS = (
    "", "na", "n/a", "n.a.", "nan", "null", "?", "<na>", "nat", "\\n",
    "#n/a", "#value!", "#div/0!", "#ref!", "#null!", "#num!", "#name?",
)  # fmt: skip
WEAK_MARKERS = ("none", "nil", "-", ".", "*", "_", "missing")
# A format is decided on at most this many distinct words, then tried on all.
SAMPLE = 2000

_DASHES = str.maketrans("–—−", "---")
_CURRENCY = "$€£¥₹₽₩"
_CODES = ("USD", "EUR", "GBP", "CHF", "JPY", "CNY", "INR", "RM", "Rs", "Rs.", "kr", "zł")
_AFFIXED = re.compile(
    r"[(+\-]?(?P<before>[^\d.,+\-()]*)[+\-]?[\d.,'\s]*\d"
    r"(?P<after>[^\d.,][^\d]*(?:(?<=[A-Za-z])[23])?)?"  # "m2" and "cm3" are units too
)


@dataclass(frozen=True)
class Distinct:
    """A column as its distinct words: words[codes[row]] is the row's cell, codes -1 where there is
    none."""

    words: NDArray[Any]
    codes: NDArray[np.int64]
    counts: NDArray[np.int64]

    def take(self, values: NDArray[Any], empty: Any) -> NDArray[Any]:
        """Return values[codes], with `empty` where there is no cell."""
        return np.append(values, np.array([empty], dtype=values.dtype))[self.codes]

    def without(self, markers: Sequence[str]) -> "Distinct":
        """Return the column with the words in `markers` (compared without case) as no cell."""
        known = frozenset(markers)
        gone = np.array([fold_marker(word) in known for word in self.words], dtype=bool)
        if not gone.any():
            return self
        order = np.cumsum(~gone) - 1
        return Distinct(
            self.words[~gone],
            self.take(np.where(gone, -1, order), -1).astype(np.int64),
            self.counts[~gone],
        )

    def select(self, rows: NDArray[Any]) -> "Distinct":
        """Return some rows (positions or a mask) with only the words that stand in them."""
        codes = self.codes[rows]
        counts = np.bincount(codes[codes >= 0], minlength=len(self.words)).astype(np.int64)
        there = counts > 0
        order = np.append(np.where(there, np.cumsum(there) - 1, -1), -1)
        return Distinct(self.words[there], order[codes].astype(np.int64), counts[there])


def fold_marker(word: str) -> str:
    """Return the word without case; a run of one sign ("*****", "--") as that sign alone."""
    if word[:1].isdigit():  # no marker begins with one, and most words of a table do
        return word
    folded = word.casefold().translate(_DASHES)
    return (
        folded[0]
        if len(folded) > 1 and folded.strip(folded[0]) == "" and folded[0] in "*-._?"
        else folded
    )


def distinct(cells: pd.Series) -> Distinct:
    """Return the distinct words of a column of any type, stripped; 3.0 and "3" are the same
    word."""
    if cells.dtype == object and any(isinstance(v, list | dict | set | np.ndarray) for v in cells):
        cells = cells.map(_spell, na_action="ignore")
    codes, found = pd.factorize(cells, use_na_sentinel=True)
    spelled = np.array([_spell(value) for value in np.asarray(found, dtype=object)], dtype=object)
    merged, words = pd.factorize(spelled)
    codes = np.append(merged, -1)[codes].astype(np.int64)
    counts = np.bincount(codes[codes >= 0], minlength=len(words)).astype(np.int64)
    return Distinct(np.asarray(words, dtype=object), codes, counts)


def _spell(value: Any) -> str:
    if isinstance(value, str):
        return value.strip()
    if isinstance(value, bool | np.bool_):
        return "true" if value else "false"
    if isinstance(value, float | np.floating):
        return str(int(value)) if float(value).is_integer() else repr(float(value))
    if isinstance(value, list | dict | tuple):
        return json.dumps(value, ensure_ascii=False, default=str)
    return str(value)


# -- numbers --------------------------------------------------------------------------------------


@dataclass(frozen=True)
class NumberFormat:
    """How a column writes its numbers. thousands: the signs that may stand between them. unit: what
    stands around each (a currency, "%", "kg") and is taken off."""

    decimal: str = "."
    thousands: str = ""
    unit: str = ""

    def __str__(self) -> str:
        parts = []
        if self.decimal == ",":
            parts.append("decimal comma")
        if self.thousands:
            signs = " and ".join(repr(sign) for sign in self.thousands)
            parts.append(f"{signs} between thousands")
        if self.unit:
            parts.append(f"{self.unit!r} taken off")
        return ", ".join(parts) or "plain numbers"


PLAIN = NumberFormat()


def parse_numbers(words: NDArray[Any], form: NumberFormat = PLAIN) -> Floats:
    """Read words as numbers; NaN where a word is none (infinities too: no net can use them)."""
    if form == PLAIN:
        values = pd.to_numeric(pd.Series(words, dtype=object), errors="coerce").to_numpy(np.float64)
        return np.where(np.isfinite(values), values, np.nan)
    pattern = _pattern(form)
    return np.array([_number(word, form, pattern) for word in words], dtype=np.float64)


def _pattern(form: NumberFormat) -> re.Pattern[str]:
    decimal = re.escape(form.decimal)
    whole = r"\d+"
    if form.thousands:
        between = _between(form)
        whole = rf"(?:\d{{1,3}}(?:{between}\d{{3}})+|\d+)"
    return re.compile(rf"[+-]?(?:{whole}(?:{decimal}\d*)?|{decimal}\d+)(?:[eE][+-]?\d+)?")


def _between(form: NumberFormat) -> str:
    return "[" + re.escape(form.thousands).replace("\\ ", r"\s'’") + "]"


def _number(word: str, form: NumberFormat, pattern: re.Pattern[str]) -> float:
    text = word.replace("−", "-")
    negative = text.startswith("(") and text.endswith(")")
    if negative:
        text = text[1:-1].strip()
    if text[1:2] == " ":  # "- 5"
        text = text[0] + text[1:].lstrip()
    if form.unit:
        # "-$5" and "$-5" are both written.
        sign = "-" if text.startswith("-") else ""
        text = (
            sign
            + text.removeprefix("-").strip().removeprefix(form.unit).removesuffix(form.unit).strip()
        )
    if not pattern.fullmatch(text):
        return np.nan
    if form.thousands:
        text = re.sub(_between(form), "", text)
    value = float(text.replace(form.decimal, "."))
    return -value if negative else value


def guess_numbers(column: Distinct) -> tuple[NumberFormat, float, str]:
    """Return (format, share of cells it reads, what was ambiguous or "").

    A comma followed by exactly three digits everywhere is a thousands separator; anything else
    after it makes it a decimal comma.
    """
    words, counts = column.words, column.counts
    if not len(words):
        return PLAIN, 0.0, ""
    total = counts.sum()
    plain = np.isfinite(parse_numbers(words))
    share = float(counts[plain].sum() / total)
    if plain.all():
        return PLAIN, 1.0, ""
    odd = words[~plain][:SAMPLE]
    unit = _unit(odd)
    best, ambiguous = PLAIN, ""
    marks = ["", ",", " ", ", "] if any("," in word for word in odd) else ["", " "]
    forms = [NumberFormat(".", mark, unit) for mark in marks]
    if any(_has_decimal_comma(word) for word in odd):
        forms += [NumberFormat(",", mark, unit) for mark in ("", ".", " ")]
    for form in forms:
        if form == PLAIN:
            continue
        good = np.isfinite(parse_numbers(words, form))
        now = float(counts[good].sum() / total)
        if now > share:
            best, share = form, now
    if "," in best.thousands and _comma_may_be_decimal(words):
        ambiguous = "each comma is followed by three digits: read as thousands"
    return best, share, ambiguous


def _has_decimal_comma(word: str) -> bool:
    """Whether a comma in the word cannot stand between thousands."""
    digits = re.sub(r"[^\d,]", "", word)
    return "," in digits and not re.fullmatch(r"[1-9]\d{0,2}(,\d{3})+", digits)


def _comma_may_be_decimal(words: NDArray[Any]) -> bool:
    commas = [word for word in words[:SAMPLE] if "," in word]
    return bool(commas) and all(word.count(",") == 1 and "." not in word for word in commas)


def _unit(words: NDArray[Any]) -> str:
    """The one currency, percent sign or unit around most of the words, or ""."""
    found: Counter[str] = Counter()
    for word in words:
        match = _AFFIXED.fullmatch(word)
        if match is None:
            continue
        before, after = match["before"].strip(), (match["after"] or "").removesuffix(")").strip()
        if before and (before in _CODES or (len(before) <= 3 and before[-1] in _CURRENCY)):
            found[before] += 1
        elif after and not before and len(after) <= 12:
            found[after] += 1
    if not found:
        return ""
    unit, times = found.most_common(1)[0]
    return unit if times >= 0.9 * len(words) else ""


# -- dates ----------------------------------------------------------------------------------------

_DATE = re.compile(
    r"(?:(?P<year>\d{4})(?P<iso>[-/.])\d{1,2}(?:(?P=iso)(?P<isoday>\d{1,2}))?"
    r"|\d{1,2}(?P<sep>[-/.])\d{1,2}(?P=sep)(?P<last>\d{4}|\d{2})"
    r"|\d{1,2}(?P<gap>[- ])(?P<month>[A-Za-z]{3,9})(?P=gap)(?P<last2>\d{4}|\d{2})"
    r"|(?P<month3>[A-Za-z]{3,9}) \d{1,2}(?P<comma>,?) \d{4}"
    r"|(?P<compact>\d{8}))?"
    r"(?:(?P<join>[ T]?)\d{1,2}:\d{2}(?P<second>:\d{2})?(?P<fraction>\.\d+)?(?P<noon> ?[AaPp][Mm])?"
    r"(?P<zone>Z|[+-]\d{2}:?\d{2})?)?"
)


def parse_dates(words: NDArray[Any], form: str) -> Floats:
    """Read words as seconds since 1970 (UTC where no zone is written); NaN where a word is no
    date."""
    series = pd.Series(words, dtype=object)
    zoned = form == "ISO8601" or "%z" in form
    stamps = pd.to_datetime(series, format=form, errors="coerce", utc=zoned)
    if zoned:
        stamps = stamps.dt.tz_localize(None)
    return seconds_of(stamps)


def seconds_of(stamps: pd.Series) -> Floats:
    """Turn a datetime column into seconds since 1970, NaN where missing."""
    values = stamps.to_numpy("datetime64[us]")
    seconds = values.astype(np.int64) / 1e6
    return np.where(np.isnat(values), np.nan, seconds)


def guess_dates(column: Distinct, *, compact: bool = False) -> tuple[str, float, str]:
    """Return (format, share of cells it reads, what was ambiguous or ""); format "" if these are no
    dates.

    Day and month are told apart by the whole column: 13 cannot be a month. If both readings fit,
    the one that runs on in row order, else d.m. with dots and dashes and m/d/ with slashes.
    compact: also 20130405.
    """
    words, counts = column.words, column.counts
    first = next((_DATE.fullmatch(word) for word in words[:20] if _DATE.fullmatch(word)), None)
    if first is None or not first.group():
        return "", 0.0, ""
    if first["compact"] and not compact:
        return "", 0.0, ""
    total = counts.sum()
    read: dict[str, tuple[float, Floats]] = {}
    for form in _formats(first):
        trial = parse_dates(words[:SAMPLE], form)
        if np.isfinite(trial).mean() < 0.9:
            continue
        values = trial if len(words) <= SAMPLE else parse_dates(words, form)
        read[form] = (float(counts[np.isfinite(values)].sum() / total), values)
    if not read:
        return "", 0.0, ""
    best = max(read, key=lambda form: read[form][0])
    equals = [form for form in read if read[form][0] == read[best][0]]
    if len(equals) < 2:
        return best, read[best][0], ""
    running = [form for form in equals if _runs_on(column, read[form][1])]
    if len(running) == 1:
        return running[0], read[best][0], ""
    best = equals[0]
    told = "day before month" if best.startswith("%d") else "month before day"
    return best, read[best][0], f"day and month cannot be told apart: read as {told}"


def _runs_on(column: Distinct, values: Floats) -> bool:
    rows = column.take(values, np.nan)
    rows = rows[np.isfinite(rows)]
    steps = np.diff(rows)
    return bool((steps >= 0).all() or (steps <= 0).all())


def _formats(match: re.Match[str]) -> list[str]:
    """The strptime formats that the shape of one word allows, the likelier first."""
    time = ""
    if match["join"] is not None:
        hours = "%I:%M" if match["noon"] else "%H:%M"
        time = match["join"] + hours + (":%S" if match["second"] else "")
        time += ".%f" if match["fraction"] else ""
        if match["noon"]:
            time += " %p" if match["noon"].startswith(" ") else "%p"
        time += "%z" if match["zone"] else ""
    if match["year"]:
        if match["iso"] == "-" and not match["noon"]:
            return ["ISO8601"] if match["isoday"] else ["%Y-%m"]
        day = f"{match['iso']}%d" if match["isoday"] else ""
        return [f"%Y{match['iso']}%m{day}{time}"]
    if match["sep"]:
        year = "%Y" if len(match["last"]) == 4 else "%y"
        sep = match["sep"]
        european, american = f"%d{sep}%m{sep}{year}{time}", f"%m{sep}%d{sep}{year}{time}"
        return [american, european] if sep == "/" else [european, american]
    if match["month"]:
        year = "%Y" if len(match["last2"]) == 4 else "%y"
        gap = match["gap"]
        return [f"%d{gap}{name}{gap}{year}{time}" for name in ("%b", "%B")]
    if match["month3"]:
        return [f"{name} %d{match['comma']} %Y{time}" for name in ("%b", "%B")]
    if match["compact"]:
        return [f"%Y%m%d{time}"]
    return [time] if time else []
