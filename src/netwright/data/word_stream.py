"""A corpus becomes Data for vectors of words: a stream of words, each learned from those around it.

Held-out text is asked, of each word, which of eleven words stands near it: a true neighbour, or ten
drawn as training draws them. With a table of pairs as --test, such as WordSim-353, the test is how
similar people find two words.
"""

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import chain
from pathlib import Path

import numpy as np
import pandas as pd
import torch
from numpy.typing import NDArray
from torch import Tensor

from netwright.data.data import Batch, Data, Rows, Source
from netwright.data.ledger import Ledger
from netwright.data.sources import sha256_of
from netwright.data.task import Task
from netwright.data.text_encoding import split_words
from netwright.data.word_encoding import WordEncoding
from netwright.errors import DataError

__all__ = [
    "CHOICES",
    "PAIRS",
    "SAMPLE",
    "WordStream",
    "neighbour_rows",
    "word_pair_rows",
    "words_data",
]

FEWEST_WORDS = 300  # different ones: of fewer no neighbourhood can be told from another
MAX_VOCABULARY = 100_000
RARE = 5  # a word that occurs less often in a large corpus has no vector (Mikolov et al. 2013)
LARGE = 200_000  # words
CHOICES = 11  # a true neighbour and ten drawn words
SAMPLE = 1e-3  # of frequent words, as in Mikolov et al. 2013
WINDOW = 5  # words to either side, from which held-out neighbours are taken
MOST_HELD_OUT = 20_000
PAIRS = "pairs"  # the name of a split that holds them
FEWEST_PAIRS = 10
LONGEST_LINE = 1000  # words, as in word2vec: some corpora are one line from end to end


@dataclass(frozen=True)
class WordStream:
    """A text as ids, one after the other. ids int32 (words,); lines int32 (words,): the line that
    each stands in, for words of two lines are no neighbours."""

    name: str
    ids: Tensor
    lines: Tensor

    def __len__(self) -> int:
        return len(self.ids)

    def batches(
        self,
        batch_size: int,
        *,
        rng: torch.Generator | None = None,
        start: int = 0,
        device: torch.device | None = None,
    ) -> Iterator[Batch]:
        """Yield words (batch,) and those around them (batch, 2 * WINDOW), 0 where there is none;
        the targets are 1 where there is one."""
        order = torch.arange(len(self)) if rng is None else torch.randperm(len(self), generator=rng)
        for centres in order.split(batch_size)[start:]:
            around = around_of(self.ids, self.lines, centres, WINDOW)
            given = self.ids[centres].long()
            yield Batch((given.to(device), around.to(device)), (around > 0).float().to(device))


def around_of(
    ids: Tensor, lines: Tensor, centres: Tensor, window: int, reach: Tensor | None = None
) -> Tensor:
    """Return the ids int64 (batch, 2 * window) around positions (batch,), 0 beyond their line.
    reach (batch,): how many words to either side are meant, where that is fewer."""
    offsets = torch.cat([torch.arange(-window, 0), torch.arange(1, window + 1)])
    places = centres[:, None] + offsets
    inside = places.clamp(0, len(ids) - 1)
    near = (lines[inside] == lines[centres][:, None]) & (places == inside)
    if reach is not None:
        near &= offsets.abs() <= reach[:, None]
    return torch.where(near, ids[inside], 0).long()


def words_data(
    parts: Mapping[str, str],
    *,
    pairs: Path | None = None,
    source: Source,
    ledger: Ledger,
    seed: int = 0,
) -> Data:
    """Build Data from texts called "all", or some of "train", "validation" and "test". pairs: a
    table of two words and a number a row, which becomes the test; else the last twentieth does, and
    the twentieth before it validates."""
    lines = {name: _lines(name, text, ledger) for name, text in parts.items()}
    splits = _split(lines, with_test=pairs is None)
    counts = Counter(chain.from_iterable(splits["train"]))
    total = sum(counts.values())
    least = RARE if total >= LARGE else 2 if total >= LARGE // 10 else 1
    kept = sorted((w for w, n in counts.items() if n >= least), key=lambda w: (-counts[w], w))
    kept = kept[:MAX_VOCABULARY]
    if len(kept) < FEWEST_WORDS:
        different = len({word for part in lines.values() for line in part for word in line})
        often = f" occur {least} times or more" if least > 1 else " are left"
        raise DataError(
            f"Of the {different:,} different words of {source.name} {len(kept):,}{often} where "
            f"the held-out lines are taken away; vectors of words need at least {FEWEST_WORDS}. "
            "Give a longer text."
        )
    encoding = WordEncoding(vocabulary=tuple(kept), counts=tuple(counts[w] for w in kept))
    ledger.note("encoded", "text", f"vocabulary of {len(kept):,} words", len(kept))
    rare = total - sum(encoding.counts)
    if rare:
        ledger.note(
            "dropped", "text", f"words that occur fewer than {least} times have no vector", rare
        )
    streams = {name: _stream(name, rows, encoding) for name, rows in splits.items()}
    sizes = ", ".join(f"{name} {len(stream):,} words" for name, stream in streams.items())
    ledger.note("split", "text", f"by position: {sizes}")
    if pairs is not None:
        test: Rows = word_pair_rows(pairs, encoding, ledger)
        source = Source(
            source.name, (*source.paths, str(pairs)), (*source.sha256, *sha256_of([pairs]))
        )
    else:
        test = neighbour_rows(streams["test"], encoding, seed=seed + 1)
    return Data(
        kind="words",
        task=Task(name="embedding", form="embedding", target="words nearby", outputs=CHOICES),
        encoding=encoding,
        train=streams["train"],
        validation=neighbour_rows(streams["validation"], encoding, seed=seed),
        test=test,
        source=source,
        ledger=ledger,
    )


