"""The dialect of a delimited text file: its separator and its quoting.

Every separator is tried on a sample with every quoting that the sample gives reason for, and the
reading in which the most rows have the same number of cells and the most cells look like values
wins. The measure follows van den Burg, Nazábal and Sutton, "Wrangling messy CSV files by detecting
row and type patterns" (2019), with squared shares of row patterns, so that a single ragged row
weighs little.
"""

import csv
import io
import re
import sys
from collections import Counter
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace

__all__ = ["Dialect", "long_cells", "parse_lines", "score_dialect", "sniff_dialect"]

SEPARATORS = (",", "\t", ";", "|")
WHITESPACE = " "  # stands for "any run of blanks"
MAX_SCORED = 20_000  # cells that are looked at

NUMBER = r"[-+(]?\s*[$€£¥]?\s*(?:\d[\d.,' \u00a0]*|[.,]\d+)(?:[eE][-+]?\d+)?\s*[%€$)]?"
_VALUE = re.compile(
    rf"\s*(?:|{NUMBER}|[-+]?(?:nan|inf)|\d{{1,4}}[-/.]\d{{1,2}}[-/.]\d{{1,4}}(?:[ "
    rf"T][\d:.]+\S*)?|[^\",;\t|]*)\s*",
    re.I,
)
_NUMBER = re.compile(rf"\s*(?:{NUMBER}|[-+]?(?:nan|inf))\s*", re.I)
_BLANK_SPLIT = re.compile(r'"([^"]*)"|(\S+)')


@dataclass(frozen=True)
class Dialect:
    """How cells are written. separator " " means any run of blanks; quote None means that quotes
    are ordinary characters.

    skip_spaces: blanks after a separator do not belong to the cell. escape: the character that
    makes a quote ordinary. wrapped: each line as a whole is one quoted cell and has to be unwrapped
    first.
    """

    separator: str = ","
    quote: str | None = '"'
    skip_spaces: bool = False
    escape: str | None = None
    wrapped: bool = False

    @property
    def name(self) -> str:
        """The separator in words."""
        return {"\t": "tab", " ": "blanks", ",": "comma", ";": "semicolon", "|": "bar"}.get(
            self.separator, repr(self.separator)
        )


def parse_lines(
    lines: Iterable[str], dialect: Dialect, *, strict: bool = False
) -> Iterator[tuple[int, list[str]]]:
    """Yield (number of physical lines read so far, cells) for each record. `strict` raises
    csv.Error on odd quotes.
    """
    if dialect.wrapped:
        lines = _unwrapped(lines)
    if dialect.separator == WHITESPACE:
        for number, line in enumerate(lines, 1):
            yield (
                number,
                [quoted or plain for quoted, plain in _BLANK_SPLIT.findall(line)],
            )
        return
    reader = csv.reader(
        lines,
        delimiter=dialect.separator,
        quotechar=dialect.quote,
        quoting=csv.QUOTE_NONE if dialect.quote is None else csv.QUOTE_MINIMAL,
        skipinitialspace=dialect.skip_spaces,
        escapechar=dialect.escape,
        doublequote=dialect.escape is None,
        strict=strict,
    )
    for cells in reader:
        yield reader.line_num, cells


def sniff_dialect(sample: str, *, complete: bool = True, hint: str = "") -> Dialect:
    """Return the dialect in which `sample` reads best; `complete` says that it is the whole file.

    A separator of None wins when nothing reads better than one column: then the answer has `hint`
    (or a comma).
    """
    with long_cells():
        return _sniff(sample, complete, hint)


def _sniff(sample: str, complete: bool, hint: str) -> Dialect:
    best, score = _best(sample, complete)
    if score > 0:
        return best
    lines = [line for line in sample.splitlines() if line.strip()]
    if lines and sum(len(x) > 2 and x[0] == x[-1] == '"' for x in lines) >= 0.9 * len(lines):
        inner, score = _best("\n".join(_unwrapped(lines)), complete)
        if score > 0:
            return replace(inner, wrapped=True)
    return Dialect(hint or ",", '"' if '"' in sample else None)


def score_dialect(sample: str, dialect: Dialect, *, complete: bool = True) -> float:
    """Return 0 (no table) to 1: how consistent the rows and how value-like the cells are."""
    try:
        rows = [cells for _, cells in parse_lines(io.StringIO(sample, newline=""), dialect)]
    except csv.Error:
        return 0.0
    if not complete and len(rows) > 1:
        rows.pop()
    rows = [cells for cells in rows if any(cell.strip() for cell in cells)]
    if not rows:
        return 0.0
    widths = Counter(map(len, rows))
    pattern = sum((n / len(rows)) ** 2 * (width - 1) / width for width, n in widths.items())
    if not pattern:
        return 0.0
    cells = [cell for row in rows if len(row) > 1 for cell in row][:MAX_SCORED]
    values = sum(_VALUE.fullmatch(cell) is not None for cell in cells) / max(1, len(cells))
    return pattern * (0.2 + 0.8 * values)


