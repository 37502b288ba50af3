"""Labelled time series become Data."""

from collections.abc import Sequence
from typing import Any

from netwright.data.data import Data, Source
from netwright.data.formats.ts import read_ts
from netwright.data.labelled import (
    Given,
    join_labelled,
    label_rows,
    labelled_data,
    labelled_rows,
    refuse_columns,
)
from netwright.data.ledger import Ledger
from netwright.data.options import ReadOptions
from netwright.data.series_encoding import as_series, fit_series_encoding
from netwright.data.sources import Found, sha256_of
from netwright.errors import DataError

__all__ = ["read_series", "series_data"]


def read_series(found: Found, options: ReadOptions, ledger: Ledger) -> Data:
    """Read the .ts files of a source: one, or one for each split."""
    refuse_columns(options, found.name)
    source = Source(found.name, tuple(str(p) for p in found.paths), sha256_of(found.paths))
    parts = {name: read_ts(files[0]) for name, files in found.parts.items()}
    named: dict[str, list[str]] = {}
    for name, part in parts.items():
        if part.labels is None:
            raise DataError(
                f"{found.parts[name][0].name} has no class labels ('@classLabel false'), so there "
                "is "
                "nothing to learn. Give a file with '@classLabel true' and the classes."
            )
        named[name] = part.labels
    channels = {name: part.values[0].shape[1] for name, part in parts.items()}
    if len(set(channels.values())) > 1:
        told = ", ".join(f"{name} {count}" for name, count in channels.items())
        raise DataError(
            f"The splits of {found.name} differ in their channels ({told}). Give files of one data "
            "set."
        )
    labels, given = join_labelled(named)
    values = [row for part in parts.values() for row in part.values]
    return series_data(values, labels, given=given, source=source, options=options, ledger=ledger)


def series_data(
    raw: Any,
    labels: Sequence[str],
    *,
    source: Source,
    options: ReadOptions,
    ledger: Ledger,
    given: Given | None = None,
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
    splits = labelled_rows(encoding.encode(rows, ledger), labelled, rows)
    return labelled_data("series", labelled, splits, encoding, source=source, ledger=ledger)
