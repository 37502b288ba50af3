"""Pieces: texts become frequent parts of words, by byte-pair encoding, and pieces become texts
again.

Training words are spelled in letters; again and again the commonest pair of neighbours is joined
(Sennrich, Haddow and Birch 2016, arXiv:1508.07909). A blank belongs to the word after it, as "▁":
pieces joined are the text as it was (Kudo and Richardson 2018, arXiv:1808.06226).
"""

import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from itertools import pairwise
from typing import Any

__all__ = ["END", "FIRST_PIECE", "START", "UNKNOWN", "Pieces", "fit_pieces"]

PADDING, UNKNOWN, START, END, FIRST_PIECE = 0, 1, 2, 3, 4
BLANK = "▁"
MAX_WORDS = 50_000  # distinct ones that pairs are counted in
MAX_LETTERS = 2_000

_WORD = re.compile(rf"{BLANK}?(?:[^\W\d_]+|\d|[^\w\s{BLANK}]+|_)|{BLANK}")

Pair = tuple[str, str]


@dataclass(frozen=True)
class Pieces:
    """vocabulary: the pieces of ids 4, 5, ... merges: pairs that are joined, the first ones
    first."""

    vocabulary: tuple[str, ...]
    merges: tuple[Pair, ...]
    _cache: dict[str, list[int]] = field(default_factory=dict, compare=False, repr=False)

    def __len__(self) -> int:
        """How many ids there are: those of padding, unknown, start and end too."""
        return len(self.vocabulary) + FIRST_PIECE

    @cached_property
    def ids(self) -> dict[str, int]:
        """Piece -> id."""
        return {piece: at for at, piece in enumerate(self.vocabulary, FIRST_PIECE)}

    @cached_property
    def ranks(self) -> dict[Pair, int]:
        """Pair -> when it is joined."""
        return {pair: at for at, pair in enumerate(self.merges)}

    def encode(self, text: str) -> list[int]:
        """Return the ids of a text, without start and end."""
        found: list[int] = []
        for word in split_text(text):
            known = self._cache.get(word)
            if known is None:
                known = [self.ids.get(piece, UNKNOWN) for piece in self._join(word)]
                self._cache[word] = known
            found += known
        return found

    def decode(self, ids: Iterable[int]) -> str:
        """Return the text of ids, up to the first end or padding."""
        parts = []
        for at in ids:
            if at in (PADDING, END):
                break
            parts.append(self.vocabulary[at - FIRST_PIECE] if at >= FIRST_PIECE else "")
        return "".join(parts).replace(BLANK, " ").strip()

    def _join(self, word: str) -> list[str]:
        parts, ranks = list(word), self.ranks
        while len(parts) > 1:
            pair = min(pairwise(parts), key=lambda p: ranks.get(p, len(ranks)))
            if pair not in ranks:
                break
            parts = _joined(parts, pair)
        return parts

    def to_dict(self) -> dict[str, Any]:
        """Return the JSON form."""
        return {"vocabulary": list(self.vocabulary), "merges": [list(pair) for pair in self.merges]}

    @classmethod
    def from_dict(cls, values: Mapping[str, Any]) -> "Pieces":
        """Read the JSON form."""
        merges = tuple((first, second) for first, second in values["merges"])
        return cls(tuple(values["vocabulary"]), merges)


def split_text(text: str) -> list[str]:
    """Cut a text into words, each with the blank before it; any run of blanks is one."""
    line = " ".join(text.replace(BLANK, "_").split())
    return _WORD.findall((BLANK + line.replace(" ", BLANK)) if line else "")


def fit_pieces(texts: Iterable[str], count: int) -> Pieces:
    """Learn at most `count` pieces from texts; a pair that occurs once is not joined."""
    words = Counter(word for text in texts for word in split_text(text))
    words = Counter(dict(words.most_common(MAX_WORDS)))
    letters = Counter[str]()
    for word, times in words.items():
        for letter in word:
            letters[letter] += times
    alphabet = sorted(letter for letter, _ in letters.most_common(min(MAX_LETTERS, count)))
    merges = _learn(words, count - len(alphabet))
    pieces = dict.fromkeys([*alphabet, *(a + b for a, b in merges)])
    return Pieces(tuple(pieces), tuple(merges))


def _learn(words: Counter[str], count: int) -> list[Pair]:
    spelled = [list(word) for word in words]
    times = list(words.values())
    pairs: Counter[Pair] = Counter()
    where: dict[Pair, set[int]] = defaultdict(set)
    for at, parts in enumerate(spelled):
        for pair in pairwise(parts):
            pairs[pair] += times[at]
            where[pair].add(at)
    merges: list[Pair] = []
    while len(merges) < count and pairs:
        best = max(pairs, key=lambda pair: (pairs[pair], pair))
        if pairs[best] < 2:
            break
        merges.append(best)
        for at in where.pop(best):
            before = spelled[at]
            after = _joined(before, best)
            for pair in pairwise(before):
                pairs[pair] -= times[at]
            for pair in pairwise(after):
                pairs[pair] += times[at]
                where[pair].add(at)
            spelled[at] = after
        del pairs[best]
    return merges


def _joined(parts: Sequence[str], pair: Pair) -> list[str]:
    found: list[str] = []
    at = 0
    while at < len(parts):
        if tuple(parts[at : at + 2]) == pair:
            found.append(parts[at] + parts[at + 1])
            at += 2
        else:
            found.append(parts[at])
            at += 1
    return found