def _lines(name: str, text: str, ledger: Ledger) -> list[list[str]]:
    """Return the words of each line; a line longer than LONGEST_LINE is cut into several."""
    lines = [split_words(line) for line in text.splitlines() if line.strip()]
    long = sum(len(line) > LONGEST_LINE for line in lines)
    if long:
        where = "text" if name == "all" else name
        ledger.note("encoded", where, f"lines cut into pieces of {LONGEST_LINE:,} words", long)
    return [
        line[at : at + LONGEST_LINE] for line in lines for at in range(0, len(line), LONGEST_LINE)
    ]


def _split(lines: Mapping[str, list[list[str]]], *, with_test: bool) -> dict[str, list[list[str]]]:
    found = {name: rows for name, rows in lines.items() if name in ("validation", "test")}
    if not with_test:
        found.pop("test", None)
    pool = lines["all"] if "all" in lines else lines["train"]
    wanted = ("test", "validation") if with_test else ("validation",)
    twentieth = max(len(pool) // 20, 1)
    for name in wanted:
        if name not in found:
            pool, found[name] = pool[:-twentieth], pool[-twentieth:]
    return {"train": pool, **found}


def _stream(name: str, rows: list[list[str]], encoding: WordEncoding) -> WordStream:
    """Look up all words; unknown ones are taken out, so that those beside them become
    neighbours."""
    lookup = encoding.ids
    sizes = np.array([len(row) for row in rows], dtype=np.int64)
    every = chain.from_iterable(rows)
    ids = np.fromiter((lookup.get(w, 0) for w in every), dtype=np.int32, count=int(sizes.sum()))
    lines = np.repeat(np.arange(len(rows), dtype=np.int32), sizes)
    known = ids > 0
    return WordStream(name, torch.from_numpy(ids[known]), torch.from_numpy(lines[known]))


def neighbour_rows(stream: WordStream, encoding: WordEncoding, *, seed: int) -> Rows:
    """Return questions of held-out text: inputs given (rows,) and asked (rows, CHOICES), a true
    neighbour first, then words drawn as negatives are; targets 0, the place of the true one."""
    rng = torch.Generator().manual_seed(seed)
    centres = torch.randperm(len(stream), generator=rng)[:MOST_HELD_OUT]
    around = around_of(stream.ids, stream.lines, centres, WINDOW)
    # Frequent words are asked as seldom as they are learned.
    chance = torch.from_numpy(encoding.kept(SAMPLE)).float() * (torch.arange(encoding.vocab) > 0)
    weights = chance[around]
    some = (weights.sum(1) > 0) & (
        torch.rand(len(centres), generator=rng) < chance[stream.ids[centres].long()]
    )
    centres, around, weights = centres[some], around[some], weights[some]
    if not len(centres):
        raise DataError(
            f"No line of the {stream.name} text has two known words: there is nothing to judge "
            "vectors by. Give a longer text, with lines of sentences."
        )
    true = around.gather(1, torch.multinomial(weights, 1, generator=rng))
    noise = torch.from_numpy(encoding.noise)
    drawn = torch.multinomial(noise, len(true) * (CHOICES - 1), replacement=True, generator=rng)
    asked = torch.cat([true, drawn.view(len(true), -1)], 1)
    given = stream.ids[centres].long()
    return Rows(stream.name, (given, asked), torch.zeros(len(given), dtype=torch.int64))


def word_pair_rows(path: Path, encoding: WordEncoding, ledger: Ledger) -> Rows:
    """Read a table of word, word, similarity: inputs are the ids (rows,) of both, the targets float
    (rows,). Lines that begin with # are comments; pairs with an unknown word are left out."""
    frame = read_pairs(path, ledger)
    ids = [
        [encoding.ids.get(str(word).lower(), 0) for word in frame.iloc[:, column]]
        for column in (0, 1)
    ]
    scores: NDArray[np.float64] = frame.iloc[:, 2].to_numpy(dtype=np.float64)
    first, second = torch.tensor(ids[0]), torch.tensor(ids[1])
    known = (first > 0) & (second > 0) & torch.from_numpy(np.isfinite(scores))
    left = int((~known).sum())
    if left:
        ledger.note("dropped", path.name, "pairs with a word that the corpus lacks", left)
    if int(known.sum()) < FEWEST_PAIRS:
        raise DataError(
            f"{path.name}: of {len(known):,} pairs {int(known.sum())} have words that the corpus "
            f"knows; a correlation needs at least {FEWEST_PAIRS}. Give a larger corpus, or pairs "
            "of its words."
        )
    targets = torch.tensor(scores.tolist())[known]
    raw = [f"{row[0]} / {row[1]}" for row in frame[known.numpy()].itertuples(index=False)]
    return Rows(PAIRS, (first[known], second[known]), targets, raw, known.nonzero().squeeze(1))


def read_pairs(path: Path, ledger: Ledger) -> pd.DataFrame:
    """Return the first two words of each line and the number that ends it."""
    text = path.read_text(encoding="utf-8", errors="replace")
    lines = [line for line in text.splitlines() if line.strip() and not line.startswith("#")]
    cells = [line.replace(",", "\t").split("\t") for line in lines]
    rows = [(c[0].strip(), c[1].strip(), _number(c[2])) for c in cells if len(c) >= 3]
    rows = [row for row in rows if row[2] == row[2]]
    if not rows:
        raise DataError(
            f"{path.name} holds no pairs; expected a line for each: word, word and how similar "
            "they are, with tabs or commas between."
        )
    return pd.DataFrame(rows, columns=["first", "second", "similarity"])


def _number(cell: str) -> float:
    try:
        return float(cell)
    except ValueError:
        return float("nan")
