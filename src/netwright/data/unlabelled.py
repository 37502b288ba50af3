"""Rows without a class, from which a net may learn beside those that have one (`--unlabelled`).

Which they are: an empty cell of the target, or a folder or label called "unlabelled". They belong
to no split: they train, and are never scored. Without the option rows with empty cells are left
out, and a folder is a class, whatever it is called.
"""

from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from netwright.data.data import Data
from netwright.data.ledger import Ledger
from netwright.data.options import ReadOptions
from netwright.errors import UsageError

__all__ = ["check_unlabelled", "rows_to_learn", "without_class"]

NAMES = ("unlabelled", "unlabeled")
FORMS = ("binary", "multiclass")

Index = NDArray[np.int64]


def without_class(
    labels: Sequence[str], target: str, options: ReadOptions, ledger: Ledger
) -> NDArray[np.bool_]:
    """Return which rows have no class, (rows,): none of them where they are not asked for."""
    first = np.array([str(label).split("/")[0].casefold() for label in labels], dtype=object)
    named = np.isin(first, NAMES)
    if options.unlabelled:
        return named | (first == "")
    if named.any() and not named.all():
        what = "is taken for a class; if its rows have none, leave them out or say --unlabelled"
        ledger.note("warned", target, f"{first[named][0]!r} {what}", int(named.sum()))
    return np.zeros(len(first), dtype=bool)


def rows_to_learn(
    there: NDArray[np.bool_],
    given: Mapping[str, Index],
    target: str,
    options: ReadOptions,
    ledger: Ledger,
) -> Index:
    """Return the positions of the rows without a class that train: where they are asked for, all
    but those that the source keeps for a test or for validation, which are left out."""
    if not options.unlabelled:
        return np.zeros(0, dtype=np.int64)
    missing = ~there
    for name in ("validation", "test"):
        if name in given:
            left_out = int(missing[given[name]].sum())
            if left_out:
                ledger.note("dropped", target, f"{name} rows without a class", left_out)
            missing[given[name]] = False
    found = np.flatnonzero(missing).astype(np.int64)
    if len(found):
        what = "rows without a class, which train as well, as --unlabelled says"
        ledger.note("split", "unlabelled", what, len(found))
    return found


def check_unlabelled(data: Data, options: ReadOptions) -> Data:
    """Return the data; refuse --unlabelled where it says nothing, and note where no row is so."""
    if not options.unlabelled:
        return data
    if data.task.form not in FORMS or data.kind not in ("table", "image", "text", "series"):
        raise UsageError(
            "--unlabelled is for rows of which each has one class, in tables, pictures, texts and "
            f"series; this is {data.task.form} of {data.kind} data. Leave it out."
        )
    if data.unlabelled is None:
        what = "every row has a class: --unlabelled changes nothing"
        data.ledger.note("warned", data.task.target, what)
    return data
