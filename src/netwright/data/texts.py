"""Texts and their labels become Data."""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from netwright.data.corpus import corpus_data
from netwright.data.data import Data, Source
from netwright.data.formats.text import read_text
from netwright.data.kept_encoding import kept_encoding
from netwright.data.labelled import (
    Given,
    Labels,
    join_labelled,
    label_rows,
    labelled_data,
    labelled_rows,
    refuse_columns,
)
from netwright.data.ledger import Ledger
from netwright.data.masked_texts import FORM as MASKED
from netwright.data.masked_texts import masked_data
from netwright.data.options import ReadOptions
from netwright.data.sources import Found, labelled_files, sha256_of
from netwright.data.task import parse_task
from netwright.data.text_encoding import TextEncoding, as_texts, fit_text_encoding
from netwright.data.word_stream import words_data
from netwright.errors import UsageError

__all__ = ["read_texts", "text_data"]

OF_A_CORPUS = ("language-modelling", MASKED, "embedding")  # what one text is learned for


def read_texts(found: Found, options: ReadOptions, ledger: Ledger) -> Data:
    """Read a folder of text files for each class, a folder of <class>.txt with a sample a line, or
    one long text, of which the next character is learned.
    """
    refuse_columns(options, found.name)
    source = Source(found.name, tuple(str(p) for p in found.paths), sha256_of(found.paths))
    if found.kind == "corpus":
        if options.task is not None and parse_task(options.task)[1] not in OF_A_CORPUS:
            raise UsageError(
                f"--task {options.task} needs a class for each text, but {found.name} is one text. "
                "Leave --task out to learn its next character, or give a folder for each class."
            )
        parts = {
            name: "\n".join(read_text(path, ledger) for path in files)
            for name, files in found.parts.items()
        }
        if options.task == MASKED:
            lines = {name: _paragraphs(text) for name, text in parts.items()}
            return masked_data(lines, source=source, options=options, ledger=ledger)
        if options.encoding_of is not None:
            raise UsageError(
                f"{found.name} is one text; a model is trained on with it by --task {MASKED} alone."
            )
        if options.task == "embedding":
            pairs = Path(options.test) if options.test is not None else None
            return words_data(parts, pairs=pairs, source=source, ledger=ledger, seed=options.seed)
        return corpus_data(parts, source=source, ledger=ledger)
    if found.kind == "text-lines":
        samples = {name: _lines(files, ledger) for name, files in found.parts.items()}
    else:
        samples = {
            name: [(read_text(path, ledger), label) for path, label in labelled_files(found, name)]
            for name in found.parts
        }
    if options.task == MASKED:
        unlabelled = {name: [text for text, _ in part] for name, part in samples.items()}
        ledger.note("read", "text", "classes are set aside: words are learned from words")
        return masked_data(unlabelled, source=source, options=options, ledger=ledger)
    labels, given = join_labelled({n: [label for _, label in part] for n, part in samples.items()})
    texts = [text for part in samples.values() for text, _ in part]
    return text_data(texts, labels, given=given, source=source, options=options, ledger=ledger)


def _paragraphs(text: str) -> list[str]:
    return [line for line in text.splitlines() if line.strip()]


def _lines(files: Sequence[Path], ledger: Ledger) -> list[tuple[str, str]]:
    """Each line that is not blank is a sample of the class that its file is named for."""
    return [
        (line.strip(), path.name.removesuffix(".gz").removesuffix(".txt"))
        for path in files
        for line in read_text(path, ledger).splitlines()
        if line.strip()
    ]


def text_data(
    texts: Sequence[str],
    labels: Sequence[str],
    *,
    given: Given | None = None,
    target: str = "class",
    column: str = "",
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
        told=bool(column),
    )
    known = kept_encoding(options, "text", ledger)
    if known is None:
        fitted = [rows[at] for at in labelled.fitted().tolist()]
        encoding = fit_text_encoding(fitted, ledger, column=column)
    else:
        encoding = replace(TextEncoding.from_dict(known, {}), column=column)
    (tokens,) = encoding.encode(rows, ledger)
    _note_duplicates(rows, labelled, ledger)
    splits = labelled_rows([tokens], labelled, rows)
    return labelled_data("text", labelled, splits, encoding, source=source, ledger=ledger)


def _note_duplicates(texts: Sequence[str], rows: Labels, ledger: Ledger) -> None:
    """Say how many test and validation texts are also among the training ones, but for case."""
    seen = {" ".join(texts[at].lower().split()) for at in rows.train.tolist()}
    for name, index in (("validation", rows.validation), ("test", rows.test)):
        count = sum(" ".join(texts[at].lower().split()) in seen for at in index.tolist())
        if count:
            ledger.note("warned", name, "texts that are also among the training ones", count)
