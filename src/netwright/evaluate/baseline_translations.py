"""Baselines of translators: how often each piece occurs, and words by their commonest translation.

The second is IBM model 1 (Brown et al. 1993, Computational Linguistics 19): which word of the
target each word of the source stands for, by expectation and maximisation over the training pairs;
then the words are written in the source's order.
"""

import time
from collections import defaultdict
from collections.abc import Sequence

import torch
from torch import Tensor

from netwright.data.sentence_encoding import as_tokens

__all__ = ["piece_nats", "word_by_word"]

ROUNDS = 8
LONGEST = 40  # words of a text: a round costs the product of both sides


def piece_nats(train: Tensor, test: Tensor) -> Tensor:
    """Return the nats of each test target (rows, steps), by how often it occurs in training; 0
    where nothing is asked (-100)."""
    most = int(max(train.max(), test.max())) + 1
    counts = torch.bincount(train[train >= 0], minlength=most) + 1.0
    nats = -(counts / counts.sum()).log()
    return nats[test.clamp_min(0)] * (test >= 0)


def word_by_word(
    pairs: Sequence[tuple[str, str]], texts: Sequence[str], *, deadline: float
) -> tuple[list[str], int]:
    """Return the texts translated, and how many pairs were learned from before the deadline
    (monotonic)."""
    begun = time.monotonic()
    spelled, words = [], 0
    for source, target in pairs:
        pair = (as_tokens(source.lower())[:LONGEST], as_tokens(target)[:LONGEST])
        spelled.append(pair)
        words += len(pair[0]) * len(pair[1])
        # Measured: a round takes about half a microsecond a pair of words.
        if ROUNDS * words * 5e-7 > 0.5 * (deadline - begun):
            break
    table = _model_1(spelled, deadline)
    best = {
        word: max(shares, key=lambda other: (shares[other], other))
        for word, shares in table.items()
    }
    said = [" ".join(best.get(w, w) for w in as_tokens(text.lower())) for text in texts]
    joined = [_joined(text, like=source) for text, source in zip(said, texts, strict=True)]
    return joined, len(spelled)


def _model_1(
    pairs: Sequence[tuple[list[str], list[str]]], deadline: float
) -> dict[str, dict[str, float]]:
    """Return how likely each source word stands for each target word."""
    table: dict[str, dict[str, float]] = {}
    for _ in range(ROUNDS):
        counts: dict[str, dict[str, float]] = defaultdict(lambda: defaultdict(float))
        for source, target in pairs:
            known = [table.get(word) for word in source]
            for other in target:
                shares = [1.0 if one is None else one.get(other, 1e-9) for one in known]
                total = sum(shares)
                for word, share in zip(source, shares, strict=True):
                    counts[word][other] += share / total
        for word, found in counts.items():
            total = sum(found.values())
            counts[word] = {other: count / total for other, count in found.items()}
        table = dict(counts)
        if time.monotonic() > deadline:
            break
    return table


def _joined(text: str, *, like: str) -> str:
    """Take the blanks before marks out, and begin with a capital where the source does."""
    for mark in ".,!?;:":
        text = text.replace(f" {mark}", mark)
    return text[:1].upper() + text[1:] if like[:1].isupper() else text
