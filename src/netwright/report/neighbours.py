"""sample_neighbours: what lies near some words, and near sums of words, of a model of vectors."""

import numpy as np

from netwright.data.word_encoding import WordEncoding
from netwright.model.model import Model
from netwright.model.neighbours import neighbours_of, vectors_of

__all__ = ["sample_neighbours"]

NEAREST = 6
WORDS = 12  # shown, from the frequent to the rare
SKIPPED = 200  # the most frequent words mean little by themselves
SHORTEST = 4  # letters of a word that is shown
# What of Mikolov et al.'s analogies the corpus has all words of.
SUMS = (
    "king - man + woman",
    "paris - france + germany",
    "better - good + bad",
    "bigger - big + small",
    "brother - boy + girl",
    "walked - walk + play",
    "cars - car + house",
    "he - his + her",
)


def sample_neighbours(model: Model) -> list[tuple[str, list[str]]]:
    """Return (word or sum, its nearest words); nothing for models of other tasks."""
    encoding = model.encoding
    if not isinstance(encoding, WordEncoding):
        return []
    every = encoding.vocabulary
    plain = [w for w in every if w.isalpha() and len(w) >= SHORTEST] or list(every)
    start = min(SKIPPED, len(plain) // 2)
    # Evenly by the logarithm of the rank, as words are used.
    ranks = np.geomspace(start + 1, max(len(plain) // 4, start + WORDS), WORDS)
    shown = list(dict.fromkeys(plain[min(int(rank), len(plain) - 1)] for rank in ranks))
    asked = shown + [
        one for one in SUMS if all(w in encoding.ids for w in one.split() if w.isalpha())
    ]
    ids, signs = encoding.encode(asked)
    _, found = neighbours_of(vectors_of(model.net), ids, signs, count=NEAREST)
    return [
        (name, [encoding.vocabulary[at - 1] for at in row])
        for name, row in zip(asked, found.tolist(), strict=True)
    ]
