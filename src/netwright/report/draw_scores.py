"""Figures of how good a model is: intervals side by side, confusion, ROC and PR, calibration,
actual against predicted."""

import math
from collections.abc import Mapping, Sequence

from matplotlib.axes import Axes
from matplotlib.colors import to_rgb
from matplotlib.figure import Figure

from netwright.report.figure import (
    FONT_SIZE,
    Box,
    draw_boxes,
    label_width,
    new_axes,
    safe_label,
    styled,
)
from netwright.report.palette import BLUES, LIGHT, LINES, RAMP_STEPS
from netwright.report.words import metric_title, number

__all__ = [
    "draw_confusion",
    "draw_intervals",
    "draw_pairs",
    "draw_pr",
    "draw_reliability",
    "draw_residuals",
    "draw_roc",
    "draw_steps",
]

Points = Sequence[Sequence[float]]
Curve = Mapping[str, Sequence[float]]
MOST_NAMED = 20  # classes whose cells are large enough to hold a number
MOST_LINES = 5  # curves in one figure that can still be told apart
MOST_SHARES = 4  # classes whose cells are large enough to hold a share as well
FIRM_SHARE = 0.02  # of the rows: a bin of calibration that holds less is drawn faintly
WORST_LINES = 3  # of more, so many are named


@styled
def draw_intervals(
    rows: Sequence[tuple[str, float, float | None, float | None]],
    *,
    better: str = "",
    width: float = 380,
) -> Figure:
    """Draw a value and its interval a row: (name, value, low, high). The first row is the net's and
    stands out."""
    height = 40 + 34 * len(rows)
    left = label_width([name for name, *_ in rows], 22)
    figure, axes = new_axes(width, height, left=left, right=58, top=8, bottom=32)
    left_edge, right_edge = _window(rows)
    pad = 0.06 * (right_edge - left_edge)
    for row, (_, value, start, end) in enumerate(rows):
        colour = LIGHT["blue"] if row == 0 else LIGHT["grey"]
        outside = "<" if value < left_edge else ">" if value > right_edge else ""
        if start is not None and end is not None and not outside:
            thick = 5 if row == 0 else 3
            axes.plot([start, end], [row, row], color=colour, linewidth=thick, alpha=0.35)
        # What lies far away is an arrow at the edge, so that it does not squeeze the rest.
        at = min(max(value, left_edge), right_edge)
        axes.plot([at], [row], outside or "o", color=colour, markersize=8 if row == 0 else 6)
        axes.annotate(
            number(value),
            (1.0, row),
            xycoords=("axes fraction", "data"),
            xytext=(8, 0),
            textcoords="offset points",
            va="center",
            color=colour if row == 0 else LIGHT["ink"],
            fontsize=FONT_SIZE,
            fontweight="bold" if row == 0 else "normal",
        )
    axes.axvline(rows[0][1], color=LIGHT["blue"], linewidth=1, linestyle=(0, (1, 2)))
    axes.set_xlim(left_edge - pad, right_edge + pad)
    axes.set_ylim(len(rows) - 0.5, -0.5)
    axes.set_yticks(range(len(rows)), [safe_label(name, 22) for name, *_ in rows])
    axes.tick_params(axis="y", labelcolor=LIGHT["ink"], labelsize=FONT_SIZE)
    axes.grid(False, axis="y")
    axes.set_xlabel(better)
    return figure


def _window(
    rows: Sequence[tuple[str, float, float | None, float | None]],
) -> tuple[float, float]:
    """Return the span to show: all, but for a value that would squeeze the others into a third."""
    ends = [[v for v in values if v is not None] for _, *values in rows]
    near = sorted(ends[1:], key=lambda values: abs(values[0] - ends[0][0]))
    shown = list(ends[0])
    for place, values in enumerate(near):
        wider = max(shown + values) - min(shown + values)
        if place and wider > 3 * (max(shown) - min(shown)):
            break
        shown += values
    low, high = min(shown), max(shown)
    return (
        (low, high) if high > low else (low - (abs(low) or 1.0) / 10, high + (abs(low) or 1.0) / 10)
    )


