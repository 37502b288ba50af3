"""Tagged sentences become Data: the tag of each token is learned."""

from collections import Counter
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pandas as pd
import torch

from netwright.data.data import Data, Rows, Source
from netwright.data.formats.conll import Sentence, read_conll
from netwright.data.labelled import Given, note_splits, refuse_columns
from netwright.data.ledger import Ledger
from netwright.data.options import ReadOptions
from netwright.data.sentence_encoding import IGNORED, SentenceEncoding, fit_sentence_encoding
from netwright.data.sources import Found, sha256_of
from netwright.data.splits import split_rows
from netwright.data.table_splits import told_splits
from netwright.data.task import Task, parse_task
from netwright.errors import DataError, UsageError

__all__ = ["read_tagged", "read_tagging", "tagged_rows"]

OUTSIDE = "O"  # the tag of what is no part of an entity


def read_tagging(found: Found, options: ReadOptions, ledger: Ledger) -> Data:
    """Read the CoNLL files of a source: one, or one for each split."""
    refuse_columns(options, found.name)
    if options.task is not None and parse_task(options.task)[0] != "tagging":
        raise UsageError(
            f"--task {options.task} does not fit {found.name}, which has a tag for every token. "
            "Leave --task out, or use --task tagging."
        )
    sentences: list[Sentence] = []
    given: Given = {}
    for name, files in found.parts.items():
        part = [one for path in files for one in read_tagged(path, ledger)]
        if name != "all":
            rows = np.arange(len(sentences), len(sentences) + len(part), dtype=np.int64)
            given = {**given, name: rows}
        sentences += part
    source = Source(found.name, tuple(str(p) for p in found.paths), sha256_of(found.paths))
    return _data(sentences, given, source, options, ledger)


def read_tagged(path: Path, ledger: Ledger) -> list[Sentence]:
    """Return the sentences of a file that has tags; one without is a DataError."""
    sentences = read_conll(path, ledger)
    if not sentences[0].tags:
        raise DataError(
            f"{path.name} has one column: tokens without tags. Expected a token and its tag a "
            "line; sentences without tags can only be predicted."
        )
    return sentences


def _data(
    sentences: Sequence[Sentence],
    named: Given,
    source: Source,
    options: ReadOptions,
    ledger: Ledger,
) -> Data:
    given = told_splits(pd.DataFrame(index=range(len(sentences))), options, dict(named), ledger)
    index = split_rows(len(sentences), given=given, seed=options.seed, ledger=ledger)
    note_splits(index, named, given, options.seed, ledger, how="at random")
    train = [sentences[at] for at in index["train"]]
    counts = Counter(tag for one in train for tag in one.tags)
    classes = tuple(sorted(counts, key=lambda tag: (tag != OUTSIDE, tag)))
    if len(classes) < 2:
        raise DataError(
            f"All tokens that train have the tag {classes[0]!r}; a tagger needs at least two tags. "
            "Check the last column."
        )
    shown = ", ".join(classes[:6]) + (", ..." if len(classes) > 6 else "")
    ledger.note("guessed", "task", f"tagging, {len(classes)} tags: {shown}")
    longest = max(len(one.tokens) for one in sentences)
    encoding = fit_sentence_encoding([one.tokens for one in train], length=longest, ledger=ledger)
    splits = {
        name: tagged_rows(name, [sentences[at] for at in rows], classes, encoding, ledger, rows)
        for name, rows in index.items()
    }
    return Data(
        kind="sentence",
        task=Task(
            name="tagging", form="tagging", target="tag", classes=classes, outputs=len(classes)
        ),
        encoding=encoding,
        train=splits["train"],
        validation=splits["validation"],
        test=splits["test"],
        source=source,
        ledger=ledger,
        class_counts=tuple(counts[tag] for tag in classes),
    )


def tagged_rows(
    name: str,
    sentences: Sequence[Sentence],
    classes: Sequence[str],
    encoding: SentenceEncoding,
    ledger: Ledger,
    rows: Sequence[int] | np.ndarray | None = None,
) -> Rows:
    """Return sentences as a split: targets int64 (rows, time), the id of each token's tag, -100
    beyond the sentence and for a tag that was not learned.

    rows: their places in the source.
    """
    noted = Ledger()
    inputs = encoding.encode([one.tokens for one in sentences], noted)
    for entry in noted:
        ledger.note(entry.action, f"{name} {entry.where}", entry.what, entry.count)
    ids = {tag: at for at, tag in enumerate(classes)}
    strange = Counter(tag for one in sentences for tag in one.tags if tag not in ids)
    if strange:
        shown = ", ".join(sorted(strange)[:5])
        what = f"tokens with a tag that training lacks are not scored: {shown}"
        ledger.note("warned", name, what, strange.total())
    targets = torch.full(inputs[0].shape, IGNORED)
    for at, one in enumerate(sentences):
        targets[at, : len(one.tags)] = torch.tensor([ids.get(tag, IGNORED) for tag in one.tags])
    where = torch.arange(len(sentences)) if rows is None else torch.as_tensor(rows)
    tokens = [one.tokens for one in sentences]
    sizes = torch.tensor([len(one) for one in tokens])
    return Rows(name, inputs, targets, tokens, where, sizes)
