"""What lies in a folder: its files with the role of each, hidden ones left out, and the split that
a name speaks of.
"""

import os
import re
from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from netwright.data.formats.tables import TABLE_SUFFIXES, looks_like_table
from netwright.data.sniff import ARCHIVES, first_bytes, sniff_content
from netwright.errors import DataError

__all__ = ["Entry", "Listing", "Role", "list_folder", "role_of_text", "split_of", "visible_files"]

Role = Literal[
    "image", "audio", "table", "text", "conll", "ts", "idx", "npz", "npy", "archive", "document",
    "other",
]  # fmt: skip

SNIFF_ALL = 64  # in larger folders files with a known suffix are taken at their word

FEW_TEXTS = 3

IMAGES = frozenset(
    ".png .jpg .jpeg .jpe .gif .bmp .tif .tiff .webp .ppm .pgm .pbm .pnm .jp2 .avif".split()
)
SOUNDS = frozenset(".wav .flac .ogg .mp3 .aif .aiff .m4a".split())
DOCUMENTS = frozenset(
    ".md .names .rst .pdf .html .htm .doc .docx .py .ipynb .sh .r .bib .log .css .js .xml".split()
)
_DOCUMENT = re.compile(
    r"(?i)^(readme|licen[sc]e|copying|notice|citation|changelog|changes|authors|index|about)\b"
    r"|(^|[_\-. ])readme\b|(^|[_\-. ])(licen[sc]e|description)(\.txt)?$"
    r"|(^|[_\-.])(meta|metadata|config|schema|info|package|datapackage|croissant)\.jsonl?$"
)
_HIDDEN = re.compile(r"^\.|^__MACOSX$|^(?i:thumbs\.db|desktop\.ini)$|~$")

_SPLITS = {
    "train": "train|training|trn",
    "validation": "val|valid|validation|dev|devel",
    "test": "test|testing|tst|t10k",
}
# Letters may not touch the word: "latest" is no test, while "wnut17train" and "X_TEST" are what
# they say.
_SPLIT_WORDS = {
    split: re.compile(rf"(?i)(?<![a-z])(?:{words})(?![a-z])") for split, words in _SPLITS.items()
}

_BY_CONTENT: dict[str, Role] = {
    "parquet": "table",
    "feather": "table",
    "xlsx": "table",
    "json": "table",
    "jsonl": "table",
    "image": "image",
    "audio": "audio",
    "ts": "ts",
    "idx": "idx",
    "npz": "npz",
    "npy": "npy",
    "pdf": "document",
    "html": "document",
    "office": "document",
}
_TAGGED = re.compile(r"\S+(?:[\t ]+\S+)*[\t ]+(?:O|[BIESLU]-\S+)")


@dataclass(frozen=True)
class Entry:
    """A file: where it lies below the listed folder, and what it is there for."""

    path: Path
    below: tuple[str, ...]  # the folders between the listed folder and the file
    role: Role


@dataclass(frozen=True)
class Listing:
    """A folder's visible files. ignored: how many hidden files, and files with names that are not
    UTF-8, were left out.
    """

    root: Path
    entries: tuple[Entry, ...]
    ignored: int

    def of(self, *roles: Role) -> list[Entry]:
        """Return the files with one of these roles."""
        return [entry for entry in self.entries if entry.role in roles]

    @property
    def data(self) -> list[Entry]:
        """The files that are not documentation."""
        return [entry for entry in self.entries if entry.role not in ("document", "other")]

    def folders_without(self, role: Role) -> list[str]:
        """Return the names of the folders in it that hold no file of a role."""
        some = {entry.below[0] for entry in self.of(role) if entry.below}
        folders = sorted(path.name for path in self.root.iterdir() if path.is_dir())
        return [name for name in folders if name not in some and _is_visible(name)]

    def below(self, folder: str) -> "Listing":
        """Return the listing of one of the folders in it."""
        inside = [e for e in self.entries if e.below[:1] == (folder,)]
        entries = tuple(Entry(e.path, e.below[1:], e.role) for e in inside)
        return Listing(self.root / folder, entries, self.ignored)


def list_folder(root: Path) -> Listing:
    """List a folder with the role of every file; documents and hidden files are no data."""
    files, ignored = visible_files(root)
    sniff_all = len(files) <= SNIFF_ALL
    entries: list[Entry] = []
    for path in files:
        below = path.relative_to(root).parts[:-1]
        entries.append(Entry(path, below, _role(path, bool(below), sniff_all)))
    if entries:
        _settle(entries)
    return Listing(root, tuple(entries), ignored)


