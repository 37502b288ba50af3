"""How numbers, metrics and signals are spelled for people."""

import math
from collections.abc import Mapping
from typing import Any

from netwright.evaluate.titles import metric_in_words, metric_title

__all__ = [
    "SIGNALS",
    "capital",
    "count",
    "duration",
    "interval",
    "metric_in_words",
    "metric_title",
    "number",
    "plural",
    "shorten",
    "spell",
]

ROUNDING = 1e-14  # what is left of 0 where numbers near 1 were added up


# signal -> (title, what a healthy strip looks like)
SIGNALS: Mapping[str, tuple[str, str]] = {
    "grad.norm": (
        "Gradient norm",
        "How hard the loss pulls at each layer. Healthy: rows of similar shade that fade slowly. A "
        "row at the low end of the scale learns nothing.",
    ),
    "update.ratio": (
        "Update against weight",
        "How far one step moves the weights, against their size. About 0.001 is usual, 0.1 is a "
        "jump, 0.00001 is standing still.",
    ),
    "activation.std": (
        "Activation spread",
        "Standard deviation of what a layer gives. Healthy: neither fading to zero nor growing "
        "from layer to layer.",
    ),
    "dead": (
        "Dead units",
        "Share of units that are zero for nearly every row: they no longer learn.",
    ),
    "saturated": (
        "Saturated units",
        "Share of units stuck at an end of their range, where the gradient is almost nothing.",
    ),
    "activation.zeros": ("Zeros", "Share of a layer's values that are exactly zero."),
    "activation.mean": ("Activation mean", "Mean of what a layer gives."),
    "activation.rms": ("Activation size", "Root mean square of what a layer gives."),
    "weight.norm": ("Weight norm", "The size of each layer's weights."),
}


def number(value: float | int | None, digits: int = 3) -> str:
    """Spell a number with about `digits` significant places behind what matters: 0.986, 48,213,
    1.2e-05."""
    if value is None or not math.isfinite(value):
        return "–"
    if isinstance(value, int) or value == 0:
        return f"{int(value):,}" if abs(value) < 1e9 else f"{value:.3g}"
    size = abs(value)
    if size < ROUNDING:
        return "0"
    if size >= 10_000:
        return f"{value:,.0f}"
    if size >= 100:
        return f"{value:,.1f}"
    if size >= 10:
        return f"{value:.2f}"
    if size >= 0.1:
        return f"{value:.{_places(size, digits)}f}"
    return f"{value:.{digits + 1}f}" if size >= 0.001 else f"{value:.2g}"


def interval(score: Mapping[str, float | None]) -> str:
    """Spell an interval: "0.978 to 0.993"; a dash where there is none."""
    low, high = score.get("low"), score.get("high")
    if low is None or high is None:
        return "–"
    value = score.get("value")
    return f"{_like(low, value)} to {_like(high, value)}"


def _like(end: float, value: float | None) -> str:
    """Spell an end of an interval in as many places as the score that it belongs to."""
    decimals = number(value).partition(".")[2]
    if value is None or abs(value) > 10 or not decimals.isdigit():
        return number(end)
    return f"{end:.{max(len(decimals), _places(abs(end), 0))}f}"


def _places(size: float, least: int) -> int:
    """Decimals, at least `least`, so that a number just below 1 is not spelled 1 (0.9997)."""
    for places in range(least, 7):
        if not (size < 1 and round(size, places) == 1):
            return places
    return least


def capital(words: str) -> str:
    """Return the words with a capital letter in front; the rest stays."""
    return words[:1].upper() + words[1:]


def count(value: int | None) -> str:
    """Spell a count: 48,213."""
    return "–" if value is None else f"{int(value):,}"


def plural(amount: int, noun: str, nouns: str | None = None) -> str:
    """Return "1 epoch" or "3 epochs"."""
    return f"{amount:,} {noun if amount == 1 else nouns or noun + 's'}"


def duration(seconds: float) -> str:
    """Spell a duration: 8.4 s, 1 min 12 s, 2 h 5 min."""
    if seconds < 10:
        return f"{seconds:.1f} s"
    whole = round(seconds)
    if whole < 60:
        return f"{whole} s"
    if whole < 3600:
        return f"{whole // 60} min {whole % 60} s"
    return f"{whole // 3600} h {whole % 3600 // 60} min"


def shorten(value: str, length: int) -> str:
    """Return one line of at most `length` characters."""
    line = " ".join(str(value).split())
    return line if len(line) <= length else line[: max(1, length - 1)].rstrip() + "…"


def spell(value: Any) -> str:
    """Spell any cell or plan value on one line."""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, int):
        return count(value) if abs(value) >= 10_000 else str(value)
    if isinstance(value, float):
        return f"{value:.6g}" if math.isfinite(value) else "missing"
    if value is None:
        return "none"
    if isinstance(value, list | tuple):
        return ", ".join(spell(item) for item in value) or "none"
    if isinstance(value, Mapping):
        return ", ".join(f"{key}: {spell(item)}" for key, item in value.items())
    return str(value)
