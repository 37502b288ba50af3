"""Where a table begins in a sheet of cells: titles above it, its header rows, its first row of
data.

A header row differs in kind from the column below it: words over numbers or dates. Columns are
typed by the body of the sample; a row is a header row where at least half of its cells in typed
columns do not fit. Rows between two header rows belong to the header, rows above its block are
titles. Where no column is typed (words only), the first row is the header unless one of its cells
comes again in its own column.
"""

import itertools
import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from netwright.data.dialect import NUMBER

__all__ = ["Header", "classify", "find_header", "typed_columns", "unique_names"]

TOP_ROWS = 30  # titles and header are looked for in the first rows only
BODY_FROM = 12
BODY_ROWS = 200  # enough to type a column
BODY_CELLS = 100_000  # fewer rows of very wide tables, but at least 20

Row = Sequence[str]

_MISSING = re.compile(
    r"\s*(?:|[*?.\-–—#/]+|n[/.]?a\.?|nan|null|none|nil|missing|unknown|undefined|not available)\s*",
    re.I,
)
_NUMBER = re.compile(rf"\s*(?:{NUMBER}|[-+]?inf)\s*", re.I)
_DAY = r"(?:\d{4}[-/.]\d{1,2}(?:[-/.]\d{1,2})?|\d{1,2}[-/.]\d{1,2}[-/.](?:\d{4}|\d{2}))"
_TIME = r"\d{1,2}:\d{2}(?::\d{2}(?:\.\d+)?)?(?:Z|[+-]\d\d:?\d\d)?"
_DATE = re.compile(rf"\s*(?:{_DAY}(?:[ T]{_TIME})?|{_TIME})\s*")


@dataclass(frozen=True)
class Header:
    """`rows`: which sample rows are the header (none: the file has no header). `first`: the first
    row of data.

    `titles`: rows above that are neither. `names`: unique column names. `unnamed`: which columns
    had no name of their own. `renamed`: how many names were made unique. `row_names`: the first
    column has row names, as R writes them.
    """

    rows: tuple[int, ...]
    first: int
    titles: tuple[int, ...]
    names: tuple[str, ...]
    unnamed: tuple[int, ...]
    renamed: int = 0
    row_names: bool = False
    why: str = ""


def classify(cell: str) -> str:
    """Return "E" for an empty or missing cell, "N" for a number, "D" for a date or time, "T" for
    text.
    """
    if _MISSING.fullmatch(cell):
        return "E"
    # A year-month such as 1949-01 is a date, while 1.5 is a number.
    if _NUMBER.fullmatch(cell):
        return "N"
    return "D" if _DATE.fullmatch(cell) else "T"


def find_header(rows: Sequence[Row], *, expect: Sequence[str] = ()) -> Header:
    """Find the header in the first rows of a sheet. `expect`: names that the header has if it has
    one at all.
    """
    width = _width(rows)
    known = set(expect)
    for at, row in enumerate(rows[:TOP_ROWS]):
        if known and len(known & {cell.strip() for cell in row}) * 2 > len(known):
            return _described(rows, (at,), width, "its first row holds the known names")
    block, why = _header_rows(rows, width)
    return _described(rows, block, width, why)


def unique_names(cells: Sequence[str]) -> tuple[tuple[str, ...], tuple[int, ...], int]:
    """Return names without blanks around them, unique; which had none (column_1, ...); how many
    were made unique.
    """
    names: list[str] = []
    unnamed = []
    wanted = [" ".join(cell.split()) for cell in cells]
    taken = {name for name in wanted if name}
    given: set[str] = set()
    renamed = 0
    for at, name in enumerate(wanted):
        if not name:
            unnamed.append(at)
            name = _free(f"column_{at + 1}", taken)
        elif name in given:
            name = _free(name, taken, start=2)
            renamed += 1
        taken.add(name)
        given.add(name)
        names.append(name)
    return tuple(names), tuple(unnamed), renamed


def _free(name: str, taken: set[str], start: int = 1) -> str:
    if start == 1 and name not in taken:
        return name
    number = 2
    while f"{name}_{number}" in taken:
        number += 1
    return f"{name}_{number}"


def _width(rows: Sequence[Row]) -> int:
    """Return the commonest number of cells among rows that hold something (the wider on a tie)."""
    counts = Counter(len(row) for row in rows if any(cell.strip() for cell in row))
    return max(counts, key=lambda width: (counts[width], width), default=0)


