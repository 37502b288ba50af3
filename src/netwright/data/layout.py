"""The layout of a delimited text file, found out from a sample: encoding, dialect, header, where
the data begins.
"""

import io
import itertools
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import IO

from netwright.data.charset import Charset, open_text, sniff_charset
from netwright.data.dialect import Dialect, long_cells, parse_lines, sniff_dialect
from netwright.data.header import Header, find_header, typed_columns
from netwright.data.ledger import Action, Ledger
from netwright.errors import DataError

__all__ = ["Layout", "find_layout", "no_rows", "note_layout"]

SAMPLE_CHARACTERS = 1 << 18
MOST_CHARACTERS = 1 << 26
SAMPLE_ROWS = 1_000
ENOUGH_ROWS = 20
SUFFIX_HINTS = {".tsv": "\t", ".tab": "\t", ".psv": "|", ".ssv": ";"}


@dataclass(frozen=True)
class Layout:
    """How a delimited file is laid out.

    skip_lines: physical lines before the first row of data. rows_seen: filled rows in the sample.
    agreement: the share of them that have a cell for each column. widest: the most cells in one of
    them. typed: column -> "N" (numbers) or "D" (dates). cr_only: old Mac line ends.
    """

    charset: Charset
    dialect: Dialect
    header: Header
    skip_lines: int
    rows_seen: int
    agreement: float
    widest: int
    row_characters: float
    typed: dict[int, str]
    cr_only: bool

    @property
    def is_regular(self) -> bool:
        """Whether Arrow's parser reads this dialect as it is meant."""
        dialect = self.dialect
        odd = dialect.wrapped or dialect.skip_spaces or dialect.escape or dialect.separator == " "
        return not odd and self.charset.errors == "strict"


def find_layout(path: Path, *, expect: Sequence[str] = ()) -> Layout:
    """Find out encoding, dialect and header of a text file. The answer is kept while the file is
    unchanged.
    """
    state = path.stat()
    return _find_layout(path.resolve(), state.st_size, state.st_mtime_ns, tuple(expect))


@lru_cache(maxsize=64)
def _find_layout(path: Path, size: int, changed: int, expect: tuple[str, ...]) -> Layout:
    charset = sniff_charset(path)
    hint = SUFFIX_HINTS.get(path.suffix.lower(), "")
    characters = SAMPLE_CHARACTERS
    while True:
        with open_text(path, charset) as file:
            head = file.read(characters)
            complete = len(head) < characters
            sample = head if complete else _with_quotes(head, file)
        dialect = sniff_dialect(sample, complete=complete, hint=hint)
        with long_cells():
            records = parse_lines(io.StringIO(head, newline=""), dialect)
            numbered = list(itertools.islice(records, SAMPLE_ROWS + 1))
        if not complete and len(numbered) <= SAMPLE_ROWS:
            numbered.pop()  # the sample ends within this record
        if complete or len(numbered) >= ENOUGH_ROWS or characters >= MOST_CHARACTERS:
            break
        characters *= 16  # texts of many pages: a few rows fill the sample
    rows = [cells for _, cells in numbered]
    header = find_header(rows, expect=expect)
    skipped = numbered[header.first - 1][0] if header.first else 0
    filled = [row for row in rows[header.first :] if any(cell.strip() for cell in row)]
    agreeing = sum(len(row) == len(header.names) for row in filled)
    return Layout(
        charset,
        dialect,
        header,
        skipped,
        len(filled),
        agreeing / max(1, len(filled)),
        max(map(len, filled), default=0),
        len(head) / max(1, len(rows)),
        typed_columns(rows[header.first :], len(header.names)),
        "\r" in head and "\n" not in head,
    )


def _with_quotes(head: str, file: IO[str]) -> str:
    """Return the sample; with the lines around the first quote of the file when the sample has
    none.
    """
    if '"' in head:
        return head
    head = head[: max(head.rfind("\n"), head.rfind("\r")) + 1]
    before = ""
    while piece := file.read(SAMPLE_CHARACTERS):
        if '"' in piece:
            found = before[-SAMPLE_CHARACTERS:] + piece + file.read(SAMPLE_CHARACTERS)
            lines = found.splitlines(keepends=True)
            return head + "".join(lines[1:-1])
        before = piece
    return head


def no_rows(path: Path, layout: Layout) -> DataError:
    names = layout.header.names
    if layout.header.rows and any(names):
        shown = ", ".join(repr(name) for name in names[:5]) + (", ..." if len(names) > 5 else "")
        what = f"holds one line ({shown}) and no rows below it"
    else:
        what = "holds no rows"
    return DataError(
        f"{path} {what}. Expected a header and at least one row of data; export or download it "
        "again."
    )


def note_layout(path: Path, layout: Layout, ledger: Ledger) -> None:
    """Write down what was found out about the file."""
    name, charset, dialect, header = path.name, layout.charset, layout.dialect, layout.header

    def note(action: Action, what: str, count: int | None = None) -> None:
        ledger.note(action, name, what, count)

    if not charset.plain:
        note(
            "warned" if charset.errors == "replace" else "guessed",
            f"text encoding {charset.name}: {charset.why}",
        )
    elif charset.name == "utf-8-sig":
        note("read", "UTF-8 byte-order mark taken off")
    if layout.cr_only:
        note("read", "lines end with a carriage return alone (old Mac style)")
    quoting = {None: "no quoting", '"': "double quotes", "'": "single quotes"}[dialect.quote]
    extra = (", quotes may stand after blanks" if dialect.skip_spaces else "") + (
        ", backslash escapes" if dialect.escape else ""
    )
    if len(header.names) > 1:
        note("guessed", f"separator {dialect.name}, {quoting}{extra}")
    else:
        note("guessed", "one column, no separator reads consistently")
    if dialect.wrapped:
        note("read", "each line is wrapped in quotes as a whole: unwrapped and split again")
    if not header.rows:
        note("guessed", f"no header ({header.why}): names {header.names[0]} to {header.names[-1]}")
    elif len(header.rows) > 1:
        note("guessed", "header of several rows, their names joined with _", len(header.rows))
    else:
        note("guessed", f"header {_nth(header.rows[0])} ({header.why})")
    if header.titles:
        note("dropped", "title rows above the table", len(header.titles))
    if header.renamed:
        note("read", "duplicate column names made unique with a number", header.renamed)
    if header.row_names:
        note("read", "the header is one name short, as R writes row names: first column column_1")


def _nth(row: int) -> str:
    return "in the first row" if row == 0 else f"in row {row + 1}"
