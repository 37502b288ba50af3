"""StreamedRows: the training rows of a table that stays on disk, read in pieces while a net trains.

An epoch visits the row groups in random order, some at a time; the rows of those are encoded,
mixed and cut into batches. All randomness comes from one draw of `rng`, so an epoch can be entered
at any batch: pieces before it are not read.
"""

from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from netwright.data.cells import NumberFormat
from netwright.data.data import Batch, Encoding
from netwright.data.known_targets import encode_known_targets
from netwright.data.ledger import Ledger
from netwright.data.row_groups import Piece, read_piece
from netwright.data.task import Task

__all__ = ["StreamedRows", "row_hashes"]


def row_hashes(first: int, rows: int, seed: int) -> NDArray[np.uint64]:
    """Return a 64-bit number for each of `rows` rows from number `first` on, no two alike, in no
    order.

    SplitMix64, Steele, Lea and Flood 2014 (OOPSLA).
    """
    with np.errstate(over="ignore"):
        z = np.arange(first + 1, first + rows + 1, dtype=np.uint64) * np.uint64(0x9E3779B97F4A7C15)
        z += np.uint64(seed) * np.uint64(0xD1342543DE82EF95)
        z = (z ^ (z >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
        z = (z ^ (z >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
        return z ^ (z >> np.uint64(31))


@dataclass(frozen=True)
class StreamedRows:
    """A Split. counts: training rows of each piece. lowest: rows whose hash is below it are not for
    training. together: how many pieces are mixed at a time.
    """

    name: str
    pieces: tuple[Piece, ...]
    counts: tuple[int, ...]
    encoding: Encoding
    task: Task
    targets: tuple[str, ...]
    columns: tuple[str, ...]
    lowest: int = 0
    seed: int = 0
    together: int = 4
    numbers: Mapping[str, NumberFormat] = field(default_factory=dict)

    def __len__(self) -> int:
        return sum(self.counts)

    def batches(
        self,
        batch_size: int,
        *,
        rng: torch.Generator | None = None,
        start: int = 0,
        device: torch.device | None = None,
    ) -> Iterator[Batch]:
        """Yield one epoch from batch number `start` on: shuffled by `rng`, or in row order without
        one."""
        order = np.arange(len(self.pieces))
        drawn: int | None = None
        if rng is not None:
            drawn = int(torch.randint(0, 2**62, (1,), generator=rng))
            order = np.random.default_rng(drawn).permutation(len(self.pieces))
        buffers = [order[at : at + self.together] for at in range(0, len(order), self.together)]
        ends = np.cumsum([sum(self.counts[i] for i in buffer) for buffer in buffers])
        position = start * batch_size
        at = int(np.searchsorted(ends, position, side="right"))
        skipped = position - (int(ends[at - 1]) if at else 0)
        rest: tuple[Tensor, ...] | None = None
        for tensors in self._buffers(buffers, at, drawn):
            if skipped:
                tensors, skipped = tuple(x[skipped:] for x in tensors), 0
            if rest is not None:
                tensors = tuple(torch.cat(pair) for pair in zip(rest, tensors, strict=True))
            whole = len(tensors[0]) // batch_size * batch_size
            for begin in range(0, whole, batch_size):
                yield _batch(tensors, slice(begin, begin + batch_size), device)
            rest = tuple(x[whole:] for x in tensors)
        if rest is not None and len(rest[0]):
            yield _batch(rest, slice(None), device)

    def _buffers(
        self, buffers: Sequence[NDArray[np.int64]], at: int, drawn: int | None
    ) -> Iterator[tuple[Tensor, ...]]:
        """Yield the encoded, mixed rows of each buffer from number `at` on, the next one read
        meanwhile."""
        with ThreadPoolExecutor(1) as pool:
            try:
                coming = None
                for number in range(at, len(buffers)):
                    now = coming or pool.submit(self._read, buffers[number], number, drawn)
                    following = number + 1
                    coming = (
                        pool.submit(self._read, buffers[following], following, drawn)
                        if following < len(buffers)
                        else None
                    )
                    yield now.result()
            finally:  # the consumer may stop in the middle of an epoch
                pool.shutdown(wait=True, cancel_futures=True)

    def _read(
        self, buffer: NDArray[np.int64], number: int, drawn: int | None
    ) -> tuple[Tensor, ...]:
        """Return (inputs..., targets) of the pieces in `buffer`."""
        parts = [self.read(self.pieces[i]) for i in buffer]
        tensors = tuple(torch.cat(pieces) for pieces in zip(*parts, strict=True))
        expected = sum(self.counts[i] for i in buffer)
        assert len(tensors[0]) == expected, f"{len(tensors[0])} rows where {expected} were counted"
        if drawn is None:
            return tensors
        mixed = torch.from_numpy(np.random.default_rng((drawn, number)).permutation(expected))
        return tuple(x[mixed] for x in tensors)

    def read(self, piece: Piece) -> tuple[Tensor, ...]:
        """Return (inputs..., targets) of the training rows of one piece, in order."""
        frame = read_piece(piece, list(dict.fromkeys([*self.columns, *self.targets])))
        hashes = row_hashes(piece.first, piece.rows, self.seed)
        frame = frame[hashes >= np.uint64(self.lowest)]
        targets, kept = encode_known_targets(
            frame, self.targets, self.task, Ledger(), numbers=self.numbers
        )
        return (*self.encoding.encode(frame.iloc[kept]), targets)


def _batch(tensors: tuple[Tensor, ...], rows: slice, device: torch.device | None) -> Batch:
    *inputs, targets = (x[rows] if device is None else x[rows].to(device) for x in tensors)
    return Batch(tuple(inputs), targets)
