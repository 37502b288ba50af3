"""Figures of a search: scores as they came, the trials' learning curves, parallel coordinates."""

import math

from matplotlib.axes import Axes
from matplotlib.collections import LineCollection
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from netwright.plan.distributions import Choice, Distribution, Range
from netwright.report.figure import FONT_SIZE, new_axes, safe_label, styled
from netwright.report.palette import BLUES, LIGHT, RAMP_STEPS
from netwright.report.words import metric_title, number, shorten, spell
from netwright.tune.study import Study, Trial

__all__ = ["draw_coordinates", "draw_curves", "draw_search", "has_far_scores"]

MOST_LINES = 300  # trials in one figure
FAR = 4.0  # a score so many times further from the best than the median is drawn at the edge
ZERO_GAP = 0.14  # of an axis, between 0 and the range of a zero_or


@styled
def draw_search(study: Study, *, width: float = 470, height: float = 250) -> Figure:
    """Draw every trial's score by its number, and the best so far as a line of steps."""
    figure, axes = new_axes(width, height, left=50, top=26)
    low, high = _window(study)
    for states, colour, label in (
        (("pruned",), LIGHT["grey"], "dropped"),
        (("complete",), LIGHT["blue"], "trained to the end"),
    ):
        dots = [t for t in study.trials if t.state in states and t.score is not None]
        if dots:
            axes.scatter(
                [t.number for t in dots],
                [min(max(t.score or 0.0, low), high) for t in dots],
                s=22,
                color=colour,
                alpha=0.75,
                linewidths=0,
                label=label,
            )
    best = study.history()
    if best:
        last = max(t.number for t in study.trials)
        axes.step(
            [n for n, _ in best] + [last],
            [v for _, v in best] + [best[-1][1]],
            where="post",
            color=LIGHT["orange"],
            label="best so far",
        )
    _score_axis(axes, study, low, high)
    axes.xaxis.set_major_locator(MaxNLocator(6, integer=True))
    axes.set_xlabel("trial")
    axes.legend(loc="lower left", bbox_to_anchor=(0, 1.0), ncols=3, columnspacing=1.2)
    return figure


@styled
def draw_curves(study: Study, *, width: float = 860, height: float = 280) -> Figure:
    """Draw each trial's metric by epoch: dropped ones grey, the best trial on top."""
    figure, axes = new_axes(width, height, left=50, top=26)
    low, high = _window(study)
    ranked = study.leaderboard(MOST_LINES)
    for trial in reversed(ranked):
        pruned, best = trial.state == "pruned", trial is ranked[0]
        axes.plot(
            range(1, len(trial.curve) + 1),
            [min(max(value, low), high) for value in trial.curve],
            color=LIGHT["orange"] if best else LIGHT["grey"] if pruned else LIGHT["blue"],
            linewidth=2.2 if best else 1.0,
            alpha=1.0 if best else 0.45,
            marker="o" if len(trial.curve) == 1 else None,
            markersize=3,
            label=f"trial {trial.number}, the best" if best else "_",
            zorder=3 if best else 2,
        )
    _score_axis(axes, study, low, high)
    axes.xaxis.set_major_locator(MaxNLocator(6, integer=True))
    axes.set_xlabel("epoch")
    axes.legend(loc="lower left", bbox_to_anchor=(0, 1.0))
    return figure


@styled
def draw_coordinates(study: Study, *, height: float = 330) -> Figure:
    """Draw a line a trial through its values, an axis a field, its score last: the
    stronger its blue the better, the best in orange, failed trials red and without a score."""
    fields = list(study.space)
    width = max(640.0, 132.0 * (len(fields) + 1))
    figure, axes = new_axes(width, height, left=64, right=78, top=34, bottom=14)
    low, high = _window(study)
    ranked = study.leaderboard(MOST_LINES)
    failed = [t for t in study.trials if t.state == "failed"][:MOST_LINES]
    shades: dict[str, list[list[tuple[float, float]]]] = {LIGHT["red"]: []}
    for trial in failed:
        shades[LIGHT["red"]].append(_path(study, trial, low, high))
    for rank, trial in reversed(list(enumerate(ranked))):
        step = round((RAMP_STEPS - 1) * (1 - rank / max(len(ranked) - 1, 1)))
        shades.setdefault(BLUES[step], []).append(_path(study, trial, low, high))
    for colour, paths in shades.items():
        axes.add_collection(LineCollection(paths, colors=colour, linewidths=1.2, alpha=0.8))
    if ranked:
        best = [_path(study, ranked[0], low, high)]
        axes.add_collection(LineCollection(best, colors=LIGHT["orange"], linewidths=2.6))
    for place, field in enumerate(fields):
        _field_axis(axes, place, field, study.space[field])
    last = len(fields)
    axes.axvline(last, color=LIGHT["soft"], linewidth=1)
    for at, value in ((0.0, low), (0.5, (low + high) / 2), (1.0, high)):
        _tick(axes, last, at, number(value), right=True)
    _title(axes, last, metric_title(study.metric))
    axes.set_xlim(0, last)
    axes.set_ylim(-0.03, 1.03)
    axes.set_axis_off()
    return figure


