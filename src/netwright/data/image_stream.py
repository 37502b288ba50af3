"""ImageStream: a split of more pictures than fit into memory, decoded batch by batch in threads,
some batches ahead.
"""

from collections import deque
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor

from netwright.data.data import Batch
from netwright.data.image_decoding import Unreadable
from netwright.data.image_encoding import THREADS, ImageEncoding
from netwright.errors import DataError

__all__ = ["ImageStream"]

# Batches decoded ahead of the one in use: enough to hide a slow file, little enough to stay small
# in memory.
AHEAD = 3


@dataclass(frozen=True)
class ImageStream:
    """A Split. raw: the files. targets: (rows,). Order and content of batches depend on `rng`
    alone, not on timing.
    """

    name: str
    raw: tuple[Path, ...]
    targets: Tensor
    encoding: ImageEncoding
    rows: Tensor | None = None

    def __len__(self) -> int:
        return len(self.raw)

    def batches(
        self,
        batch_size: int,
        *,
        rng: torch.Generator | None = None,
        start: int = 0,
        device: torch.device | None = None,
    ) -> Iterator[Batch]:
        """Yield one epoch from batch number `start` on: shuffled by `rng`, or in row order without
        one.

        A file that no longer decodes is left out of its batch in a shuffled epoch; in row order it
        is an error, since outputs are matched to rows there.
        """
        order = (
            torch.randperm(len(self), generator=rng) if rng is not None else torch.arange(len(self))
        )
        pieces = iter(order.split(batch_size)[start:])
        waiting: deque[tuple[Tensor, list[Future[Any]]]] = deque()
        with ThreadPoolExecutor(THREADS) as pool:
            try:
                while True:
                    while len(waiting) <= AHEAD and (index := next(pieces, None)) is not None:
                        files = [self.raw[i] for i in index.tolist()]
                        waiting.append((index, [pool.submit(self._decode, file) for file in files]))
                    if not waiting:
                        return
                    index, futures = waiting.popleft()
                    yield self._batch(index, [f.result() for f in futures], rng is None, device)
            finally:  # the consumer may stop in the middle of an epoch
                pool.shutdown(wait=True, cancel_futures=True)

    def _decode(self, file: Path) -> Any:
        try:
            return self.encoding.decode(file)
        except Unreadable as error:
            return error

    def _batch(
        self, index: Tensor, pixels: list[Any], ordered: bool, device: torch.device | None
    ) -> Batch:
        broken = [at for at, item in enumerate(pixels) if isinstance(item, Unreadable)]
        if broken:
            if ordered or len(broken) == len(pixels):
                file = self.raw[int(index[broken[0]])]
                raise DataError(
                    f"{file.name} could be decoded before, but not now ({pixels[broken[0]]}). "
                    "Keep the files unchanged while a net trains on them."
                )
            kept = [at for at in range(len(pixels)) if at not in set(broken)]
            index, pixels = index[kept], [pixels[at] for at in kept]
        stored = torch.from_numpy(np.stack(pixels))
        targets = self.targets[index]
        target = device or self.targets.device
        return Batch((stored.to(target),), targets.to(target))
