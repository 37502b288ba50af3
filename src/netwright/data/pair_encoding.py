"""PairEncoding: a text and its translation become ids of pieces, each side with a vocabulary of its
own.

The net is given the source, ended by a mark, and the target moved one step to the right behind a
start mark (teacher forcing): at each step it is asked for the next piece, at last for the end mark.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor

from netwright.data.data import Kind
from netwright.data.ledger import Ledger
from netwright.data.pieces import END, START, UNKNOWN, Pieces, fit_pieces
from netwright.data.sentence_encoding import IGNORED
from netwright.data.text_encoding import PADDING, as_texts, pad_rows

__all__ = ["PairEncoding", "fit_pair_encoding"]

# Pieces of each side: enough for most words of short texts; a larger vocabulary makes every step
# dearer and its rare pieces hardly learned (Sennrich and Zhang 2019, arXiv:1905.11901).
PIECES = 4_000
LONGEST = 200  # pieces of a text that are read; attention costs their square


@dataclass(frozen=True, kw_only=True)
class PairEncoding:
    """source, target: the pieces of both sides. length: ids of the longest row of either."""

    source: Pieces
    target: Pieces
    length: int

    @property
    def kind(self) -> Kind:
        return "text-pair"

    def encode(self, raw: Iterable[Any], ledger: Ledger | None = None) -> tuple[Tensor, ...]:
        """Turn texts into (source int32 (rows, time),), or pairs of texts into (source, given),
        given int32 (rows, steps)."""
        rows = list(raw)
        if not rows or isinstance(rows[0], str):
            return (self._rows(self.source, as_texts(rows), ledger, "source"),)
        given, _ = self._targets([row[1] for row in rows], ledger)
        return self._rows(self.source, [row[0] for row in rows], ledger, "source"), given

    def targets(self, texts: Sequence[str]) -> Tensor:
        """Return what is asked of each step, int64 (rows, steps), -100 beyond the text's end."""
        return self._targets(texts, None)[1]

    def prepare(self, inputs: tuple[Tensor, ...]) -> tuple[Tensor, ...]:
        """Cut the padding that no row of the batch needs and widen to int64."""
        return tuple(x[:, : max(int((x != PADDING).any(0).sum()), 1)].long() for x in inputs)

    def shapes(self) -> Mapping[str, Any]:
        return {
            "source_vocab": len(self.source),
            "vocab": len(self.target),
            "length": self.length,
        }

    def to_dict(self) -> dict[str, Any]:
        return {
            "type": "text-pair",
            "kind": "text-pair",
            "length": self.length,
            "source": self.source.to_dict(),
            "target": self.target.to_dict(),
        }

    def tensors(self) -> dict[str, Tensor]:
        return {}

    @classmethod
    def from_dict(cls, values: Mapping[str, Any], tensors: Mapping[str, Tensor]) -> "PairEncoding":
        """Read the JSON form."""
        return cls(
            source=Pieces.from_dict(values["source"]),
            target=Pieces.from_dict(values["target"]),
            length=values["length"],
        )

    def _rows(
        self, pieces: Pieces, texts: Sequence[str], ledger: Ledger | None, side: str
    ) -> Tensor:
        spelled = [pieces.encode(text) for text in texts]
        if ledger is not None:
            _note(spelled, ledger, side)
        ended = [[*row[: LONGEST - 1], END] for row in spelled]
        return torch.from_numpy(pad_rows(ended, max([self.length, *map(len, ended)])))

    def _targets(self, texts: Sequence[str], ledger: Ledger | None) -> tuple[Tensor, Tensor]:
        asked = self._rows(self.target, as_texts(texts), ledger, "target")
        given = torch.cat([torch.full_like(asked[:, :1], START), asked[:, :-1]], 1)
        given = given.masked_fill((given == END) | (asked == PADDING), PADDING)
        return given, asked.long().masked_fill(asked == PADDING, IGNORED)


def _note(spelled: Sequence[Sequence[int]], ledger: Ledger, side: str) -> None:
    cut = sum(len(row) >= LONGEST for row in spelled)
    if cut:
        ledger.note("clipped", side, f"texts longer than {LONGEST - 1} pieces lose their end", cut)
    empty = sum(not row for row in spelled)
    if empty:
        ledger.note("encoded", side, "texts without a piece, read as an end alone", empty)
    unknown = sum(row.count(UNKNOWN) for row in spelled)
    if unknown:
        what = "pieces are of letters that training lacks, read as unknown"
        ledger.note("encoded", side, what, unknown)


def fit_pair_encoding(pairs: Sequence[tuple[str, str]], ledger: Ledger) -> PairEncoding:
    """Learn the pieces of both sides from training pairs, and say so in the ledger."""
    source, target = (fit_pieces((pair[side] for pair in pairs), PIECES) for side in (0, 1))
    longest = 0
    for name, pieces, side in (("source", source, 0), ("target", target, 1)):
        sizes = [len(pieces.encode(pair[side])) + 1 for pair in pairs]
        longest = max(longest, *sizes)
        ledger.note(
            "encoded",
            name,
            f"{len(pieces.vocabulary):,} byte-pair pieces, {sum(sizes) / len(sizes):.1f} a text",
            len(pieces.vocabulary),
        )
    return PairEncoding(source=source, target=target, length=min(longest, LONGEST))
