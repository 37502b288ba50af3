"""The score of a rerun: what tells whether a remedy helps.

In this order: what `--score REGEX` finds in stdout (its last match, first group), else the share of
right classes or the squared error in the script's own validation, recomputed (`watch/measured.py`),
else `metric` in a last line of JSON, else the validation's loss. Which of them is settled once, on
the script as it is.
"""

import json
import math
import re
from dataclasses import dataclass

from netwright.doctor.rerun import Rerun
from netwright.errors import UsageError

__all__ = ["Score", "compiled", "score_of", "score_source"]

_LOWER = re.compile(r"loss|err|mse|mae|rmse|perplex|nll|brier|distance|cost", re.IGNORECASE)


@dataclass(frozen=True)
class Score:
    """source: "pattern", "validation", "json" or "validation-loss"."""

    source: str
    name: str
    value: float
    higher_is_better: bool


def compiled(pattern: str | None) -> re.Pattern[str] | None:
    """Check a `--score`."""
    if pattern is None:
        return None
    try:
        return re.compile(pattern)
    except re.error as error:
        raise UsageError(
            f"--score {pattern!r} is no regular expression ({error}); expected one whose first "
            "group is a number, as in 'accuracy: ([0-9.]+)'."
        ) from error


def score_source(run: Rerun, pattern: re.Pattern[str] | None) -> Score | None:
    """Return the score to go by, of a run of the script as it is; None where there is none."""
    if pattern is not None:
        return score_of(run, "pattern", pattern)
    found = (score_of(run, source, None) for source in ("validation", "json", "validation-loss"))
    return next((score for score in found if score is not None), None)


def score_of(run: Rerun, source: str, pattern: re.Pattern[str] | None) -> Score | None:
    """Return a run's score; its value may be nan."""
    if source == "pattern":
        assert pattern is not None
        matches = list(pattern.finditer(run.stdout))
        if not matches:
            return None
        text = matches[-1].group(1) if pattern.groups else matches[-1].group(0)
        number = re.search(r"nan|[-+]?inf|[-+]?[0-9.]+(e[-+]?[0-9]+)?", text or "", re.IGNORECASE)
        value = float(number.group(0).rstrip(".")) if number else math.nan
        return Score(source, "score", value, not _LOWER.search(pattern.pattern))
    if source == "json":
        return _last_line(run.stdout)
    measure = run.evaluation
    if measure is None or (measure["name"] == "loss") != (source == "validation-loss"):
        return None
    name = f"validation {measure['name']}"
    return Score(source, name, measure["value"], measure["higher_is_better"])


def _last_line(text: str) -> Score | None:
    lines = [line for line in text.splitlines() if line.strip()]
    if not lines or not lines[-1].lstrip().startswith("{"):
        return None
    try:
        held = json.loads(lines[-1])
    except json.JSONDecodeError:
        return None
    if "metric" not in held:
        return None
    name = str(held.get("name", "metric"))
    value = held["metric"]
    number = float(value) if isinstance(value, int | float) else math.nan
    higher = held.get("higher_is_better")
    return Score("json", name, number, not _LOWER.search(name) if higher is None else bool(higher))
