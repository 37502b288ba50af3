"""Comparisons that a user's own lines make: `pred == y`, `(pred - y) ** 2` and the like.

Most evaluations are written so, without a loss function of torch. `attach_comparisons_` tells a
listener of both operands; what they mean is the listener's to say.
"""

import functools
import threading
from collections.abc import Callable
from typing import Any, Protocol

import torch
from torch import Tensor

__all__ = ["Comparing", "attach_comparisons_"]

# Each name of torch's, and what it says of two tensors.
PLACES = (
    (Tensor, "__eq__", "equal"),
    (Tensor, "eq", "equal"),
    (torch, "eq", "equal"),
    (Tensor, "__ne__", "unequal"),
    (Tensor, "ne", "unequal"),
    (torch, "ne", "unequal"),
    (Tensor, "__sub__", "difference"),
    (Tensor, "sub", "difference"),
    (torch, "sub", "difference"),
)


class Comparing(Protocol):
    """Hears of comparisons while `on`, but for those made inside a module or a loss."""

    on: bool
    inside: bool
    counting: bool

    def compared(self, kind: str, first: Tensor, second: Tensor, result: Tensor) -> None:
        """Hear of two tensors that were compared. kind: "equal", "unequal" or "difference"."""
        ...


def attach_comparisons_(listener: Comparing) -> Callable[[], None]:
    """Listen; the returned function puts everything back."""
    thread = threading.get_ident()
    originals = [(owner, name, getattr(owner, name)) for owner, name, _ in PLACES]
    for owner, name, kind in PLACES:
        setattr(owner, name, _told(kind, getattr(owner, name), listener, thread))

    def detach() -> None:
        for owner, name, original in originals:
            setattr(owner, name, original)

    return detach


def _told(kind: str, original: Any, listener: Comparing, thread: int) -> Any:
    @functools.wraps(original)
    def compare(*args: Any, **kwargs: Any) -> Any:
        result = original(*args, **kwargs)
        if listener.inside or listener.counting or not listener.on or len(args) < 2:
            return result
        first, second = args[:2]
        if not (isinstance(first, Tensor) and isinstance(second, Tensor)) or first is second:
            return result
        if torch.compiler.is_compiling() or threading.get_ident() != thread:
            return result
        if isinstance(result, Tensor):
            listener.counting = True  # what the listener computes is none of the user's
            try:
                listener.compared(kind, first, second, result)
            finally:
                listener.counting = False
        return result

    return compare
