"""Errors that a user can mend: what was given, what was expected, what to do."""

import difflib
from collections.abc import Iterable


class NetwrightError(Exception):
    """The base of all errors that name something the user can change. `exit_code` is the CLI's."""

    exit_code = 1


class UsageError(NetwrightError, ValueError):
    """A wrong argument, flag, plan field or name (exit 2)."""

    exit_code = 2


class DataError(NetwrightError, ValueError):
    """The data cannot be used: which file, row or column, and what to do (exit 3)."""

    exit_code = 3


class TrainingError(NetwrightError, RuntimeError):
    """Training failed; the findings say why (exit 4)."""

    exit_code = 4


def did_you_mean(name: str, options: Iterable[str]) -> str:
    """Return " Did you mean 'x'?" for the nearest option, or " Known: a, b, c." when none is
    near."""
    known = sorted(options)
    near = difflib.get_close_matches(name, known, n=1, cutoff=0.6)
    if near:
        return f" Did you mean {near[0]!r}?"
    return f" Known: {', '.join(known)}." if known else ""
