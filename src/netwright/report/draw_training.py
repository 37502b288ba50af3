"""Figures of how a net learned: columns of the history, and per-layer health as strips of layer by
step."""

import math
from collections.abc import Mapping, Sequence
from typing import Literal

from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from netwright.report.figure import (
    FONT_SIZE,
    Box,
    draw_boxes,
    label_width,
    log_axis,
    new_axes,
    safe_label,
    styled,
)
from netwright.report.palette import BLUES, LIGHT, LINES, ORANGES, RAMP_STEPS

__all__ = ["draw_growth", "draw_history", "draw_strip", "strip_scale"]

Column = Sequence[float | None]
Trace = Mapping[str, tuple[Sequence[int], Sequence[float]]]
MOST_BINS = 60  # cells a row of a strip: finer than the eye needs at 560 pixels
MOST_LAYERS = 40


@styled
def draw_history(
    columns: Mapping[str, Column],
    *,
    best_epoch: int | None = None,
    log: bool = False,
    unit: str = "epoch",
    width: float = 320,
    height: float = 210,
) -> Figure:
    """Draw columns of the history against the epoch (from 1), or what `unit` calls a row; a dotted
    line marks the epoch whose weights were kept."""
    figure, axes = new_axes(width, height, left=46, top=24)
    finite: list[float] = []
    longest = max((len(column) for column in columns.values()), default=1)
    for colour, (name, column) in zip(LINES * 3, columns.items(), strict=False):
        points = [(i + 1, v) for i, v in enumerate(column) if v is not None and math.isfinite(v)]
        finite += [v for _, v in points]
        axes.plot(
            [x for x, _ in points],
            [y for _, y in points],
            color=colour,
            label=safe_label(name),
            marker="o" if longest <= 12 else None,
            markersize=3.5,
        )
    # Within a factor of four a log scale shows nothing more, and has hardly a tick.
    if log and finite and min(finite) > 0 and max(finite) > 4 * min(finite):
        log_axis(axes, finite)
    if best_epoch is not None:
        axes.axvline(best_epoch, color=LIGHT["soft"], linewidth=1, linestyle=(0, (1, 2)))
        right = best_epoch > 0.6 * longest
        axes.annotate(
            "kept ",
            (best_epoch, 0.02),
            xycoords=("data", "axes fraction"),
            ha="right" if right else "left",
            xytext=(-4 if right else 4, 2),
            textcoords="offset points",
            color=LIGHT["soft"],
            fontsize=FONT_SIZE - 1,
        )
    axes.set_xlim(1 if longest > 1 else 0.5, max(longest, 1.5))
    axes.xaxis.set_major_locator(MaxNLocator(5, integer=True, min_n_ticks=1, steps=[1, 2, 5, 10]))
    axes.set_xlabel(unit)
    if len(columns) > 1:
        axes.legend(loc="lower left", bbox_to_anchor=(0, 1.0), ncols=3, columnspacing=1.2)
    return figure


@styled
def draw_growth(
    scores: Sequence[float],
    *,
    alone: float | None,
    metric: str,
    what: str,
    width: float = 440,
    height: float = 220,
) -> Figure:
    """Draw an ensemble's score against the number of its members or picks (`what`), from 1; a
    dashed line is the best member alone."""
    figure, axes = new_axes(width, height, left=56, top=24)
    places = range(1, len(scores) + 1)
    axes.plot(places, scores, color=LINES[0], label="ensemble", marker="o", markersize=3.5)
    if alone is not None:
        axes.plot(
            (1, len(scores)),
            (alone, alone),
            label="best member alone",
            color=LIGHT["soft"],
            linestyle=(0, (4, 3)),
            linewidth=1.2,
        )
    axes.set_xlim(1, max(len(scores), 2))
    axes.xaxis.set_major_locator(MaxNLocator(8, integer=True, min_n_ticks=1, steps=[1, 2, 5, 10]))
    axes.set_xlabel(what)
    axes.legend(loc="lower left", bbox_to_anchor=(0, 1.0), ncols=2, columnspacing=1.2)
    return figure


