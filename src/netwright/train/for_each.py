"""A function of the stacked tensors themselves, called where torch.func's vmap is at work.

A stack is always called under vmap, so only the batching rule below is ever used; autograd runs
outside of vmap and differentiates what it does.
"""

from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor

__all__ = ["for_each"]


class _ForEach(torch.autograd.Function):
    """Call a function of the stacked tensors (members, ...) where vmap meets it."""

    @staticmethod
    def forward(function: Any, *tensors: Any) -> Any:
        raise RuntimeError("A stacked layer was called outside of its stack.")

    @staticmethod
    def setup_context(ctx: Any, inputs: Any, output: Any) -> None:
        pass

    @staticmethod
    def vmap(info: Any, in_dims: Any, function: Any, *tensors: Any) -> tuple[Tensor, int]:
        stacked = [
            None
            if x is None
            else x.expand(info.batch_size, *x.shape)
            if axis is None
            else x.movedim(axis, 0)
            for x, axis in zip(tensors, in_dims[1:], strict=True)
        ]
        return function(*stacked), 0


def for_each(function: Callable[..., Tensor], *tensors: Tensor | None) -> Tensor:
    """Inside of a stack's vmap: function(tensors with the members' axis first) -> the same."""
    found: Tensor = _ForEach.apply(function, *tensors)
    return found