def visible_files(root: Path) -> tuple[list[Path], int]:
    """Return all files below a folder, sorted, and how many were left out. Links to folders are
    followed, once each.
    """
    found: list[Path] = []
    ignored = 0
    seen: set[str] = set()
    for folder, folders, files in os.walk(root, followlinks=True, onerror=_refuse):
        real = os.path.realpath(folder)
        if real in seen:
            folders.clear()
            continue
        seen.add(real)
        keep = [name for name in folders if _is_visible(name)]
        for name in set(folders) - set(keep):
            ignored += sum(len(inner) for _, _, inner in os.walk(os.path.join(folder, name)))
        folders[:] = sorted(keep)
        for name in sorted(files):
            if _is_visible(name):
                found.append(Path(folder, name))
            else:
                ignored += 1
    found.sort(key=lambda path: path.relative_to(root).parts)
    return found, ignored


def split_of(name: str) -> str | None:
    """Return the split that a file or folder name speaks of, or None: "adult_train.csv",
    "binary.test", "X_TEST.ts".
    """
    said = [split for split, words in _SPLIT_WORDS.items() if words.search(name)]
    return said[0] if len(said) == 1 else None


def role_of_text(path: Path) -> Role:
    """Tell tables, tagged sentences and running text apart."""
    if path.suffix.lower() == ".conll" or _is_tagged(path):
        return "conll"
    return "table" if looks_like_table(path) else "text"


def _refuse(error: OSError) -> None:
    raise DataError(
        f"The folder {error.filename} cannot be read: {error.strerror}. Check its permissions."
    ) from error


def _is_visible(name: str) -> bool:
    if _HIDDEN.search(name):
        return False
    try:
        name.encode("utf-8")
    except UnicodeEncodeError:
        return False
    return True


def _role(path: Path, nested: bool, sniff: bool) -> Role:
    suffix = path.suffix.lower()
    if suffix in IMAGES:
        return "image"  # one that does not decode is reported by the reader, with its name
    if suffix in SOUNDS:
        return "audio"
    if suffix in DOCUMENTS or _DOCUMENT.search(path.name):
        return "document"
    if not sniff:
        if suffix in (".csv", ".tsv", ".parquet", ".jsonl"):
            return "table"
        if suffix == ".txt" and nested:
            return "text"
    return _role_by_content(path, nested)


def _role_by_content(path: Path, nested: bool) -> Role:
    content = sniff_content(path)
    if content == "gz":
        inside = sniff_content(path, inside_gz=True)
        if inside == "idx":
            return "idx"
        if inside == "text" and path.with_suffix("").suffix.lower() in (".csv", ".tsv"):
            return "table"
        if inside == "text" and path.with_suffix("").suffix.lower() == ".conll":
            return "conll"
        return "text" if inside == "text" else _BY_CONTENT.get(inside, "archive")
    if content in ARCHIVES:
        return "archive"
    if content == "text":
        # Texts in folders are samples of a class; asking each whether it could be a table would
        # find one by chance.
        if nested and path.suffix.lower() not in TABLE_SUFFIXES:
            return "text"
        return role_of_text(path)
    return _BY_CONTENT.get(content, "other")


def _is_tagged(path: Path) -> bool:
    """Tell whether a text has a token and its BIO tag a line, blank lines between sentences."""
    head = first_bytes(path).decode("utf-8", "replace")
    lines = [line for line in head.splitlines()[:-1] if line.strip()][:500]
    if len(lines) < 10 or "\n\n" not in head.replace("\r", ""):
        return False
    return sum(_TAGGED.fullmatch(line) is not None for line in lines) >= 0.95 * len(lines)


def _settle(entries: list[Entry]) -> None:
    """Look again at what is unclear for a file alone but not for the folder, in place."""
    texts = [at for at, entry in enumerate(entries) if entry.role == "text" and entry.below]
    if len(texts) <= FEW_TEXTS:
        for at in texts:  # too few to be the samples of classes
            entry = entries[at]
            packed = sniff_content(entry.path) == "gz"
            role = "text" if packed else role_of_text(entry.path)
            entries[at] = Entry(entry.path, entry.below, role)
    main, count = Counter(entry.role for entry in entries).most_common(1)[0]
    if main in ("image", "audio") and count > SNIFF_ALL and count >= 0.9 * len(entries):
        for at, entry in enumerate(entries):
            if entry.role in ("text", "other"):
                entries[at] = Entry(entry.path, entry.below, "other")
