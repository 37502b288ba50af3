"""Grades: classes that have an order, and how the order is known.

Numbers are their own order. Of words it is what the user says ("poor,fair,good"), what an ordered
column of categories holds, or the one number within each ("2 - fair"); never the alphabet's.

The grade that is said is the median of those predicted: whatever the true one, it has the least
expected distance in grades (Gneiting 2011, J. Am. Stat. Assoc. 106:746, arXiv:0912.0902), and
that distance, `mae`, is what ordinal models are judged by.
"""

import re
from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from netwright.data.cells import parse_numbers
from netwright.data.ledger import Ledger
from netwright.errors import DataError, UsageError, did_you_mean

__all__ = ["called_classes", "order_grades", "order_of_column"]


def called_classes(probabilities: NDArray[np.floating[Any]], *, ordinal: bool) -> NDArray[np.int64]:
    """Return the class that each row of probabilities (rows, classes) says, (rows,): the most
    probable one; of grades the median, the lowest that at least half the probability does not
    exceed."""
    if ordinal:
        return (probabilities.astype(np.float64).cumsum(1) >= 0.5).argmax(1)
    return probabilities.argmax(1)


def order_of_column(cells: "pd.Series[Any]") -> str | None:
    """Return the order that an ordered column of categories holds, as a user would write it."""
    kind = cells.dtype
    if isinstance(kind, pd.CategoricalDtype) and kind.ordered:
        return "<".join(str(name) for name in kind.categories)
    return None


def order_grades(
    classes: Sequence[str], target: str, order: str | None, ledger: Ledger
) -> list[str]:
    """Return the classes of an ordinal task from the lowest to the highest. order: their names,
    joined by "," or "<"; None: it is in the names. Raises DataError for two classes, UsageError for
    words whose order nobody told."""
    if len(classes) == 2:
        raise DataError(
            f"--task ordinal needs at least three grades, but {target!r} holds two: "
            f"{' and '.join(classes)}. Between two there is no order to learn: use --task binary."
        )
    if order is not None:
        return _told(classes, target, order, ledger)
    names = np.array(classes, dtype=object)
    values = parse_numbers(names)
    if not np.isfinite(values).all():
        values = np.array([_number_in(name) for name in classes])
        if not np.isfinite(values).all() or len(set(values)) < len(values):
            shown = ", ".join(classes[:6]) + (", ..." if len(classes) > 6 else "")
            example = ",".join(classes[:3]) + (",..." if len(classes) > 3 else "")
            raise UsageError(
                f"The grades of {target!r} are words, whose order is not known: {shown}. Give it, "
                f"the lowest first, as in --order {example!r}, or write the grades as numbers."
            )
        ordered = [classes[at] for at in np.argsort(values)]
        ledger.note("guessed", target, f"order of the grades, by their numbers: {_line(ordered)}")
        return ordered
    return [classes[at] for at in np.argsort(values, kind="stable")]


def _told(classes: Sequence[str], target: str, order: str, ledger: Ledger) -> list[str]:
    names = [name.strip() for name in order.split("<" if "<" in order else ",")]
    names = [name for name in names if name]
    twice = [name for name in names if names.count(name) > 1]
    if twice:
        raise UsageError(f"--order names {twice[0]!r} twice; expected each grade once.")
    missing = [name for name in classes if name not in names]
    if missing:
        raise UsageError(
            f"--order leaves out {missing[0]!r}, a grade that {target!r} holds; expected all "
            f"{len(classes)} of them, the lowest first.{did_you_mean(missing[0], names)}"
        )
    found = [name for name in names if name in classes]
    if len(found) < len(names):
        unused = ", ".join(name for name in names if name not in classes)
        ledger.note("warned", target, f"grades of the order that no row has: {unused}")
    ledger.note("read", target, f"order of the grades, as told: {_line(found)}")
    return found


def _number_in(name: str) -> float:
    found = re.findall(r"\d+(?:\.\d+)?", name)
    return float(found[0]) if len(found) == 1 else float("nan")


def _line(names: Sequence[str]) -> str:
    return " < ".join(names[:8]) + (" < ..." if len(names) > 8 else "")
