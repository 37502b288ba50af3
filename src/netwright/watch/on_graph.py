"""Interventions on the graph from the net to the loss: kept where the script cuts it."""

import weakref
from collections import deque
from collections.abc import Callable
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from netwright.watch.rewire import Undo, around_nets, rewired, together

__all__ = ["ON_GRAPH"]

REMEMBERED = 16  # numbers and arrays that were taken out of a graph last
MAKERS = [(torch, "tensor"), (torch, "as_tensor"), (torch, "from_numpy"), (torch, "FloatTensor")]


def keep_graph(everywhere: bool = False) -> Undo:
    """Let `detach` inside a net return what it was called on.

    everywhere: outside of nets and by `.data` too, and let a tensor made of a number or an array
    that was taken out of a graph (`item`, `numpy`) be the one that it was taken out of.
    """
    calling = everywhere

    def make_detach(original: Any) -> Any:
        def detach(self: Tensor) -> Tensor:
            return self if calling and torch.is_grad_enabled() else original(self)

        return detach

    def before(net: nn.Module, args: tuple[Any, ...]) -> tuple[Any, ...]:
        nonlocal calling
        calling = True
        return args

    def after(net: nn.Module, result: Any) -> Any:
        nonlocal calling
        calling = everywhere
        return result

    undo = [rewired(Tensor, "detach", make_detach), around_nets(before=before, after=after)]
    return together([*undo, *(_taken_out() if everywhere else ())])


def _taken_out() -> list[Undo]:
    """Remember what `item`, `numpy` and `.data` take out of a graph, and bring it back."""
    numbers: deque[tuple[float, Tensor]] = deque(maxlen=REMEMBERED)
    arrays: deque[tuple[Any, Tensor]] = deque(maxlen=REMEMBERED)

    def make_item(original: Any) -> Any:
        def item(self: Tensor) -> Any:
            number = original(self)
            if self.requires_grad and torch.is_grad_enabled():
                numbers.append((number, self))
            return number

        return item

    def make_numpy(original: Any) -> Any:
        def numpy(self: Tensor, *args: Any, **kwargs: Any) -> Any:
            if not self.requires_grad:
                return original(self, *args, **kwargs)
            with torch.no_grad():
                array = original(self.detach(), *args, **kwargs)
            arrays.append((weakref.ref(array), self))
            return array

        return numpy

    def make_tensor(original: Any) -> Any:
        def tensor(data: Any, *args: Any, **kwargs: Any) -> Any:
            found = source(data) if torch.is_grad_enabled() else None
            return original(data, *args, **kwargs) if found is None else found

        return tensor

    def source(data: Any) -> Tensor | None:
        if isinstance(data, float):
            return next((t for number, t in reversed(numbers) if number == data), None)
        if isinstance(data, np.ndarray):
            return next((t for array, t in reversed(arrays) if array() is data), None)
        return data if isinstance(data, Tensor) and data.grad_fn is not None else None

    undo = [rewired(Tensor, "item", make_item), rewired(Tensor, "numpy", make_numpy)]
    undo += [rewired(owner, name, make_tensor) for owner, name in MAKERS]
    return [*undo, _data_kept()]


def _data_kept() -> Undo:
    """Let `.data` of what was computed be that itself."""
    plain: Any = torch._C.TensorBase.data

    def get(self: Tensor) -> Tensor:
        inside = self.grad_fn is not None and torch.is_grad_enabled()
        return self if inside else plain.__get__(self)

    def put(self: Tensor, value: Tensor) -> None:
        plain.__set__(self, value)

    Tensor.data = property(get, put)  # type: ignore[assignment]

    def put_back() -> None:
        del Tensor.data

    return put_back


ON_GRAPH: dict[str, Callable[..., Undo]] = {"keep-graph": keep_graph}