def strip_scale(trace: Trace) -> tuple[Literal["share", "log", "linear"], float, float]:
    """Return how a signal is shaded: shares on 0..1, positive values over more than a decade by
    their logarithm."""
    values = sorted(v for _, vs in trace.values() for v in vs if math.isfinite(v))
    if not values:
        return "linear", 0.0, 1.0
    positive = [v for v in values if v > 0]
    if values[0] >= 0 and len(positive) > 0.5 * len(values):
        # The outer hundredths are clipped, so that one early jump does not flatten all the rest.
        low, high = positive[len(positive) // 100], positive[-1 - len(positive) // 100]
        if high > 10 * low:
            return "log", low, high
    return "linear", values[0], max(values[-1], values[0] + 1e-12)


@styled
def draw_strip(
    trace: Trace,
    *,
    share: bool = False,
    width: float = 560,
    row_height: float = 15,
) -> Figure:
    """Draw one signal as a heat strip: a row a layer (inputs on top), steps to the right, darker is
    larger.

    share: values are shares of 0..1, drawn in orange on that fixed scale; a value that is not
    finite is red.
    """
    layers = list(trace)[:MOST_LAYERS]
    left = label_width(layers, 22)
    height = 14 + 34 + row_height * max(1, len(layers))
    figure, axes = new_axes(width, height, left=left, top=14, bottom=34, right=12)
    scale, low, high = ("share", 0.0, 1.0) if share else strip_scale(trace)
    ramp = ORANGES if share else BLUES
    steps = [step for name in layers for step in trace[name][0]]
    first, last = min(steps, default=0), max(steps, default=1)
    bins = max(1, min(MOST_BINS, max((len(trace[name][0]) for name in layers), default=1)))
    boxes: dict[str, list[Box]] = {}
    for row, name in enumerate(layers):
        cells = _bins(*trace[name], first=first, last=last, bins=bins)
        start = 0
        for i in range(1, bins + 1):  # neighbours of one shade become one box
            shade = _shade(cells[start], scale, low, high, ramp)
            if i == bins or _shade(cells[i], scale, low, high, ramp) != shade:
                if shade is not None:
                    boxes.setdefault(shade, []).append((start, i, row))
                start = i
    for shade, spans in boxes.items():
        axes.add_patch(draw_boxes(spans, shade))
    axes.set_xlim(0, bins)
    axes.set_ylim(len(layers) or 1, 0)
    axes.set_yticks([i + 0.5 for i in range(len(layers))], [safe_label(n, 22) for n in layers])
    ticks = [s for s in MaxNLocator(6, integer=True).tick_values(first, last) if first <= s <= last]
    axes.set_xticks(
        [(step - first) / max(1, last - first) * bins for step in ticks],
        [f"{s:,.0f}" for s in ticks],
    )
    axes.set_xlabel("step")
    axes.grid(False)
    axes.spines["bottom"].set_visible(False)
    return figure


def _bins(
    steps: Sequence[int], values: Sequence[float], *, first: int, last: int, bins: int
) -> list[float | None]:
    """Average the values that fall into each of `bins` equal spans of steps; one that is not finite
    wins its bin."""
    sums: list[float] = [0.0] * bins
    counts = [0] * bins
    for step, value in zip(steps, values, strict=False):
        at = min(bins - 1, int((step - first) / max(1, last - first) * bins))
        sums[at] += value
        counts[at] += 1
    means = [s / c if c else None for s, c in zip(sums, counts, strict=True)]
    # A layer watched less often keeps its last shade until the next measurement.
    for i in range(1, bins):
        if means[i] is None:
            means[i] = means[i - 1]
    return means


def _shade(
    value: float | None, scale: str, low: float, high: float, ramp: Sequence[str]
) -> str | None:
    if value is None:
        return None
    if not math.isfinite(value):
        return LIGHT["red"]
    if scale == "log":
        part = 0.0 if value <= 0 else math.log(value / low) / math.log(high / low)
    else:
        part = (value - low) / (high - low)
    return ramp[min(RAMP_STEPS - 1, max(0, int(part * RAMP_STEPS)))]
