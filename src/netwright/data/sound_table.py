"""A table that says of sound files what is said in them, or what they are: which of its columns
names the files, and which holds the words."""

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import pandas as pd

from netwright.data.formats.tables import read_table
from netwright.data.ledger import Ledger
from netwright.data.listing import list_folder
from netwright.data.sources import Found
from netwright.errors import DataError, UsageError, did_you_mean

__all__ = ["Listed", "holds_speech", "list_sounds"]

# Names of columns, the likelier first.
SPEECH = (
    "transcript", "transcription", "transcripts", "text", "sentence", "utterance", "words",
    "normalized_text",
)  # fmt: skip
CLASSES = ("class", "category", "label", "target", "y")
FEWEST_NAMED = 0.5  # of the rows, for the column that names the files
# What is said, and no class, holds several words in so many rows, or so many different values.
SEVERAL, DISTINCT = 0.2, 0.5


@dataclass(frozen=True)
class Listed:
    """files, words: one a row, in the table's order. column: where the words are from, "" where
    there is no other column. frame: those rows of the table."""

    files: list[Path]
    words: list[str]
    column: str
    frame: pd.DataFrame


def list_sounds(
    found: Found, part: str, ledger: Ledger, *, told: str | None = None, wanted: bool = True
) -> Listed:
    """Return the rows of a part's table whose file is there. told: the column of words, as the user
    names it. wanted: whether rows without words are left out."""
    table, folder = found.parts[part]
    frame = read_table(table, ledger).rename(columns=str)
    known = _places(folder)
    named, places = _file_column(frame, known, table)
    if named in known:
        ledger.note("guessed", table.name, "no header: its first row names a sound")
        first = pd.DataFrame([list(frame.columns)], columns=frame.columns)
        frame = pd.concat([first, frame], ignore_index=True)
        places = _look_up(frame[named], known)
    column = _word_column(frame, named, table, told, ledger)
    if not column and wanted:
        raise DataError(
            f"{table.name} has no column beside {named!r}. Expected the words of each file in "
            "another column, such as text."
        )
    words = frame[column] if column else pd.Series("", index=frame.index)
    absent, empty = places.isna(), words.isna() & wanted
    for what, rows in (("files that are not there", absent), ("rows without words", empty)):
        if rows.any():
            ledger.note("dropped", table.name, what, int(rows.sum()))
    kept = ~absent & ~empty
    unnamed = len(set(known.values()) - set(places[kept]))
    if unnamed:
        ledger.note("dropped", found.name, f"sounds that {table.name} says nothing of", unnamed)
    return Listed(
        list(places[kept]),
        [str(word) for word in words[kept]],
        column,
        frame[kept].reset_index(drop=True),
    )


def holds_speech(listed: Listed) -> bool:
    """Guess whether the words are what is said, rather than the class of a sound."""
    name = listed.column.lower()
    if name in SPEECH or name in CLASSES:
        return name in SPEECH
    rows = len(listed.words)
    several = sum(" " in word.strip() for word in listed.words)
    return several >= SEVERAL * rows or len(set(listed.words)) >= DISTINCT * rows


def _places(folder: Path) -> Mapping[str, Path]:
    """Return the sounds of a folder by what a table may call them: path, name, name without suffix;
    each as far as it means one file."""
    found: dict[str, set[Path]] = defaultdict(set)
    for entry in list_folder(folder).of("audio"):
        below = "/".join((*entry.below, entry.path.name))
        for name in (
            below,
            Path(below).with_suffix("").as_posix(),
            entry.path.name,
            entry.path.stem,
        ):
            found[name].add(entry.path)
    return {name: paths.pop() for name, paths in found.items() if len(paths) == 1}


def _look_up(cells: pd.Series, known: Mapping[str, Path]) -> pd.Series:
    plain = cells.astype(str).str.strip().str.replace("\\", "/").str.removeprefix("./")
    # A path may begin above the folder that was given.
    last = plain.str.rpartition("/")[2]
    return plain.map(known).where(plain.isin(known), last.map(known))


def _file_column(
    frame: pd.DataFrame, known: Mapping[str, Path], table: Path
) -> tuple[str, pd.Series]:
    best, places, most = "", pd.Series(dtype=object), 0.0
    for name in frame.columns:
        found = _look_up(frame[name], known)
        share = float(found.notna().mean()) if len(found) else 0.0
        if share > most:
            best, places, most = str(name), found, share
    if most < FEWEST_NAMED:
        raise DataError(
            f"No column of {table.name} names the sounds beside it: {best or 'none'!r} does so in "
            f"{most:.0%} of its rows. Expected a column of file names, such as file."
        )
    return best, places


def _word_column(
    frame: pd.DataFrame, named: str, table: Path, told: str | None, ledger: Ledger
) -> str:
    others = [str(name) for name in frame.columns if name != named]
    if told is not None:
        if told not in others:
            raise UsageError(
                f"--target {told!r} is no column of {table.name}.{did_you_mean(told, others)}"
            )
        return told
    if not others:
        return ""
    spelled = {name.lower(): name for name in reversed(others)}
    likely = [spelled[name] for name in (*SPEECH, *CLASSES) if name in spelled]
    letters = {name: frame[name].astype(str).str.count(r"[^\W\d]").mean() for name in others}
    column = likely[0] if likely else max(others, key=lambda name: letters[name])
    if len(others) > 1:
        what = f"the words of a sound are in {column!r} (--target names another column)"
        ledger.note("guessed", table.name, what)
    return column
