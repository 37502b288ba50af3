"""How an intervention takes the place of a function of torch, and how it is put back."""

import functools
from collections.abc import Callable, Iterable
from typing import Any

from torch import nn

__all__ = ["Undo", "around_nets", "rewired", "together"]

Undo = Callable[[], None]


def rewired(owner: Any, name: str, make: Callable[[Any], Any]) -> Undo:
    """Put what `make` makes of the original in its place."""
    original = getattr(owner, name)
    new = functools.wraps(original)(make(original))
    # TorchScript compiles the function behind the wrapper.
    new.__dict__.update({"__script_if_tracing_wrapper": True, "__original_fn": original})
    setattr(owner, name, new)

    def put_back() -> None:
        if getattr(owner, name) is new:
            setattr(owner, name, original)

    return put_back


def together(undo: Iterable[Undo]) -> Undo:
    """Undo all, the last first."""
    done = list(undo)

    def put_back() -> None:
        for one in reversed(done):
            one()

    return put_back


def around_nets(
    before: Callable[[nn.Module, tuple[Any, ...]], tuple[Any, ...]] | None = None,
    after: Callable[[nn.Module, Any], Any] | None = None,
) -> Undo:
    """Change the arguments and the results of outermost modules that have parameters."""
    inside = False

    def make(original: Any) -> Any:
        def __call__(self: nn.Module, *args: Any, **kwargs: Any) -> Any:
            nonlocal inside
            if inside or next(self.parameters(), None) is None:
                return original(self, *args, **kwargs)
            if before is not None:
                args = before(self, args)
            inside = True
            try:
                result = original(self, *args, **kwargs)
            finally:
                inside = False
            return result if after is None else after(self, result)

        return __call__

    return rewired(nn.Module, "__call__", make)
