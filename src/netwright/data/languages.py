"""Texts and their translations, told by the names of their files: train.en beside train.de."""

import re
from pathlib import Path

from netwright.data.sniff import sniff_content

__all__ = ["language_of", "pair_beside"]

# Endings of two letters that are no language.
SCRIPTS = frozenset("py js sh md rb pl ts rs go cs db gz".split())


def language_of(name: str) -> tuple[str, str]:
    """Return (stem, language) of a file's name, "train.en.gz" is ("train", "en"); the language is
    "" where the ending is none."""
    stem, _, language = re.sub(r"(?i)\.(gz|txt)$", "", name).rpartition(".")
    if stem and re.fullmatch(r"[A-Za-z]{2,3}(?:[_-][A-Za-z]{2,4})?", language):
        return stem, language.lower()
    return name, ""


def pair_beside(path: Path) -> tuple[tuple[Path, Path], tuple[str, str]] | None:
    """Return a text and the one beside it that translates it, and their languages: the same stem
    with another language of two letters (train.en, train.de, train.pt-br). None for a file that has
    not exactly one such."""
    stem, language = language_of(path.name)
    if not _is_language(language):
        return None
    others = []
    for other in sorted(path.parent.iterdir()):
        their_stem, theirs = language_of(other.name)
        same = their_stem == stem and theirs != language and _is_language(theirs)
        if same and other.is_file() and _is_text(other):
            others.append((other, theirs))
    if len(others) != 1 or not _is_text(path):
        return None
    return (path, others[0][0]), (language, others[0][1])


def _is_language(ending: str) -> bool:
    return re.fullmatch(r"[a-z]{2}([_-][a-z]{2,4})?", ending) is not None and ending not in SCRIPTS


def _is_text(path: Path) -> bool:
    content = sniff_content(path)
    return (sniff_content(path, inside_gz=True) if content == "gz" else content) == "text"
