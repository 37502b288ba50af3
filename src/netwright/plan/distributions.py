"""What a plan field's values are drawn from.

A distribution maps a quantile, 0..1, to a value (inverse transform sampling), so one number drawn
is one value, whatever draws it.
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from netwright.errors import UsageError, did_you_mean

__all__ = [
    "Choice",
    "Distribution",
    "Range",
    "ZeroOr",
    "choice",
    "integers",
    "log",
    "read_distribution",
    "uniform",
    "zero_or",
]

# Name in the plain form -> even in the logarithm, whole numbers.
RANGES = {
    "uniform": (False, False),
    "log": (True, False),
    "int": (False, True),
    "log_int": (True, True),
}
KINDS = [*RANGES, "choice", "zero_or"]


@dataclass(frozen=True)
class Range:
    """Numbers from low to high, both included. log: even in the logarithm. whole: integers."""

    low: float
    high: float
    log: bool = False
    whole: bool = False

    def __post_init__(self) -> None:
        for bound in (self.low, self.high):
            number = isinstance(bound, int | float) and not isinstance(bound, bool)
            if not number or not math.isfinite(bound) or (self.whole and bound != int(bound)):
                what = "whole numbers" if self.whole else "numbers"
                raise UsageError(f"{self} has the bound {bound!r}; expected two {what}.")
        if self.low >= self.high:
            raise UsageError(f"{self} is empty; expected its first number below its second.")
        if self.log and self.low <= 0:
            raise UsageError(f"{self} has no logarithm at {self.low:g}; expected numbers above 0.")
        kind = int if self.whole else float
        object.__setattr__(self, "low", kind(self.low))
        object.__setattr__(self, "high", kind(self.high))

    def at(self, quantile: float) -> float | int:
        # Each whole number owns the interval of half around it.
        margin = 0.5 if self.whole else 0.0
        low, high = self.low - margin, self.high + margin
        if self.log:
            value = math.exp(math.log(low) + quantile * (math.log(high) - math.log(low)))
        else:
            value = low + quantile * (high - low)
        value = min(max(value, self.low), self.high)  # rounding can step over an end
        return math.floor(value + 0.5) if self.whole else value

    def gives(self, value: Any) -> bool:
        """Say whether the value is one of the range."""
        number = isinstance(value, int | float) and not isinstance(value, bool)
        return number and self.low <= value <= self.high

    def quantile(self, value: float) -> float:
        """Return the quantile that `at` maps to the value."""
        margin = 0.5 if self.whole else 0.0
        low, high = self.low - margin, self.high + margin
        if self.log:
            return math.log(value / low) / math.log(high / low)
        return (value - low) / (high - low)

    def grid(self, points: int) -> list[Any]:
        """Return `points` values from end to end; of whole numbers no more than there are."""
        if points == 1:
            return [self.at(0.5)]
        ends = Range(self.low, self.high, self.log)
        values = [ends.at(i / (points - 1)) for i in range(points)]
        return list(dict.fromkeys(map(round, values))) if self.whole else values

    def to_plain(self) -> dict[str, Any]:
        return {self.kind: [self.low, self.high]}

    @property
    def kind(self) -> str:
        """The name in the plain form."""
        flags = (self.log, self.whole)
        return next(name for name, theirs in RANGES.items() if theirs == flags)

    def __str__(self) -> str:
        return f"{{{self.kind}: [{self.low}, {self.high}]}}"


@dataclass(frozen=True)
class Choice:
    """One of some values, each as likely. Tuples are held as lists, as YAML holds them."""

    options: tuple[Any, ...]

    def __post_init__(self) -> None:
        if not self.options:
            raise UsageError("A choice of no values was given; expected at least one.")
        object.__setattr__(self, "options", tuple(_plain(o) for o in self.options))

    def at(self, quantile: float) -> Any:
        return self.options[min(int(quantile * len(self.options)), len(self.options) - 1)]

    def gives(self, value: Any) -> bool:
        """Say whether the value is one of the options."""
        return _plain(value) in self.options

    def place(self, value: Any) -> int:
        """Return which of the options the value is."""
        return self.options.index(_plain(value))

    def grid(self, points: int) -> list[Any]:
        """Return all options."""
        return list(self.options)

    def to_plain(self) -> list[Any]:
        return list(self.options)

    def __str__(self) -> str:
        return str(self.to_plain())


@dataclass(frozen=True)
class ZeroOr:
    """0 with probability a half, else a value of the range."""

    other: Range

    def at(self, quantile: float) -> float | int:
        return self.zero if quantile < 0.5 else self.other.at(2 * quantile - 1)

    def gives(self, value: Any) -> bool:
        """Say whether the value is 0 or one of the range."""
        return self.other.gives(value) or (not isinstance(value, bool) and value == 0)

    @property
    def zero(self) -> float | int:
        return 0 if self.other.whole else 0.0

    def grid(self, points: int) -> list[Any]:
        """Return 0 and the range's grid."""
        return list(dict.fromkeys([self.zero, *self.other.grid(points)]))

    def to_plain(self) -> dict[str, Any]:
        return {"zero_or": self.other.to_plain()}

    def __str__(self) -> str:
        return f"{{zero_or: {self.other}}}"


Distribution = Range | Choice | ZeroOr


def _plain(value: Any) -> Any:
    return list(value) if isinstance(value, tuple) else value


def log(low: float, high: float) -> Range:
    """Return numbers even in the logarithm."""
    return Range(low, high, log=True)


def uniform(low: float, high: float) -> Range:
    """Return numbers, each as likely."""
    return Range(low, high)


def integers(low: int, high: int, *, log: bool = False) -> Range:
    """Return whole numbers, both ends included. log: even in the logarithm."""
    return Range(low, high, log=log, whole=True)


def choice(options: Sequence[Any]) -> Choice:
    """Return one of the options, each as likely."""
    return Choice(tuple(options))


def zero_or(other: Range) -> ZeroOr:
    """Return 0 with probability a half, else a value of the range."""
    return ZeroOr(other)


def read_distribution(value: Any) -> Distribution:
    """Return what a plain value describes: {log: [1, 10]}, or a list of choices."""
    if isinstance(value, Range | Choice | ZeroOr):
        return value
    if isinstance(value, list | tuple):
        return Choice(tuple(value))
    if not isinstance(value, Mapping) or len(value) != 1:
        raise UsageError(
            f"{value!r} is no distribution; expected a list of choices, or one such as "
            "{log: [1e-4, 1e-1]}."
        )
    ((kind, given),) = value.items()
    if kind not in KINDS:
        raise UsageError(f"There is no distribution {kind!r}.{did_you_mean(str(kind), KINDS)}")
    if kind == "zero_or":
        other = read_distribution(given)
        if not isinstance(other, Range):
            raise UsageError(f"zero_or has {given!r}; expected a range, such as {{uniform: ...}}.")
        return ZeroOr(other)
    if not isinstance(given, list | tuple) or (kind in RANGES and len(given) != 2):
        what = "a list of values" if kind == "choice" else "two numbers, such as [1, 10]"
        raise UsageError(f"{kind} has {given!r}; expected {what}.")
    if kind == "choice":
        return Choice(tuple(given))
    logarithmic, whole = RANGES[kind]
    return Range(given[0], given[1], log=logarithmic, whole=whole)
