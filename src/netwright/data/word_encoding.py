"""WordEncoding: the words of a corpus and how often they occur; 0 is padding.

Also how words are asked about: "king - man + woman" is read as a sum of vectors.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
import pandas as pd
import torch
from numpy.typing import NDArray
from torch import Tensor

from netwright.data.data import Kind
from netwright.data.ledger import Ledger
from netwright.data.text_encoding import as_texts, split_words

__all__ = ["PADDING", "WordEncoding"]

PADDING, FIRST = 0, 1
MOST_WORDS = 8  # of a sum


@dataclass(frozen=True, kw_only=True)
class WordEncoding:
    """vocabulary: the words of ids 1, 2, ..., the most frequent first. counts: how often each
    occurs in training."""

    vocabulary: tuple[str, ...]
    counts: tuple[int, ...]

    @property
    def kind(self) -> Kind:
        return "words"

    @cached_property
    def ids(self) -> dict[str, int]:
        """Word -> id."""
        return {word: at for at, word in enumerate(self.vocabulary, FIRST)}

    @cached_property
    def noise(self) -> NDArray[np.float64]:
        """How likely each id is drawn as a negative, (vocab,): as its count to the power of 0.75
        (Mikolov et al. 2013)."""
        weights = np.array([0, *self.counts], dtype=np.float64) ** 0.75
        share: NDArray[np.float64] = weights / weights.sum()
        return share

    @property
    def vocab(self) -> int:
        """How many ids there are, padding included."""
        return len(self.vocabulary) + FIRST

    def kept(self, sample: float) -> NDArray[np.float64]:
        """Return the chance of each id (vocab,) to be kept where frequent words are left out: f its
        share, sqrt(t / f) + t / f, at most 1. sample: t; 0 keeps all."""
        share = np.array([1, *self.counts]) / max(sum(self.counts), 1)
        chance = np.sqrt(sample / share) + sample / share if sample else np.ones(self.vocab)
        found: NDArray[np.float64] = np.minimum(chance, 1.0)
        return found

    def encode(self, raw: Any, ledger: Ledger | None = None) -> tuple[Tensor, ...]:
        """Turn words, or sums of them, into ids int64 (rows, MOST_WORDS), 0 for padding, and their
        signs float32 of the same shape. A row with an unknown word is all padding."""
        texts = as_texts(raw.iloc[:, 0] if isinstance(raw, pd.DataFrame) else raw)
        ids = torch.zeros(len(texts), MOST_WORDS, dtype=torch.int64)
        signs = torch.zeros(len(texts), MOST_WORDS)
        unseen = []
        for row, text in enumerate(texts):
            terms = list(_terms(text))[:MOST_WORDS]
            unknown = [word for word, _ in terms if word not in self.ids]
            if unknown or not terms:
                unseen.append(unknown[0] if unknown else "(no word)")
                continue
            for place, (word, sign) in enumerate(terms):
                ids[row, place], signs[row, place] = self.ids[word], sign
        if unseen and ledger is not None:
            shown = ", ".join(sorted(set(unseen))[:5]) + (", ..." if len(set(unseen)) > 5 else "")
            what = f"rows with a word that the corpus lacks have no neighbours: {shown}"
            ledger.note("warned", "words", what, len(unseen))
        return ids, signs

    def prepare(self, inputs: tuple[Tensor, ...]) -> tuple[Tensor, ...]:
        return inputs

    def shapes(self) -> Mapping[str, Any]:
        return {"vocab": self.vocab}

    def to_dict(self) -> dict[str, Any]:
        return {
            "type": "words",
            "kind": "words",
            "vocabulary": list(self.vocabulary),
            "counts": list(self.counts),
        }

    def tensors(self) -> dict[str, Tensor]:
        return {}

    @classmethod
    def from_dict(cls, values: Mapping[str, Any], tensors: Mapping[str, Tensor]) -> "WordEncoding":
        """Read the JSON form."""
        return cls(vocabulary=tuple(values["vocabulary"]), counts=tuple(values["counts"]))


def _terms(text: str) -> Iterable[tuple[str, float]]:
    """Read "king - man + woman" as (word, sign)."""
    sign = 1.0
    for token in split_words(text):
        if token in ("+", "-"):
            sign = 1.0 if token == "+" else -1.0
            continue
        yield token, sign
        sign = 1.0
