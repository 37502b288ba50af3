"""Interventions on the script's own loops: how often they go round."""

import builtins
import os
import sys
from collections.abc import Callable
from typing import Any

from netwright.watch.rewire import Undo

__all__ = ["ON_LOOPS"]

_range = range


class _Kind(type):
    """What is a range stays one: `isinstance(thing, range)` asks the real class."""

    def __instancecheck__(cls, thing: Any) -> bool:
        return isinstance(thing, _range)


def longer_loop(file: str, first: int, last: int, factor: int) -> Undo:
    """Let the `range` that is called on these lines of a file of that name be `factor` times as
    long."""

    class Longer(metaclass=_Kind):
        def __new__(cls, *ends: Any) -> Any:
            found = _range(*ends)
            frame = sys._getframe(1)
            if not first <= frame.f_lineno <= last:
                return found
            if os.path.basename(frame.f_code.co_filename) != os.path.basename(file):
                return found
            start, step = found.start, found.step
            return _range(start, start + len(found) * factor * step, step)

    setattr(builtins, "range", Longer)  # noqa: B010 - mypy takes no assignment to a class

    def put_back() -> None:
        setattr(builtins, "range", _range)  # noqa: B010

    return put_back


ON_LOOPS: dict[str, Callable[..., Undo]] = {"longer-loop": longer_loop}
