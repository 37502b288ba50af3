"""Columns of words become columns of numbers where nearly all their words are numbers."""

import numpy as np
import pandas as pd

from netwright.data.cells import MARKERS, WEAK_MARKERS, distinct, guess_numbers, parse_numbers

__all__ = ["type_columns"]

# Below this share a column of words with some numbers in it stays words.
SHARE = 0.9


def type_columns(frame: pd.DataFrame) -> pd.DataFrame:
    """Return the same table with numbers as float64, missing markers as missing, and other words as
    str. Columns that already have a type of their own (numbers, dates) are kept.
    """
    columns = {}
    for name in frame.columns:
        column = frame[name]
        if not (pd.api.types.is_string_dtype(column) or column.dtype == object):
            columns[str(name)] = column.reset_index(drop=True)
            continue
        known = distinct(column).without(MARKERS)
        form, share, _ = guess_numbers(known.without(WEAK_MARKERS))
        if len(known.words) and share >= SHARE:
            values = known.take(parse_numbers(known.words, form), np.nan)
            columns[str(name)] = pd.Series(values.astype(np.float64))
        else:
            columns[str(name)] = pd.Series(known.take(known.words, None), dtype=object)
    return pd.DataFrame(columns)