def _header_rows(rows: Sequence[Row], width: int) -> tuple[tuple[int, ...], str]:
    # Titles push the body down, so its upper part is not asked. Rows of one cell in a wider table
    # are remarks.
    start = max(1, min(BODY_FROM, len(rows) // 2))
    body = [row for row in rows[start : start + 2 * BODY_ROWS] if len(row) > 1 or width == 1]
    typed = typed_columns(body, width)
    if not typed:
        return _header_of_words(rows, width)
    last = _last_header_row(rows, width, typed)
    if last is None and _names_all_but_index(rows, width, typed):
        return (0,), "it names every column but the first, which counts rows"
    if last is None:
        return (), "its first row looks like the rows below it"
    block = [last]
    while block[0] > 0:
        above = rows[block[0] - 1]
        # A title has one cell, or the line has fewer cells than the header.
        if sum(bool(cell.strip()) for cell in above) <= 1 or len(above) < len(rows[last]):
            break
        block.insert(0, block[0] - 1)
    return tuple(block), "its words stand over columns of numbers or dates"


def _last_header_row(rows: Sequence[Row], width: int, typed: dict[int, str]) -> int | None:
    """Return the lowest row of the top that differs from the columns below it."""
    last: int | None = None
    for at in range(min(TOP_ROWS, len(rows) - 1)):
        misfits, filled = _misfits(rows[at], typed)
        strong = filled > 0 and 2 * misfits >= filled and not _is_title(rows[at], width)
        if last is None:
            strong = strong or _is_sequence(rows, at, typed)
        elif strong:
            # A second header row must leave no doubt: a first row of data may hold odd cells.
            sure = misfits >= 2 and misfits >= 0.9 * filled
            sure = sure or (misfits == filled and _completes(rows[at], rows[last]))
            strong = sure and not _comes_again(rows, at, typed)
        between = rows[0 if last is None else last + 1 : at]
        if strong and all(_is_no_data(row, typed) for row in between):
            last = at
        elif filled and not misfits:
            # Data. A row of labels with a number in every cell but one, above a row of words, has
            # at least that one misfit.
            break
    return last


def _is_no_data(row: Row, typed: dict[int, str]) -> bool:
    misfits, filled = _misfits(row, typed)
    return misfits > 0 or not filled


def _comes_again(rows: Sequence[Row], at: int, typed: dict[int, str]) -> bool:
    """Tell whether a cell of this row stands in the same typed column further down."""
    cells = [c for c in typed if c < len(rows[at]) and classify(rows[at][c]) != "E"]
    return any(rows[at][c] == row[c] for row in rows[at + 1 :] for c in cells if c < len(row))


def typed_columns(body: Sequence[Row], width: int) -> dict[int, str]:
    """Return column -> "N" or "D" where at least four of five filled cells of the body are of that
    kind.
    """
    typed = {}
    body = body[: max(20, min(BODY_ROWS, BODY_CELLS // max(1, width)))]
    for column in range(width):
        seen = Counter(classify(row[column]) for row in body if len(row) > column)
        filled = sum(seen.values()) - seen["E"]
        for kind in ("N", "D"):
            if seen[kind] and seen[kind] >= 0.8 * filled:
                typed[column] = kind
    return typed


def _misfits(row: Row, typed: dict[int, str]) -> tuple[int, int]:
    """Return (cells that do not fit their typed column, filled cells in typed columns)."""
    kinds = [(classify(row[c]), kind) for c, kind in typed.items() if c < len(row)]
    filled = [(have, kind) for have, kind in kinds if have != "E"]
    return sum(have != kind for have, kind in filled), len(filled)


def _is_title(row: Row, width: int) -> bool:
    """Tell whether a row is one cell over a wider table."""
    return width > 1 and (len(row) < 2 or (width > 2 and sum(bool(c.strip()) for c in row) < 2))


def _completes(row: Row, above: Row) -> bool:
    """Tell whether a row has cells only where the header row above it has none."""
    return not any(a.strip() and b.strip() for a, b in zip(row, above, strict=False))


def _names_all_but_index(rows: Sequence[Row], width: int, typed: dict[int, str]) -> bool:
    """Tell whether the first row lacks only the name of a numbered first column, as pandas saves
    its index.
    """
    first = [cell.strip() for cell in rows[0]]
    if typed != {0: "N"} or len(first) != width or first[0] or not all(first[1:]):
        return False
    return not any(row[1:] == rows[0][1:] for row in rows[1:]) and all(
        first[c] not in {row[c].strip() for row in rows[1:] if len(row) > c}
        for c in range(1, width)
    )


def _is_sequence(rows: Sequence[Row], at: int, typed: dict[int, str]) -> bool:
    """Tell whether a row counts on (1999, 2000, ... or 0, 1, 2, ...) over columns that do not:
    names, not data.
    """
    numbers = _whole_numbers(rows[at], typed)
    if len(numbers) < 3:
        return False
    below = _whole_numbers(rows[at + 1], typed) if at + 1 < len(rows) else []
    if _are_years(numbers) and min(_steps(numbers)) > 0:
        return not _are_years(below)
    counts = len(numbers) >= 5 and numbers[0] in (0, 1) and _steps(numbers) == {1}
    return counts and not (len(below) == len(numbers) and _steps(below) == {1})


def _are_years(numbers: list[int]) -> bool:
    return bool(numbers) and all(1500 <= number <= 2200 for number in numbers)


def _whole_numbers(row: Row, typed: dict[int, str]) -> list[int]:
    """Return the cells in typed columns, or nothing where one of them is no whole number."""
    cells = [row[c].strip() for c in typed if c < len(row) and row[c].strip()]
    whole = all(cell.isascii() and cell.isdigit() for cell in cells)
    return [int(cell) for cell in cells] if whole else []


def _steps(numbers: list[int]) -> set[int]:
    return {b - a for a, b in itertools.pairwise(numbers)}


def _header_of_words(rows: Sequence[Row], width: int) -> tuple[tuple[int, ...], str]:
    """Decide for a table without a typed column: the first full row is the header unless its cells
    come again.
    """
    first = next(
        (at for at, row in enumerate(rows) if len(row) >= width and any(c.strip() for c in row)),
        None,
    )
    if first is None:
        return (), "it is empty"
    names = [cell.strip() for cell in rows[first]]
    body = [row for row in rows[first + 1 :] if any(cell.strip() for cell in row)]
    filled = [name for name in names if name]
    if not body:
        numbers = sum(classify(name) in ("N", "D") for name in filled)
        if width > 1 and 2 * numbers >= len(filled):
            return (), "its only row holds numbers"
        return (first,), "it stands alone"
    for column, name in enumerate(names):
        if name and any(len(row) > column and row[column].strip() == name for row in body):
            return (), f"{name!r} of its first row comes again in the same column"
    if len(set(filled)) < len(filled):
        return (), "its first row repeats itself"
    if not filled or max(map(len, filled)) > 60:
        return (), "its first row is too long for names"
    return (first,), "its words come in no row below it"


def _described(rows: Sequence[Row], block: tuple[int, ...], width: int, why: str) -> Header:
    first = block[-1] + 1 if block else _first_full(rows, width)
    body_width = _width(rows[first:]) or width
    top = [list(rows[at]) for at in block]
    row_names = False
    if top:
        # A comment mark before the header belongs to the file, not to the first name.
        top[0][0] = re.sub(r"^#+\s*", "", top[0][0]) if top[0] else ""
        length = max(map(len, top))
        joined = [_join([row[c] if c < len(row) else "" for row in top]) for c in range(length)]
        filled = [row for row in rows[first:] if any(cell.strip() for cell in row)]
        if all(len(row) == body_width for row in filled) and body_width > length:
            if not any(cell.strip() for row in filled for cell in row[length:]):
                joined += [""] * (body_width - length)  # every line of data ends with separators
            elif body_width == length + 1 and len({row[0] for row in filled}) == len(filled):
                # R writes row names without a name above them: all names stand one too far left.
                joined, row_names = ["", *joined], True
        if first < len(rows) and _is_drawn(rows[first]):
            first += 1
    else:
        joined = [""] * body_width
    names, unnamed, renamed = unique_names(joined)
    unnamed = unnamed if top else ()
    titles = tuple(
        at for at in range(first) if at not in block and any(cell.strip() for cell in rows[at])
    )
    return Header(block, first, titles, names, unnamed, renamed, row_names, why)


def _is_drawn(row: Row) -> bool:
    """Tell whether a row is the line of dashes that Markdown draws below the names."""
    cells = [cell.strip() for cell in row if cell.strip()]
    return bool(cells) and all(re.fullmatch(r":?-{2,}:?", cell) for cell in cells)


def _join(parts: Sequence[str]) -> str:
    said = [part.strip() for part in parts if part.strip()]
    return "_".join([part for part in said if classify(part) != "E"] or said[:1])


def _first_full(rows: Sequence[Row], width: int) -> int:
    return next((at for at, row in enumerate(rows) if len(row) >= width), 0)
