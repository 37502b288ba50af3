"""Labels as they are written in cells: quoted, as numbers, or several in one cell."""

import json
import math
from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from netwright.data.cells import Distinct, parse_numbers

__all__ = [
    "LISTS",
    "labels_in",
    "multilabel_table",
    "ordered",
    "separator_of",
    "simple_label",
    "unquoted",
    "whole_label",
]

LISTS = "[]"  # in place of a separator: each cell holds a list of labels


def unquoted(words: NDArray[Any]) -> list[str]:
    """Take quotes off if every label has them: '-1' and '1' are -1 and 1."""
    for quote in ("'", '"'):
        if all(len(word) > 2 and word[0] == quote and word[-1] == quote for word in words):
            return [word[1:-1].strip() for word in words]
    return [str(word) for word in words]


def whole_label(word: str) -> str:
    """ "1.0" and "1" are the same class."""
    try:
        value = float(word)
    except ValueError:
        return word
    return str(int(value)) if math.isfinite(value) and value.is_integer() and "." in word else word


def ordered(words: Iterable[str]) -> list[str]:
    """Sort labels as numbers where all are numbers, else as words."""
    found = list(words)
    values = parse_numbers(np.array(found, dtype=object))
    if np.isfinite(values).all():
        return [found[i] for i in np.argsort(values, kind="stable")]
    return sorted(found)


def separator_of(known: Distinct) -> str:
    """The sign that joins labels, if cells share the labels that it joins; LISTS where each cell is
    a list.
    """
    if all(_listed(word) is not None for word in known.words):
        return LISTS
    for sign in ("|", ";"):
        joined = [word for word in known.words if sign in word]
        alone = {word for word in known.words if sign not in word}
        parts = {part.strip() for word in joined for part in word.split(sign)}
        if not joined or (len(joined) < 2 and not parts <= alone):
            continue
        atoms = {part.strip() for word in known.words for part in word.split(sign)}
        if len(atoms) <= max(len(known.words), 3):
            return sign
    return ""


def _listed(word: str) -> list[str] | None:
    """The labels of a cell that holds a list (of JSON or Parquet), None where it holds none."""
    if not (word.startswith("[") and word.endswith("]")):
        return None
    try:
        items = json.loads(word)
    except ValueError:
        return None
    return [whole_label(str(item).strip()) for item in items if item is not None]


def labels_in(word: str, sign: str) -> list[str]:
    found = _listed(word) if sign == LISTS else word.split(sign)
    return [label.strip() for label in found or ()]


def multilabel_table(
    known: Distinct, classes: Sequence[str], separator: str | None = None
) -> NDArray[np.float64]:
    """Return (rows, classes) of 0 and 1, NaN where a row has no cell. separator: None finds it
    out."""
    sign = separator or separator_of(known) or "|"
    position = {label: at for at, label in enumerate(classes)}
    table = np.zeros((len(known.words) + 1, len(classes)))
    for row, word in enumerate(known.words):
        for label in labels_in(word, sign):
            if label in position:
                table[row, position[label]] = 1.0
    table[-1] = np.nan  # code -1: no cell
    return table[known.codes]


def simple_label(word: str) -> str:
    """A label without case, spaces beyond one, and a dot at the end."""
    return " ".join(word.casefold().rstrip(" .").split())
