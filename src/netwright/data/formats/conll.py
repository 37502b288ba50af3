"""CoNLL files: a token and its tag a line, a blank line between sentences.

Columns are divided by tabs, or by blanks where there is no tab; the token is the first and the tag
the last (Tjong Kim Sang and De Meulder 2003, CoNLL). Ten columns with a number first are CoNLL-U
(Nivre et al. 2016, LREC): the word and its part of speech.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from netwright.data.formats.text import lines_of, read_text
from netwright.data.ledger import Ledger
from netwright.errors import DataError

__all__ = ["Sentence", "read_conll"]

DOCUMENT = "-DOCSTART-"
CONLL_U = 10  # its columns
# A row is padded to the longest: a sentence beyond this is cut into several, none of it lost.
LONGEST = 256


@dataclass(frozen=True)
class Sentence:
    """tags: one a token, or none where the file has only tokens."""

    tokens: tuple[str, ...]
    tags: tuple[str, ...] = ()


def read_conll(path: Path, ledger: Ledger) -> list[Sentence]:
    """Return the sentences of a file, which has a tag for every token or for none.

    A line with fewer columns than the others, or without a token, is a DataError that names it.
    """
    lines = lines_of(read_text(path, ledger))
    tabbed = any("\t" in line.strip() for line in lines)
    found: list[Sentence] = []
    tokens: list[str] = []
    tags: list[str] = []
    tagged: bool | None = None  # as the first line of all says
    left_out = long = 0
    for number, line in enumerate([*lines, ""], 1):
        cells = line.split("\t") if tabbed else line.split()
        if not line.strip():
            found.extend(_pieces(tokens, tags))
            long += len(tokens) > LONGEST
            tokens, tags = [], []
        elif cells[0].strip() == DOCUMENT or (tabbed and len(cells) == 1 and line[0] == "#"):
            left_out += 1
        else:
            token, tag = _columns(cells, path, number)
            if tagged is None:
                tagged = tag is not None
            if tagged != (tag is not None):
                raise DataError(
                    f"{path.name}, line {number}: {line.strip()!r} has "
                    f"{'no tag' if tagged else 'a tag'}, and the lines before have "
                    f"{'one' if tagged else 'none'}. Expected a token and its tag in every line, "
                    "blank lines between sentences."
                )
            tokens.append(token)
            tags += [] if tag is None else [tag]
    if not found:
        raise DataError(
            f"{path.name} holds no sentence. Expected a token and its tag a line, and a blank line "
            "between sentences."
        )
    if left_out:
        ledger.note("dropped", path.name, "comments and document marks left out", left_out)
    if long:
        ledger.note("clipped", path.name, f"sentences cut into pieces of {LONGEST} tokens", long)
    return found


def _columns(cells: Sequence[str], path: Path, number: int) -> tuple[str, str | None]:
    """Return the token and the tag of a line."""
    token, tag = cells[0].strip(), cells[-1].strip() if len(cells) > 1 else None
    if len(cells) == CONLL_U and token[:1].isdigit():
        token, tag = cells[1].strip(), cells[3].strip()
    if not token or tag == "":
        raise DataError(
            f"{path.name}, line {number}: {'no token' if not token else 'no tag'} in "
            f"{' | '.join(cells)!r}. Expected a token and its tag in every line."
        )
    return token, tag


def _pieces(tokens: Sequence[str], tags: Sequence[str]) -> Iterator[Sentence]:
    for start in range(0, len(tokens), LONGEST):
        piece = slice(start, start + LONGEST)
        yield Sentence(tuple(tokens[piece]), tuple(tags[piece]))
