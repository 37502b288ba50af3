"""TextEncoding: texts become rows of token ids; 0 is padding, 1 is any token not seen in training.

Words are lower-cased runs of letters and digits of any script, with English contractions split ("do
n't", "it 's") and punctuation kept; very short texts (names) and scripts without spaces are read
character by character.
"""

import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import chain
from typing import Any, Literal

import numpy as np
import pandas as pd
import torch
from numpy.typing import NDArray
from torch import Tensor

from netwright.data.data import Kind
from netwright.data.ledger import Ledger
from netwright.errors import DataError

__all__ = ["PADDING", "UNKNOWN", "TextEncoding", "fit_text_encoding", "split_words"]

Level = Literal["word", "character"]

PADDING, UNKNOWN, FIRST = 0, 1, 2
MAX_VOCABULARY = 50_000
MAX_WORDS = 1024
MAX_CHARACTERS = 1024
# Longer than this a text is rarely needed whole, and each row is padded to the longest kept.
LENGTH_QUANTILE = 0.99
# Nets with kernels of up to 5 tokens need at least as many columns.
SHORTEST = 8

_DIGIT = re.compile(r"\d")
_WORD = re.compile(
    r"n't\b|[^\W\d]\w*|\d\w*(?:[.,:]\d+)*"  # 3.14 and 12:30 are one token
    r"|'(?:s|re|ve|ll|d|m|t)\b"  # it 's, they 're
    r"|\.+|!+|\?+|-+|[^\w\s]"  # "..." and "!!!" are one token and mean more than "." and "!"
)


CAPITALS = "<capitals>"
# With fewer words in capitals they are acronyms; with more the whole text is written so.
SHOUTED = (0.005, 0.3)


def split_words(text: str, *, capitals: bool = False) -> list[str]:
    """Split one text into lower-case tokens. capitals: with a mark before words written in them."""
    text = text.replace("\u2019", "'")
    if not capitals:
        text = text.lower()
    if "n't" in text:
        text = text.replace("n't", " n't")  # do n't, as treebanks split it
    words: list[str] = _WORD.findall(text)
    if not capitals:
        return words
    marked = []
    for word in words:
        if len(word) > 1 and word.isupper():
            marked.append(CAPITALS)
        marked.append(word.lower())
    return marked


def shape_of(word: str) -> str:
    """ "555-0199" -> "000-0000": what an unknown number is looked up as (the digits seldom matter,
    how many there are often does). Other words stay as they are.
    """
    return _DIGIT.sub("0", word) if word[0].isdigit() else word


@dataclass(frozen=True, kw_only=True)
class TextEncoding:
    """vocabulary: the tokens of ids 2, 3, ... length: the most tokens a row keeps; of longer ones
    the first. column: of a table, that holds the texts.
    capitals: mark words written in them.
    """

    level: Level
    vocabulary: tuple[str, ...]
    length: int
    column: str = ""
    capitals: bool = False

    @property
    def kind(self) -> Kind:
        return "text"

    @property
    def columns(self) -> tuple[str, ...]:
        """The column of a table that the texts are read from, if they came from one."""
        return (self.column,) if self.column else ()

    @property
    def vocab(self) -> int:
        """How many ids there are, padding and unknown included."""
        return len(self.vocabulary) + FIRST

    @cached_property
    def ids(self) -> dict[str, int]:
        """Token -> id."""
        return {token: at for at, token in enumerate(self.vocabulary, FIRST)}

    def tokens_of(self, text: str) -> list[str]:
        """Return the tokens of one text, before they are looked up."""
        return split_words(text, capitals=self.capitals) if self.level == "word" else list(text)

    def encode(self, raw: Iterable[Any], ledger: Ledger | None = None) -> tuple[Tensor, ...]:
        """Turn texts into (int32 tokens (rows, length),); missing cells are empty texts."""
        texts = as_texts(self._column(raw))
        length = self.length
        pieces: list[list[int]] = []
        cut = empty = unknown = total = 0
        for text in texts:
            tokens = self.tokens_of(text)
            if len(tokens) > length:
                cut += 1
                tokens = tokens[:length]
            row = self.ids_of(tokens)
            empty += not row
            unknown += row.count(UNKNOWN)
            total += len(row)
            pieces.append(row)
        if ledger is not None:
            if cut:
                ledger.note(
                    "clipped", "text", f"texts longer than {length:,} tokens lose their end", cut
                )
            if empty:
                ledger.note("encoded", "text", "texts without a token, read as all padding", empty)
            if unknown:
                share = (
                    f"{unknown / total:.1%} of tokens are not in the vocabulary, read as unknown"
                )
                ledger.note("encoded", "text", share, unknown)
        return (torch.from_numpy(pad_rows(pieces, length)),)

    def ids_of(self, tokens: Sequence[str]) -> list[int]:
        """Return the ids of tokens; UNKNOWN of those that the vocabulary lacks."""
        lookup = self.ids
        return [lookup.get(token) or self._unseen(token) for token in tokens]

    def _unseen(self, token: str) -> int:
        return self.ids.get(shape_of(token), UNKNOWN) if self.level == "word" else UNKNOWN

    def _column(self, raw: Any) -> Iterable[Any]:
        if not isinstance(raw, pd.DataFrame):
            return raw
        name = self.column or str(raw.columns[0])
        if name not in raw.columns:
            raise DataError(
                f"The table has no column {name!r}, which holds the texts; there are "
                f"{', '.join(map(str, raw.columns))}. Add it, under this name."
            )
        return raw[name]

    def prepare(self, inputs: tuple[Tensor, ...]) -> tuple[Tensor, ...]:
        """Cut the padding that no row of the batch needs and widen to int64. Nets must not depend
        on padding at the end.
        """
        tokens = inputs[0]
        used = int((tokens != PADDING).any(0).sum())
        return (tokens[:, : max(used, min(SHORTEST, self.length))].long(),)

    def shapes(self) -> Mapping[str, Any]:
        return {"vocab": self.vocab, "length": self.length}

    def to_dict(self) -> dict[str, Any]:
        return {
            "type": "text",
            "kind": "text",
            "level": self.level,
            "length": self.length,
            "column": self.column,
            "capitals": self.capitals,
            "vocabulary": list(self.vocabulary),
        }

    def tensors(self) -> dict[str, Tensor]:
        return {}

    @classmethod
    def from_dict(cls, values: Mapping[str, Any], tensors: Mapping[str, Tensor]) -> "TextEncoding":
        """Read the JSON form."""
        return cls(
            level=values["level"],
            vocabulary=tuple(values["vocabulary"]),
            length=values["length"],
            column=values["column"],
            capitals=values["capitals"],
        )


