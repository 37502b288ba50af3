"""Baselines of taggers: the most frequent tag of each word (trivial), and logistic regression on a
token's word, letters, capitals and neighbours (linear; the features of Ratnaparkhi 1996, EMNLP).
"""

from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from sklearn.feature_extraction import FeatureHasher
from torch import Tensor

from netwright.data.data import Rows
from netwright.data.sentence_encoding import case_of
from netwright.evaluate.baseline_models import fit_logistic

__all__ = ["FEATURES", "Sentences", "by_features", "by_word", "sentences_of"]

FEATURES = "a token's word, ends, capitals and neighbours"
COLUMNS = 2**16  # of the hashed features
MOST_TOKENS = 200_000


@dataclass(frozen=True)
class Sentences:
    """tokens: of each sentence. targets: int64 (rows, time), -100 where nothing is asked."""

    tokens: Sequence[Sequence[str]]
    targets: Tensor

    def asked(self) -> NDArray[np.bool_]:
        """Return which of all tokens, one after another, have a target."""
        rows = zip(self.tokens, self.targets.numpy() != -100, strict=True)
        return np.concatenate([mask[: len(tokens)] for tokens, mask in rows])

    def ids(self) -> NDArray[np.int64]:
        """Return the targets of those tokens."""
        found: NDArray[np.int64] = self.targets.numpy()[self.targets.numpy() != -100]
        return found

    def logits(self, scores: NDArray[np.float64]) -> Tensor:
        """Lay scores (tokens, tags) of those tokens out as a net would (rows, time, tags)."""
        laid = torch.zeros(*self.targets.shape, scores.shape[1])
        laid[self.targets != -100] = torch.from_numpy(scores).float()
        return laid


def sentences_of(split: Rows) -> Sentences:
    """Return a split's sentences, the last of them left out where there are very many."""
    total = np.cumsum([len(tokens) for tokens in split.raw])
    rows = max(int(np.searchsorted(total, MOST_TOKENS, side="right")), 1)
    return Sentences(split.raw[:rows], split.targets[:rows].cpu())


def by_word(train: Sentences, test: Sentences, tags: int) -> Tensor:
    """Return log shares (rows, time, tags): how often the word had each tag, mixed with how often
    any word has it.
    """
    ids = train.ids()
    any_word = np.bincount(ids, minlength=tags) + 1.0
    any_word /= any_word.sum()
    counts: dict[str, Counter[int]] = defaultdict(Counter)
    for word, tag in zip(_words(train), ids.tolist(), strict=True):
        counts[word][tag] += 1
    words = _words(test)
    table = np.tile(any_word, (len(words), 1))
    for row, word in enumerate(words):
        for tag, count in counts.get(word, {}).items():
            table[row, tag] += count
    return test.logits(np.log(table / table.sum(1, keepdims=True)))


def by_features(
    train: Sentences, others: Sequence[Sentences], tags: int, *, deadline: float, seed: int
) -> tuple[list[Tensor], str]:
    """Return log probabilities (rows, time, tags) of each of `others`, and what time cut."""
    hasher = FeatureHasher(COLUMNS, input_type="string", alternate_sign=False)
    fitted = fit_logistic(
        hasher.transform(_features(train)), train.ids(), classes=tags, deadline=deadline, seed=seed
    )
    found = []
    for one in others:
        shares = fitted.predict(hasher.transform(_features(one)))
        found.append(one.logits(np.log(np.clip(shares, 1e-12, 1))))
    return found, fitted.cut


def _words(sentences: Sentences) -> list[str]:
    words = [token.lower() for tokens in sentences.tokens for token in tokens]
    return [words[at] for at in np.flatnonzero(sentences.asked())]


def _features(sentences: Sentences) -> Iterator[list[str]]:
    asked = iter(sentences.asked())
    for tokens in sentences.tokens:
        cases = [case_of(token) for token in tokens]
        lower = [token.lower() for token in tokens]
        for at, word in enumerate(lower):
            if not next(asked):
                continue
            case = cases[at]
            found = ["bias", f"w={word}", f"c={case}", f"first={at == 0},{case}"]
            found += [f"ends={word[-k:]}" for k in (1, 2, 3)]
            found += [f"begins={word[:k]}" for k in (1, 2, 3)]
            for step in (-2, -1, 1, 2):
                near = at + step
                inside = 0 <= near < len(tokens)
                found.append(f"w{step}={lower[near] if inside else ''}")
                found.append(f"c{step}={cases[near] if inside else ''},{case}")
            yield found
