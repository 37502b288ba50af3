"""Metrics of tagged sentences: how many tokens are right, and of entities whole spans alone.

An entity is right where its first token, its last and its type are (Tjong Kim Sang and De Meulder
2003; the rules are those of conlleval and seqeval's default: a tag I- after another type begins an
entity too). IOB1, BIO, IOBES and BILOU are read alike.
"""

from collections import Counter
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from netwright.evaluate.bootstrap import Array, Measure

__all__ = ["Span", "entities_in", "has_entities", "measure_tags", "span_counts", "spans"]

Span = tuple[int, int, str]  # first token, the one after the last, type
Tags = Sequence[str]
PREFIXES = "BIESLU"
_BEGINS, _ENDS = "BSU", "ESLU"  # tags that begin, or end, an entity wherever they stand


def has_entities(classes: Sequence[str]) -> bool:
    """Say whether tags are of spans: "O" and prefixed types alone."""
    inside = [name for name in classes if name != "O"]
    return bool(inside) and all(len(n) > 2 and n[0] in PREFIXES and n[1] == "-" for n in inside)


def spans(tags: Tags) -> set[Span]:
    """Return the entities of a sentence."""
    found: set[Span] = set()
    start: int | None = None
    before, kind = "O", ""
    for at, tag in enumerate([*tags, "O"]):
        prefix, _, name = tag.partition("-")
        if start is not None and (
            prefix == "O" or prefix in _BEGINS or name != kind or before in _ENDS
        ):
            found.add((start, at, kind))
            start = None
        if start is None and prefix != "O":
            start = at
        before, kind = prefix, name
    return found


def entities_in(tokens: Sequence[str], tags: Tags) -> str:
    """Spell the entities of a sentence: "Empire State Building (location), ESB (location)"."""
    found = sorted(spans(tags))
    return ", ".join(f"{' '.join(tokens[a:b])} ({kind})" for a, b, kind in found) or "none"


def span_counts(predicted: Sequence[Tags], true: Sequence[Tags]) -> dict[str, NDArray[np.int64]]:
    """Return of each type the entities (sentences, 3): right, called, true."""
    counts: dict[str, Counter[tuple[int, int]]] = {}
    for row, (said, is_) in enumerate(zip(predicted, true, strict=True)):
        called, truth = spans(said), spans(is_)
        for column, group in enumerate((called & truth, called, truth)):
            for _, _, kind in group:
                counts.setdefault(kind, Counter())[row, column] += 1
    found = {}
    for kind in sorted(counts):
        table = np.zeros((len(true), 3), dtype=np.int64)
        for place, count in counts[kind].items():
            table[place] = count
        found[kind] = table
    return found


def measure_tags(
    hits: NDArray[np.int64],
    tokens: NDArray[np.int64],
    nats: Array,
    entities: NDArray[np.int64] | None,
) -> Measure:
    """Prepare sentences: hits and tokens (rows,), how many tags are right and how many there are;
    nats (rows,), their sum; entities (rows, 3): right, called and true, or None.
    """
    columns = [hits, tokens, nats]
    if entities is not None:
        columns += list(entities.T)
    sums = np.stack([np.asarray(column, dtype=np.float64) for column in columns])

    def measure(weights: Array) -> dict[str, Array]:
        right, total, loss, *rest = sums @ weights
        total = np.maximum(total, 1)
        found = {"accuracy": right / total, "nats": loss / total}
        if rest:
            good, called, true = rest
            found["entity_precision"] = good / np.maximum(called, 1)
            found["entity_recall"] = good / np.maximum(true, 1)
            found["entity_f1"] = 2 * good / np.maximum(called + true, 1)
        return found

    return measure
