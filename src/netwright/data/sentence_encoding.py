"""SentenceEncoding: sentences of tokens become ids of words, of how they are capitalised, and of
their letters.

Words are looked up in lower case with all digits alike; what few training sentences hold is
unknown, and its letters and capitals say what it may be (Chiu and Nichols 2016, TACL; Lample et al.
2016, arXiv:1603.01360). In all three 0 is padding.
"""

import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import chain
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from netwright.data.data import Kind
from netwright.data.ledger import Ledger
from netwright.data.text_encoding import FIRST, PADDING, UNKNOWN, pad_rows

__all__ = ["IGNORED", "SentenceEncoding", "as_tokens", "case_of", "fit_sentence_encoding"]

IGNORED = -100  # the target where nothing is asked, as in torch's cross-entropy
MAX_WORDS = 50_000
MAX_LETTERS = 500
LONGEST_WORD = 20  # letters that are read of a word
# Nets with kernels of up to 5 need at least as many.
SHORTEST = 5

_DIGIT = re.compile(r"\d")
# Of a plain text: names of users and topics, contractions split as treebanks do, numbers, words.
_TOKEN = re.compile(r"[@#]\w+|\w+?(?=n't\b)|n't\b|'\w+|\w+(?:[.,:-]\w+)*|[^\w\s]+")


@dataclass(frozen=True, kw_only=True)
class SentenceEncoding:
    """words, letters: of ids 2, 3, ... length: tokens of the longest sentence that was read."""

    words: tuple[str, ...]
    letters: tuple[str, ...]
    length: int

    @property
    def kind(self) -> Kind:
        return "sentence"

    @cached_property
    def word_ids(self) -> dict[str, int]:
        """Word -> id."""
        return {word: at for at, word in enumerate(self.words, FIRST)}

    @cached_property
    def letter_ids(self) -> dict[str, int]:
        """Letter -> id."""
        return {letter: at for at, letter in enumerate(self.letters, FIRST)}

    def encode(self, raw: Iterable[Any], ledger: Ledger | None = None) -> tuple[Tensor, ...]:
        """Turn sentences (tokens, or a text that is split) into int32 words (rows, time), cases
        (rows, time) and letters (rows, time, LONGEST_WORD).

        time is `length`, or that of a longer sentence: none is cut.
        """
        rows = [as_tokens(one) for one in raw]
        time = max([self.length, *(len(row) for row in rows)])
        ids = [[self.word_ids.get(_known(token), UNKNOWN) for token in row] for row in rows]
        words = pad_rows(ids, time)
        cases = pad_rows([[case_of(token) for token in row] for row in rows], time)
        if ledger is not None:
            empty = sum(not row for row in rows)
            if empty:
                ledger.note("encoded", "sentences", "without a token, read as all padding", empty)
            unknown, total = int((words == UNKNOWN).sum()), int((words != PADDING).sum())
            if unknown:
                share = f"{unknown / total:.1%} of tokens are read by their letters alone"
                ledger.note("encoded", "tokens", share, unknown)
        letters = self._letters(rows, time)
        return torch.from_numpy(words), torch.from_numpy(cases), torch.from_numpy(letters)

    def _letters(self, rows: Sequence[Sequence[str]], time: int) -> NDArray[np.int32]:
        """Each distinct token is spelled once."""
        tokens = sorted(set(chain.from_iterable(rows)))
        ids = self.letter_ids
        spelled = [[ids.get(c, UNKNOWN) for c in token[:LONGEST_WORD]] for token in tokens]
        table = pad_rows([[], *spelled], LONGEST_WORD)
        number = {token: at for at, token in enumerate(tokens, 1)}
        return table[pad_rows([[number[token] for token in row] for row in rows], time)]

    def prepare(self, inputs: tuple[Tensor, ...]) -> tuple[Tensor, ...]:
        """Cut the padding that no row of the batch needs and widen to int64."""
        words, cases, letters = inputs
        time = max(int((words != PADDING).any(0).sum()), 1)
        used = (letters[:, :time] != PADDING).flatten(0, 1).any(0).sum()
        spelled = letters[:, :time, : max(int(used), SHORTEST)]
        return words[:, :time].long(), cases[:, :time].long(), spelled.long()

    def shapes(self) -> Mapping[str, Any]:
        return {
            "vocab": len(self.words) + FIRST,
            "cases": len(CASES) + 1,
            "letters": len(self.letters) + FIRST,
            "length": self.length,
        }

    def to_dict(self) -> dict[str, Any]:
        return {
            "type": "sentence",
            "kind": "sentence",
            "length": self.length,
            "words": list(self.words),
            "letters": list(self.letters),
        }

    def tensors(self) -> dict[str, Tensor]:
        return {}

    @classmethod
    def from_dict(
        cls, values: Mapping[str, Any], tensors: Mapping[str, Tensor]
    ) -> "SentenceEncoding":
        """Read the JSON form."""
        return cls(
            words=tuple(values["words"]),
            letters=tuple(values["letters"]),
            length=values["length"],
        )


# In this order, ids from 1 on.
CASES = ("lower", "Initial", "CAPITALS", "mixEd", "digits", "d1gits", "other")


def case_of(token: str) -> int:
    """Return the id of how a token is written: 1 is "lower", ... 7 is "other"."""
    letters = [c for c in token if c.isalpha()]
    if any(c.isdigit() for c in token):
        name = "d1gits" if letters else "digits"
    elif not letters:
        name = "other"
    elif not any(c.isupper() for c in letters):
        name = "lower"
    elif len(letters) > 1 and all(c.isupper() for c in letters):
        name = "CAPITALS"
    else:
        name = "Initial" if not any(c.isupper() for c in letters[1:]) else "mixEd"
    return CASES.index(name) + 1


def as_tokens(sentence: Any) -> list[str]:
    """Return the tokens of a sentence that is split already, or of a plain text."""
    if isinstance(sentence, str):
        return _TOKEN.findall(sentence.replace("\u2019", "'"))
    return [str(token) for token in sentence]


def _known(token: str) -> str:
    return _DIGIT.sub("0", token.lower())


def fit_sentence_encoding(
    sentences: Sequence[Sequence[str]], *, length: int, ledger: Ledger | None = None
) -> SentenceEncoding:
    """Choose words and letters from training sentences, and say so in the ledger."""
    counts = Counter(_known(token) for token in chain.from_iterable(sentences))
    letters = Counter(chain.from_iterable(chain.from_iterable(sentences)))
    # A word seen once is what an unknown word looks like: from such the net learns to read letters.
    often = sorted((w for w, n in counts.items() if n > 1), key=lambda w: (-counts[w], w))
    words = tuple(often[:MAX_WORDS])
    spelled = tuple(sorted(c for c, n in letters.most_common(MAX_LETTERS) if n > 1))
    if ledger is not None:
        ledger.note(
            "encoded",
            "tokens",
            f"vocabulary of {len(words):,} words and {len(spelled):,} letters from the training "
            f"sentences; {len(counts) - len(words):,} words seen once are unknown",
            len(words),
        )
    return SentenceEncoding(words=words, letters=spelled, length=length)
