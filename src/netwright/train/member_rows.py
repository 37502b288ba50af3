"""MemberRows: the rows of members that step together: everybody's the same, or each a fold's."""

from collections.abc import Iterator, Sequence
from functools import cached_property

import torch
from torch import Tensor

from netwright.data.data import Data, Rows

__all__ = ["MemberRows"]


class MemberRows:
    """datas: each member's. one: whether all are the same; else each split has as many rows in one
    as in another (see `waves`)."""

    def __init__(self, datas: Sequence[Data]) -> None:
        first = {id(data): data for data in datas}
        self.different = list(first.values())
        self.which = torch.tensor([list(first).index(id(data)) for data in datas])
        self.one = len(self.different) == 1

    @cached_property
    def train(self) -> tuple[Rows, Tensor]:
        """The training rows of all, one after another, and where each member's start (members,).
        Only of rows in memory."""
        parts = [data.train for data in self.different]
        assert all(isinstance(part, Rows) for part in parts)
        rows = [part for part in parts if isinstance(part, Rows)]
        if self.one:
            return rows[0], torch.zeros_like(self.which)
        inputs = zip(*(part.inputs for part in rows), strict=True)
        joined = tuple(torch.cat(same) for same in inputs)
        whole = Rows("train", joined, torch.cat([part.targets for part in rows]))
        return whole, self.which * len(rows[0])

    def validation_batches(
        self, size: int, device: torch.device
    ) -> Iterator[tuple[tuple[Tensor, ...], list[Tensor]]]:
        """Yield the inputs of the validation splits, `size` rows at a time: (rows, ...) where all
        have the same, else (members, rows, ...); and the targets of each member."""
        which = self.which.to(device)
        splits = [data.validation.batches(size, device=device) for data in self.different]
        for batches in zip(*splits, strict=True):
            every = [
                data.encoding.prepare(batch.inputs)
                for data, batch in zip(self.different, batches, strict=True)
            ]
            targets = [batches[number].targets for number in self.which.tolist()]
            if self.one:
                yield every[0], targets
            else:
                yield tuple(torch.stack(x)[which] for x in zip(*every, strict=True)), targets