@styled
def draw_confusion(matrix: Sequence[Sequence[int]], classes: Sequence[str]) -> Figure:
    """Draw counts, row true and column predicted, shaded by the share of the true class's rows."""
    size = len(matrix)
    label = label_width(classes, 16)
    left = 22 + label
    cell = min(70.0, max(360.0 - left, 230.0) / max(size, 1))
    turned = label > cell + 6
    bottom = 26 + (label if turned else 14)
    side = cell * size
    figure, axes = new_axes(
        left + side + 10, bottom + side + 8, left=left, right=10, top=8, bottom=bottom
    )
    boxes: dict[str, list[Box]] = {BLUES[0]: [(0.0, float(size), float(i)) for i in range(size)]}
    for i, row in enumerate(matrix):
        total = sum(row) or 1
        for j, amount in enumerate(row):
            if amount:
                # One lost row among thousands is still seen: the least shade is the second.
                level = max(1, min(RAMP_STEPS - 1, int(amount / total * RAMP_STEPS)))
                boxes.setdefault(BLUES[level], []).append((j, j + 1, i))
            if size <= MOST_NAMED and (amount or i == j):
                shade = BLUES[level if amount else 0]
                words = f"{amount:,}"
                if size <= MOST_SHARES:
                    words += f"\n{amount / total:.0%}"
                axes.annotate(
                    words,
                    (j + 0.5, i + 0.5),
                    ha="center",
                    va="center",
                    linespacing=1.4,
                    color=LIGHT["surface"] if sum(to_rgb(shade)) < 1.5 else LIGHT["ink"],
                    fontsize=min(FONT_SIZE, 1.5 * cell / max(2, len(f"{amount:,}"))),
                )
    for shade, spans in boxes.items():
        axes.add_patch(draw_boxes(spans, shade))
    # Hairlines between columns; those between rows come with the boxes.
    if cell >= 5:
        ends = range(1, size)
        axes.vlines(ends, 0, size, color=LIGHT["surface"], linewidth=0.06 * cell, zorder=2)
    axes.set_xlim(0, size)
    axes.set_ylim(size, 0)
    every = max(1, math.ceil(12 / cell))
    shown = range(0, size, every)
    names = [safe_label(classes[i], 16) if i < len(classes) else str(i) for i in shown]
    centres = [i + 0.5 for i in shown]
    axes.set_yticks(centres, names)
    axes.set_xticks(centres, names, rotation=90 if turned else 0)
    axes.set_xlabel("predicted")
    axes.set_ylabel("true")
    axes.grid(False)
    axes.spines["bottom"].set_visible(False)
    return figure


@styled
def draw_roc(curves: Mapping[str, Curve]) -> Figure:
    """Draw ROC curves: class -> {"fpr", "tpr"}. The diagonal is guessing."""
    figure, axes = new_axes(360, 300, left=48, bottom=40, top=12)
    axes.plot([0, 1], [0, 1], color=LIGHT["grey"], linewidth=1, linestyle=(0, (3, 3)))
    _plot_curves(axes, {name: (curve["fpr"], curve["tpr"]) for name, curve in curves.items()})
    axes.set_xlabel("false alarms, share of negatives")
    axes.set_ylabel("found, share of positives")
    if len(curves) > 1:
        axes.legend(loc="lower right")
    return figure


@styled
def draw_pr(curves: Mapping[str, Curve]) -> Figure:
    """Draw precision-recall curves: class -> {"recall", "precision"}."""
    figure, axes = new_axes(360, 300, left=48, bottom=40, top=12)
    _plot_curves(axes, {name: (c["recall"], c["precision"]) for name, c in curves.items()})
    axes.set_xlabel("found (recall)")
    axes.set_ylabel("right among those called (precision)")
    if len(curves) > 1:
        axes.legend(loc="lower left")
    return figure


@styled
def draw_reliability(points: Sequence[Mapping[str, float]]) -> Figure:
    """Draw calibration: points of {"confidence", "accuracy", "share"}; a larger dot has more rows.

    On the diagonal a probability means what it says.
    """
    figure, axes = new_axes(360, 300, left=48, bottom=40, top=12)
    axes.plot([0, 1], [0, 1], color=LIGHT["grey"], linewidth=1, linestyle=(0, (3, 3)))
    most = max((point["share"] for point in points), default=1.0) or 1.0
    # A bin of two rows jumps from 0 to 1: the line goes through bins that mean something.
    firm = [point for point in points if point["share"] >= FIRM_SHARE]
    faint = [point for point in points if point["share"] < FIRM_SHARE]
    given = [point["confidence"] for point in firm]
    axes.plot(given, [p["accuracy"] for p in firm], color=LIGHT["blue"], linewidth=1.2)
    for some, alpha in ((firm, 0.8), (faint, 0.35)):
        axes.scatter(
            [point["confidence"] for point in some],
            [point["accuracy"] for point in some],
            s=[14 + 110 * point["share"] / most for point in some],
            color=LIGHT["blue"],
            alpha=alpha,
            linewidths=0,
        )
    _unit_square(axes)
    axes.set_xlabel("probability given")
    axes.set_ylabel("share that came true")
    return figure


