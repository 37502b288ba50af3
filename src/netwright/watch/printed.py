"""Numbers that a script prints: what its author reads of the run."""

import builtins
import functools
import math
import re
from collections import deque
from collections.abc import Callable
from typing import Any

__all__ = ["KEPT", "attach_print_"]

KEPT = 8  # of the last numbers
_NUMBER = re.compile(r"-?\d+\.\d+(?:[eE][-+]?\d+)?")
_LONGEST = 2000  # characters of a line that are read


def attach_print_(numbers: deque[float]) -> Callable[[], None]:
    """Put every number with a decimal point that `print` is given into `numbers`; the returned
    function puts `print` back. What is printed stays what it was."""
    original = builtins.print

    @functools.wraps(original)
    def printing(*values: Any, **options: Any) -> None:
        original(*values, **options)
        for value in values:
            if isinstance(value, float):
                found = [value]
            elif isinstance(value, str | dict | list | tuple):
                found = [float(x) for x in _NUMBER.findall(str(value)[:_LONGEST])]
            else:
                continue
            numbers.extend(x for x in found if math.isfinite(x))

    builtins.print = printing

    def detach() -> None:
        if builtins.print is printing:
            builtins.print = original

    return detach
