"""Findings while training goes on: what two looks in a row agree on is told once.

The rules are made for finished runs. Of a run that goes on only errors are told, and only those
that a second look, an eighth of the training later, still sees: a slow start is no fault.
"""

from collections.abc import Callable

from netwright.diagnose.diagnose import diagnose
from netwright.watch.trace import Trace

__all__ = ["Live"]

LOOKS = 8  # in a whole training


class Live:
    """say: told of each error once."""

    def __init__(self, say: Callable[[str], None]) -> None:
        self.say = say
        self._before: set[str] = set()
        self._told: set[str] = set()
        self._looks = 0

    def look(self, trace: Trace, share: float) -> None:
        """Look where another eighth is done. share: of the training that is done, 0..1."""
        if share < (self._looks + 1) / LOOKS:
            return
        self._looks = int(share * LOOKS)
        errors = {f.fault: f for f in reversed(diagnose(trace)) if f.severity == "error"}
        for name in self._before & set(errors) - self._told:
            self._told.add(name)
            self.say(str(errors[name]))
        self._before = set(errors)