@styled
def draw_steps(rows: Sequence[Mapping[str, float]]) -> Figure:
    """Draw errors by how far ahead a forecast looks: rows of {"step", "mae", "rmse"}."""
    figure, axes = new_axes(360, 300, left=56, bottom=40, top=26)
    # Of one forecast both are the same error.
    alike = all(row["mae"] == row["rmse"] for row in rows)
    for colour, name in zip(LINES, ("mae",) if alike else ("mae", "rmse"), strict=False):
        axes.plot(
            [row["step"] for row in rows],
            [row[name] for row in rows],
            color=colour,
            label=metric_title(name),
            marker="o" if len(rows) <= 30 else None,
            markersize=3.5,
        )
    axes.set_ylim(bottom=0)
    axes.set_xlabel("steps ahead")
    axes.legend(loc="lower left", bbox_to_anchor=(0, 1.0), ncols=2)
    return figure


@styled
def draw_pairs(points: Points, *, name: str = "") -> Figure:
    """Draw actual against predicted, a point a row; on the diagonal the prediction is right."""
    figure, axes = new_axes(360, 300, left=60, bottom=40, top=12)
    values = [v for point in points for v in point[:2]]
    low, high = min(values, default=0.0), max(values, default=1.0)
    pad = 0.03 * ((high - low) or 1.0)
    axes.plot([low, high], [low, high], color=LIGHT["grey"], linewidth=1, linestyle=(0, (3, 3)))
    axes.scatter(
        [p[0] for p in points],
        [p[1] for p in points],
        s=9,
        color=LIGHT["blue"],
        alpha=max(0.15, min(0.7, 120 / max(1, len(points)))),
        linewidths=0,
    )
    axes.set_xlim(low - pad, high + pad)
    axes.set_ylim(low - pad, high + pad)
    suffix = f" {safe_label(name)}" if name else ""
    axes.set_xlabel(f"actual{suffix}")
    axes.set_ylabel(f"predicted{suffix}")
    return figure


@styled
def draw_residuals(points: Points) -> Figure:
    """Draw the histogram of actual - predicted."""
    figure, axes = new_axes(360, 300, left=52, bottom=40, top=12)
    residuals = [point[0] - point[1] for point in points]
    axes.hist(
        residuals,
        bins=max(5, min(40, int(len(residuals) ** 0.5) + 1)),
        color=LIGHT["blue"],
        alpha=0.75,
    )
    axes.axvline(0, color=LIGHT["soft"], linewidth=1, linestyle=(0, (1, 2)))
    axes.set_xlabel("actual - predicted")
    axes.set_ylabel("rows")
    return figure


def _plot_curves(axes: Axes, curves: Mapping[str, tuple[Sequence[float], Sequence[float]]]) -> None:
    """Draw each curve in a colour of its own; of many, only the lowest, the rest in grey."""
    named = list(curves)
    if len(named) > MOST_LINES:
        named = sorted(named, key=lambda name: _area(*curves[name]))[:WORST_LINES]
        for name, (x, y) in curves.items():
            if name not in named:
                axes.plot(x, y, color=LIGHT["grey"], linewidth=1, alpha=0.5)
    for colour, name in zip(LINES, named, strict=False):
        axes.plot(*curves[name], color=colour, label=safe_label(name, 16))
    _unit_square(axes)


def _area(x: Sequence[float], y: Sequence[float]) -> float:
    return abs(sum((x[i] - x[i - 1]) * (y[i] + y[i - 1]) / 2 for i in range(1, len(x))))


def _unit_square(axes: Axes) -> None:
    axes.set_xlim(-0.02, 1.02)
    axes.set_ylim(-0.02, 1.02)
