"""Who is better, and by how much: two Scores of the same rows compared in pairs, and said in a
sentence.
"""

import math
from collections.abc import Mapping
from typing import Protocol

from netwright.evaluate.bootstrap import interval
from netwright.evaluate.scores import Score, Scores
from netwright.evaluate.titles import metric_in_words

__all__ = ["compare", "verdict"]

WORDS = {
    "trivial": "the trivial guess",
    "linear": "the linear model",
    "trees": "gradient-boosted trees",
}


def compare(first: Scores, second: Scores, *, metric: str | None = None) -> Score:
    """Return how much better `first` is than `second` (above 0: better), with the 95 % interval.

    Scores of the same rows with the same seed were resampled alike, so that each resample gives one
    difference; of other Scores the intervals are added in squares, as of independent ones.
    """
    name = metric or first.primary
    sign = 1.0 if first.higher_is_better(name) else -1.0
    value = sign * (first[name].value - second[name].value)
    a, b = first.replicates.get(name), second.replicates.get(name)
    if a is not None and b is not None and first.rows == second.rows and a.shape == b.shape:
        ends = interval(sign * (a - b))
        return Score(value, *(ends or ()))
    halves = []
    for score in (first[name], second[name]):
        if score.low is None or score.high is None:
            return Score(value)
        halves.append((score.high - score.low) / 2)
    spread = math.hypot(*halves)
    return Score(value, value - spread, value + spread)


# The trivial forecasts have names of their own.
NAIVE = {"last value": "repeating the last value", "seasonal naive": "repeating the last season"}


class Rival(Protocol):
    """A baseline: its scores, or none, and whether rows or rounds were cut."""

    @property
    def model(self) -> str: ...

    @property
    def scores(self) -> Scores | None: ...

    @property
    def cut(self) -> bool: ...


def verdict(net: Scores, baselines: Mapping[str, Rival | Scores | None]) -> str:
    """Say in a sentence whether a baseline beats the net, ties or loses, and by how much."""
    name = net.primary
    measured = {
        key: one if isinstance(one, Scores) or one is None else one.scores
        for key, one in baselines.items()
    }
    rivals = {key: scores for key, scores in measured.items() if scores and name in scores}
    if not rivals:
        return (
            f"No baseline could be measured beside the net's {metric_in_words(name)} of "
            f"{net[name].value:.4g}."
        )
    sign = 1.0 if net.higher_is_better() else -1.0
    key = max(rivals, key=lambda k: sign * rivals[k][name].value)
    best = rivals[key]
    lead = compare(net, best)
    rival = baselines[key]
    words = WORDS.get(key, key)
    if not isinstance(rival, Scores) and rival is not None and rival.model in NAIVE:
        words = NAIVE[rival.model]
    numbers = f"{metric_in_words(name)} {net[name].value:.4g} against {best[name].value:.4g}"
    margin = f"{abs(lead.value):.3g}"
    if lead.low is None or lead.high is None:
        better = "better" if lead.value > 0 else "worse" if lead.value < 0 else "no better"
        return f"The net is {better} than {words}: {numbers} (no interval was measured)."
    ends = f"[{lead.low:.3g}, {lead.high:.3g}]"
    if lead.low > 0:
        sentence = f"The net beats {words}, the best baseline, by {margin} {ends}: {numbers}."
        short = [
            WORDS.get(name, name)
            for name, one in baselines.items()
            if one is not None and not isinstance(one, Scores) and one.cut
        ]
        if short:  # a win over a rival that was held back proves less
            sentence += f" The bound on time cut short {' and '.join(short)}."
        return sentence
    if lead.high < 0:
        wins, them = ("beat", "them") if key == "trees" else ("beats", "it")
        subject = f"{words[0].upper()}{words[1:]}"
        return (
            f"{subject} {wins} the net by {margin} [{-lead.high:.3g}, {-lead.low:.3g}]: {numbers}. "
            f"Use {them}, or give the net more."
        )
    side = "ahead" if lead.value > 0 else "behind" if lead.value < 0 else "level with it"
    return (
        f"The net is no better than {words} beyond chance: {numbers}, "
        f"{margin + ' ' if lead.value else ''}{side}, difference within {ends}."
    )
