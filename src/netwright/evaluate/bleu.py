"""BLEU: how many runs of 1 to 4 words a translation shares with its reference (Papineni et al.
2002, ACL), from 0 to 100.

Counted by sacrebleu with its defaults (13a words, cased, exp smoothing; Post 2018,
arXiv:1804.08771). Its counts add up over sentences, so that a bootstrap is a weighted sum of them.
"""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from sacrebleu.metrics.bleu import BLEU

from netwright.evaluate.bootstrap import Array

__all__ = ["SIGNATURE", "bleu_of", "count_ngrams"]

ORDER = 4
SIGNATURE = "sacrebleu, 13a words, cased, exp smoothing"


def count_ngrams(said: Sequence[str], references: Sequence[str]) -> NDArray[np.int64]:
    """Return (sentences, 10): runs of 1 to 4 words that are right, runs that were said, words that
    were said and words of the reference.
    """
    metric = BLEU(effective_order=True)  # of single sentences; the corpus' own is below
    rows = []
    for ours, theirs in zip(said, references, strict=True):
        found = metric.sentence_score(ours, [theirs])
        rows.append([*found.counts, *found.totals, found.sys_len, found.ref_len])
    return np.array(rows, dtype=np.int64).reshape(-1, 2 * ORDER + 2)


def bleu_of(counts: Array) -> Array:
    """Return the BLEU of summed counts (10, resamples), 0 to 100."""
    right, said = counts[:ORDER], counts[ORDER : 2 * ORDER]
    ours, theirs = counts[2 * ORDER], counts[2 * ORDER + 1]
    logs = np.zeros(counts.shape[1])
    smooth = np.ones(counts.shape[1])
    for n in range(ORDER):
        none = right[n] <= 0
        smooth = np.where(none, smooth * 2, smooth)
        share = np.where(none, 1 / (smooth * np.maximum(said[n], 1)), right[n])
        share = np.where(none, share, share / np.maximum(said[n], 1))
        logs += np.log(share) / ORDER
    brevity = np.where(ours < theirs, np.exp(1 - theirs / np.maximum(ours, 1)), 1.0)
    # sacrebleu: without a single run of four words said, or a right word, there is nothing.
    some = (ours > 0) & (said > 0).all(0) & (right.sum(0) > 0)
    return np.where(some, 100 * brevity * np.exp(logs), 0.0)
