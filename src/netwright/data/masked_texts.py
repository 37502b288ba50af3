"""Texts become Data for masked language modelling: rows of words, some of which are to be filled
in.

Every text is cut into rows of at most TIME tokens. What is asked of training rows is drawn anew
every epoch (`objectives/masked_tokens.py`); of the others it is drawn once, so that epochs and nets
are asked the same.
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Final

import numpy as np
import torch
from torch import Tensor

from netwright.data.data import Data, Rows, Source
from netwright.data.kept_encoding import kept_encoding
from netwright.data.ledger import Ledger
from netwright.data.options import ReadOptions
from netwright.data.splits import split_rows
from netwright.data.task import Task
from netwright.data.text_encoding import PADDING, TextEncoding, fit_text_encoding, pad_rows
from netwright.errors import DataError

__all__ = ["FORM", "NOT_ASKED", "SHARE", "masked_data", "masked_rows", "take_out"]

FORM: Final = "masked-language-modelling"
NOT_ASKED = -100  # in the place of a token, as in torch's cross-entropy
SHARE, AS_MASK, AS_ANY = 0.15, 0.8, 0.1  # of the tokens; of those asked for (Devlin et al. 2019)
FIRST = 2  # the first id that is a word
TIME = 64  # tokens a row: what a small net can relate on a CPU
MOST_WORDS = 16_000  # the rarer ones are seen too seldom to learn, and each costs time
FEWEST_TEXTS = 10


def masked_data(
    parts: Mapping[str, Sequence[str]],
    *,
    source: Source,
    options: ReadOptions,
    ledger: Ledger,
) -> Data:
    """Build Data from texts called "all", or some of "train", "validation" and "test". What is not
    given is held out at random, text by text."""
    texts = _split(parts, ledger, options.seed)
    known = kept_encoding(options, "text", ledger)
    encoding = TextEncoding.from_dict(known, {}) if known else _fitted(texts["train"], ledger)
    rows = {}
    for number, (name, some) in enumerate(texts.items()):
        tokens, raw = _windows(some, encoding)
        if not len(tokens):
            raise DataError(f"The {name} texts of {source.name} hold no words. Give more text.")
        rows[name] = masked_rows(name, tokens, encoding, raw, seed=number)
        ledger.note("encoded", name, f"rows of at most {encoding.length} tokens", len(tokens))
    real = rows["train"].inputs[0]
    train = replace(rows["train"], targets=torch.where(real > PADDING, real.long(), NOT_ASKED))
    return Data(
        kind="text",
        task=Task(
            name=FORM,
            form=FORM,
            target="words that were taken out",
            classes=("<padding>", "<unknown>", *encoding.vocabulary),
            outputs=encoding.vocab,
        ),
        encoding=encoding,
        train=train,
        validation=rows["validation"],
        test=rows["test"],
        source=source,
        ledger=ledger,
    )


def _split(parts: Mapping[str, Sequence[str]], ledger: Ledger, seed: int) -> dict[str, list[str]]:
    texts = [text for part in parts.values() for text in part]
    if len(texts) < FEWEST_TEXTS:
        raise DataError(
            f"There are {len(texts)} texts or lines; at least {FEWEST_TEXTS} are needed to train, "
            "validate and test. Give more text, with a line for each paragraph."
        )
    given, at = {}, 0
    for name, part in parts.items():
        if name != "all":
            given[name] = np.arange(at, at + len(part), dtype=np.int64)
        at += len(part)
    splits = split_rows(len(texts), given=given, seed=seed, test=0.05, validation=0.05)
    for name, rows in splits.items():
        how = "given by the source" if name in given and len(given[name]) == len(rows) else (
            "the rest" if name == "train" else f"5 % of the texts, held out at random (seed {seed})"
        )  # fmt: skip
        ledger.note("split", name, how, len(rows))
    return {name: [texts[at] for at in rows.tolist()] for name, rows in splits.items()}


def _fitted(texts: Sequence[str], ledger: Ledger) -> TextEncoding:
    whole = fit_text_encoding(texts)
    vocabulary = whole.vocabulary[:MOST_WORDS]
    what = f"vocabulary of {len(vocabulary):,} {whole.level}s from the training rows"
    if len(vocabulary) < len(whole.vocabulary):
        what += f", the most frequent of {len(whole.vocabulary):,}"
    ledger.note("encoded", "text", what, len(vocabulary))
    return replace(whole, vocabulary=vocabulary, length=TIME)


def _windows(texts: Sequence[str], encoding: TextEncoding) -> tuple[Tensor, list[str]]:
    """Return the rows (rows, length) that texts are cut into, and each as text."""
    pieces = [
        words[at : at + encoding.length]
        for words in map(encoding.tokens_of, texts)
        for at in range(0, len(words), encoding.length)
    ]
    joint = " " if encoding.level == "word" else ""
    ids = [encoding.ids_of(words) for words in pieces]
    return torch.from_numpy(pad_rows(ids, encoding.length)), [joint.join(p) for p in pieces]


def masked_rows(
    name: str, tokens: Tensor, encoding: TextEncoding, raw: Sequence[str], *, seed: int
) -> Rows:
    """Return rows of which some tokens are asked for; the training rows as they are."""
    if name == "train":
        return Rows(name, (tokens,), tokens.long(), list(raw), torch.arange(len(tokens)))
    rng = torch.Generator().manual_seed(seed)
    given, targets = take_out(tokens.long(), encoding.vocab, rng)
    return Rows(name, (given.int(),), targets, list(raw), torch.arange(len(tokens)))


def take_out(
    tokens: Tensor, vocab: int, rng: torch.Generator, *, share: float = SHARE
) -> tuple[Tensor, Tensor]:
    """tokens int64 (batch, time), 0 padding -> (what is left of them, targets): the token where one
    is asked for, else -100. The mask is the id `vocab`. Unknown tokens are not asked for."""
    shape, device = tokens.shape, tokens.device
    chance, fate = (torch.rand(shape, generator=rng).to(device) for _ in range(2))
    anything = torch.randint(FIRST, max(vocab, FIRST + 1), shape, generator=rng).to(device)
    asked = (tokens >= FIRST) & (chance < share)
    given = torch.where(asked & (fate < AS_MASK), vocab, tokens)
    given = torch.where(asked & (fate >= 1 - AS_ANY), anything, given)
    return given, torch.where(asked, tokens, NOT_ASKED)
