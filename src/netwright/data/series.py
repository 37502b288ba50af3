"""Labelled time series become Data."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from netwright.data.data import Data, Rows, Source
from netwright.data.labelled import label_rows
from netwright.data.ledger import Ledger
from netwright.data.options import ReadOptions
from netwright.data.series_encoding import as_series, fit_series_encoding

__all__ = ["series_data"]


def series_data(
    raw: Any,
    labels: Sequence[str],
    *,
    source: Source,
    options: ReadOptions,
    ledger: Ledger,
    given: Mapping[str, NDArray[np.int64]] | None = None,
    target: str = "class",
) -> Data:
    """Build Data from series, (rows, time, channels) or a list of (time, channels), and one label
    each.

    given: rows of splits that the source itself names.
    """
    rows = as_series(raw)
    labelled = label_rows(
        labels,
        given=given,
        target=target,
        name="series-classification",
        options=options,
        ledger=ledger,
    )
    encoding = fit_series_encoding([rows[at] for at in labelled.train.tolist()], ledger)
    (values,) = encoding.encode(rows, ledger)
    splits = {
        name: Rows(
            name,
            (values[index],),
            labelled.ids[index],
            [rows[at] for at in index.tolist()],
            index,
        )
        for name, index in labelled.splits().items()
    }
    return Data(
        kind="series",
        task=labelled.task,
        encoding=encoding,
        train=splits["train"],
        validation=splits["validation"],
        test=splits["test"],
        source=source,
        ledger=ledger,
        class_counts=labelled.counts,
    )