def _best(sample: str, complete: bool) -> tuple[Dialect, float]:
    best, best_score = Dialect(), 0.0
    for separator in SEPARATORS:
        if separator not in sample:
            continue
        for dialect in _quotings(sample, separator, complete):
            score = score_dialect(sample, dialect, complete=complete)
            if score > best_score * 1.0001:
                best, best_score = dialect, score
    blanks = Dialect(WHITESPACE, '"' if '"' in sample else None)
    score = _score_blanks(sample, blanks, complete)
    return (blanks, score) if score > best_score * 1.05 else (best, best_score)


def _quotings(sample: str, separator: str, complete: bool) -> list[Dialect]:
    """List the quotings that the sample gives reason to try with this separator."""
    mark = re.escape(separator)
    plain = Dialect(separator, None)
    if '"' not in sample:
        single = len(re.findall(rf"(?:^|{mark})'[^'\n]*'(?=$|[\r\n]|{mark})", sample, re.M))
        # Apostrophes quote only where most of them stand in pairs at the borders of cells.
        if single and 2 * single >= 0.9 * sample.count("'"):
            return [Dialect(separator, "'"), plain]
        return [plain]
    quoted = Dialect(separator, '"')
    tried = [quoted]
    if re.search(rf'{mark} +"', sample) and _starts_late(sample, quoted):
        tried = [replace(quoted, skip_spaces=True), quoted]
    if _is_strict(sample, tried[0], complete):
        return tried[:1]
    if '\\"' in sample:
        tried.insert(0, replace(tried[0], escape="\\"))
    # Where quotes do protect separators, one that stands astray is a fault of its line.
    protects = len(
        re.findall(rf'(?:^|{mark}) *"[^"\r\n]*{mark}[^"\r\n]*" *(?=$|[\r\n]|{mark})', sample, re.M)
    )
    return tried if protects >= max(3, sample.count('"') / 40) else [*tried, plain]


def _starts_late(sample: str, dialect: Dialect) -> bool:
    """Tell whether quotes open cells after blanks, as in `1, "a, b"`."""
    try:
        rows = parse_lines(io.StringIO(sample, newline=""), dialect)
        return any(cell[:1] == " " and cell.lstrip()[:1] == '"' for _, row in rows for cell in row)
    except csv.Error:
        return False


def _is_strict(sample: str, dialect: Dialect, complete: bool) -> bool:
    """Tell whether all quotes stand where this quoting allows them. A sample may end inside a
    quoted cell.
    """
    try:
        for _ in parse_lines(io.StringIO(sample, newline=""), dialect, strict=True):
            pass
    except csv.Error as error:
        return not complete and "unexpected end of data" in str(error)
    return True


def _score_blanks(sample: str, dialect: Dialect, complete: bool) -> float:
    """Score blanks as the separator: only for numbers in columns, since words in sentences have
    blanks too.
    """
    rows = [cells for _, cells in parse_lines(sample.splitlines(), dialect) if cells]
    if not complete and len(rows) > 1:
        rows.pop()
    if len(rows) < 2:
        return 0.0
    width, count = Counter(map(len, rows)).most_common(1)[0]
    cells = [cell for row in rows for cell in row][:MAX_SCORED]
    numeric = sum(_NUMBER.fullmatch(cell) is not None for cell in cells)
    if width < 2 or count < 0.9 * len(rows) or numeric < 0.5 * len(cells):
        return 0.0
    return (count / len(rows)) ** 2 * (width - 1) / width


def _unwrapped(lines: Iterable[str]) -> Iterator[str]:
    """Take off the quotes around each line, and undouble those inside."""
    for line in lines:
        text = line.rstrip("\r\n")
        if len(text) > 1 and text[0] == text[-1] == '"':
            text = text[1:-1].replace('""', '"')
        yield text


@contextmanager
def long_cells() -> Iterator[None]:
    """Let the csv module read cells longer than 128 kB (texts), and set its limit back."""
    before = csv.field_size_limit(min(sys.maxsize, 2**31 - 1))
    try:
        yield
    finally:
        csv.field_size_limit(before)