def _path(study: Study, trial: Trial, low: float, high: float) -> list[tuple[float, float]]:
    points = [
        (float(place), _position(found, trial.changes[field]))
        for place, (field, found) in enumerate(study.space.items())
    ]
    if trial.score is not None:
        share = (trial.score - low) / ((high - low) or 1.0)
        points.append((float(len(points)), min(max(share, 0.0), 1.0)))
    return points


def _position(found: Distribution, value: object) -> float:
    """Return where a value stands on its field's axis, 0..1."""
    if isinstance(found, Choice):
        last = len(found.options) - 1
        return found.place(value) / last if last else 0.5
    assert isinstance(value, int | float)
    if isinstance(found, Range):
        return found.quantile(value)
    return 0.0 if value == 0 else ZERO_GAP + (1 - ZERO_GAP) * found.other.quantile(value)


def _field_axis(axes: Axes, place: int, field: str, found: Distribution) -> None:
    axes.axvline(place, color=LIGHT["soft"], linewidth=1)
    _title(axes, place, field.partition(".")[2])
    if isinstance(found, Choice):
        values = list(found.options)
    else:
        inner = found if isinstance(found, Range) else found.other
        middle = inner.at(0.5)
        values = [inner.low, middle if inner.whole else float(f"{middle:.2g}"), inner.high]
        values = [0, *values] if inner is not found else values
    words = {_position(found, value): shorten(spell(value), 12) for value in values}
    for at, word in words.items():
        _tick(axes, place, at, word)


def _title(axes: Axes, place: int, words: str) -> None:
    axes.annotate(
        safe_label(words, 18),
        (place, 1.03),
        xytext=(0, 12),
        textcoords="offset points",
        ha="center",
        color=LIGHT["ink"],
        fontsize=FONT_SIZE,
        fontweight="bold",
    )


def _tick(axes: Axes, place: int, at: float, words: str, *, right: bool = False) -> None:
    axes.annotate(
        words,
        (place, at),
        xytext=(6 if right else -6, 0),
        textcoords="offset points",
        ha="left" if right else "right",
        va="center",
        color=LIGHT["ink"],
        fontsize=FONT_SIZE - 1,
        bbox={"facecolor": LIGHT["surface"], "edgecolor": "none", "pad": 1.0, "alpha": 0.85},
        zorder=4,
    )


def _window(study: Study) -> tuple[float, float]:
    """Return the scores that a figure spans: from the best to the worst that is not far off."""
    scores = sorted(
        (t.score for t in study.leaderboard() if t.score is not None and math.isfinite(t.score)),
        reverse=study.higher_is_better,
    )
    if not scores:
        return 0.0, 1.0
    best, median, worst = scores[0], scores[len(scores) // 2], scores[-1]
    far = best + FAR * (median - best)
    if median != best and abs(worst - best) > abs(far - best):
        worst = far
    low, high = min(best, worst), max(best, worst)
    return (low, high) if high > low else (low - 0.5, high + 0.5)


def _score_axis(axes: Axes, study: Study, low: float, high: float) -> None:
    pad = 0.06 * (high - low)
    axes.set_ylim(low - pad, high + pad)


def has_far_scores(study: Study) -> bool:
    """Say whether some scores lie beyond what the figures span, at their edge."""
    low, high = _window(study)
    return any(not low <= t.score <= high for t in study.trials if t.score is not None)
