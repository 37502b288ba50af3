"""Interventions on the order in which rows come."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import torch
from torch import Tensor
from torch.utils.data import BatchSampler, DataLoader, RandomSampler, SequentialSampler

from netwright.watch.rewire import Undo, rewired, together

__all__ = ["ON_ORDER"]

FEWEST_ROWS = 64  # of a set that is cut into batches by slices


def shuffle() -> Undo:
    """Mix the rows anew in every epoch where they come in order: those of a DataLoader under
    gradients, and once training has begun those of tensors that batches are sliced from."""
    return together([rewired(DataLoader, "__iter__", _loader), *_slices()])


def _loader(original: Any) -> Any:
    def __iter__(self: DataLoader[Any]) -> Any:
        batches = self.batch_sampler
        if isinstance(self.sampler, SequentialSampler) and isinstance(batches, BatchSampler):
            rows: Any = self.dataset
            batches.sampler = RandomSampler(rows) if torch.is_grad_enabled() else self.sampler
        return original(self)

    return __iter__


@dataclass
class _Order:
    """Of all tensors of one length, so that inputs and targets stay side by side."""

    rows: Tensor = field(default_factory=lambda: torch.empty(0))
    start: int = -1  # of the last slice


def _slices() -> list[Undo]:
    orders: dict[int, _Order] = {}
    training = False

    def make_backward(original: Any) -> Any:
        def backward(*args: Any, **kwargs: Any) -> None:
            nonlocal training
            training = True  # what was sliced before were the training and the test rows
            original(*args, **kwargs)

        return backward

    def make_item(original: Any) -> Any:
        def __getitem__(self: Tensor, key: Any) -> Any:
            ours = training and isinstance(key, slice) and key.step is None
            if not ours or not torch.is_grad_enabled() or self.requires_grad or not self.ndim:
                return original(self, key)
            start, stop, _ = key.indices(len(self))
            if len(self) < FEWEST_ROWS or not 0 < stop - start <= len(self) // 2:
                return original(self, key)
            order = orders.setdefault(len(self), _Order())
            if (start == 0 and order.start != 0) or not len(order.rows):
                order.rows = torch.randperm(len(self))
            order.start = start
            return original(self, original(order.rows, key).to(self.device))

        return __getitem__

    return [
        rewired(torch.autograd, "backward", make_backward),
        rewired(Tensor, "__getitem__", make_item),
    ]


ON_ORDER: dict[str, Callable[..., Undo]] = {"shuffle": shuffle}
