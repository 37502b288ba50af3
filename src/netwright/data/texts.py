"""Texts and their labels become Data."""

from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from netwright.data.data import Data, Rows, Source
from netwright.data.labelled import Labels, label_rows
from netwright.data.ledger import Ledger
from netwright.data.options import ReadOptions
from netwright.data.text_encoding import as_texts, fit_text_encoding

__all__ = ["text_data"]


def text_data(
    texts: Sequence[str],
    labels: Sequence[str],
    *,
    given: Mapping[str, NDArray[np.int64]] | None = None,
    target: str = "class",
    source: Source,
    options: ReadOptions,
    ledger: Ledger,
) -> Data:
    """Build Data from one text and one label a row. given: rows of splits that the source itself
    names.
    """
    rows = as_texts(texts)
    empty = sum(not text.strip() for text in rows)
    if empty:
        ledger.note("warned", "text", "rows without any text", empty)
    labelled = label_rows(
        labels,
        given=given,
        target=target,
        name="text-classification",
        options=options,
        ledger=ledger,
    )
    encoding = fit_text_encoding([rows[at] for at in labelled.train.tolist()], ledger)
    (tokens,) = encoding.encode(rows, ledger)
    _note_duplicates(rows, labelled, ledger)
    splits = {
        name: Rows(
            name,
            (tokens[index],),
            labelled.ids[index],
            [rows[at] for at in index.tolist()],
            index,
        )
        for name, index in labelled.splits().items()
    }
    return Data(
        kind="text",
        task=labelled.task,
        encoding=encoding,
        train=splits["train"],
        validation=splits["validation"],
        test=splits["test"],
        source=source,
        ledger=ledger,
        class_counts=labelled.counts,
    )


def _note_duplicates(texts: Sequence[str], rows: Labels, ledger: Ledger) -> None:
    """Say how many test and validation texts are also among the training ones, but for case."""
    seen = {" ".join(texts[at].lower().split()) for at in rows.train.tolist()}
    for name, index in (("validation", rows.validation), ("test", rows.test)):
        count = sum(" ".join(texts[at].lower().split()) in seen for at in index.tolist())
        if count:
            ledger.note("warned", name, "texts that are also among the training ones", count)