def as_texts(raw: Iterable[Any]) -> list[str]:
    """Return every row as a str: None and NaN are empty."""
    return [
        item if isinstance(item, str) else "" if item is None or item != item else str(item)
        for item in raw
    ]


def pad_rows(pieces: Sequence[Sequence[int]], length: int) -> NDArray[np.int32]:
    """Ragged rows of ids -> (rows, length), zeros at the end."""
    sizes = np.fromiter((len(row) for row in pieces), dtype=np.int64, count=len(pieces))
    flat = np.fromiter(chain.from_iterable(pieces), dtype=np.int32, count=int(sizes.sum()))
    padded = np.zeros((len(pieces), length), dtype=np.int32)
    padded[np.arange(length) < sizes[:, None]] = flat
    return padded


def fit_text_encoding(
    texts: Sequence[str], ledger: Ledger | None = None, *, column: str = ""
) -> TextEncoding:
    """Choose level, vocabulary and length from training texts, and say why in the ledger."""
    capitals = _uses_capitals(texts)
    words = [split_words(text, capitals=capitals) for text in texts]
    level, reason = _choose_level(words)
    capitals = capitals and level == "word"
    rows: Sequence[Sequence[str]] = words if level == "word" else texts
    counts = Counter(chain.from_iterable(rows))
    # A word seen once in many teaches nothing but itself; below about 2,000 words each may matter.
    least = 2 if level == "word" and len(counts) > 2000 else 1
    rare = [token for token, n in counts.items() if n < least]
    kept_counts = counts - Counter(rare)
    if level == "word":
        kept_counts.update(shape for token in rare if (shape := shape_of(token)) != token)
    kept = sorted(
        (token for token, n in kept_counts.items() if n >= least),
        key=lambda t: (-kept_counts[t], t),
    )
    vocabulary = tuple(kept[:MAX_VOCABULARY])
    sizes = np.array([len(row) for row in rows] or [0])
    most = MAX_WORDS if level == "word" else MAX_CHARACTERS
    length = int(np.quantile(sizes, LENGTH_QUANTILE, method="higher"))
    if sizes.max() <= 1.5 * length:  # cutting would save little
        length = int(sizes.max())
    length = int(np.clip(length, SHORTEST, most))
    if ledger is not None:
        ledger.note("guessed", "text", f"read as {level}s: {reason}")
        if capitals:
            ledger.note(
                "encoded", "text", "words in capitals are marked: some texts use them, some not"
            )
        dropped = len(counts.keys() - set(vocabulary))
        what = f"vocabulary of {len(vocabulary):,} {level}s from the training rows"
        if dropped:
            what += f"; {dropped:,} seen {'once' if least == 2 else 'rarely'} are unknown"
        ledger.note("encoded", "text", what, len(vocabulary))
        ledger.note(
            "encoded",
            "text",
            f"rows of {length:,} tokens (median {int(np.median(sizes)):,}, longest "
            f"{int(sizes.max()):,})",
        )
    return TextEncoding(
        level=level, vocabulary=vocabulary, length=length, column=column, capitals=capitals
    )


def _uses_capitals(texts: Sequence[str]) -> bool:
    """Whether a share of words, but by far not all, is written in capitals."""
    some = texts[:: max(1, len(texts) // 2000)]
    words = [word for text in some for word in text.split() if len(word) > 1 and word.isalpha()]
    share = sum(word.isupper() for word in words) / max(len(words), 1)
    return SHOUTED[0] < share < SHOUTED[1]


def _choose_level(words: Sequence[Sequence[str]]) -> tuple[Level, str]:
    sizes = np.array([len(row) for row in words] or [0])
    spelled = [len(word) for row in words for word in row if word[0].isalnum()]
    mean = float(np.mean(spelled)) if spelled else 0.0
    if mean > 14:
        return (
            "character",
            f"words of {mean:.0f} characters on average mean a script without spaces",
        )
    different = len(set(chain.from_iterable(words)))
    if np.quantile(sizes, 0.9) <= 3 and different > 0.3 * len(words):
        return "character", "nearly all texts are a word or a name, most of them different"
    return "word", f"texts of {int(np.median(sizes)):,} words (median)"
