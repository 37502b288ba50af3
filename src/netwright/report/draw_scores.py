"""Figures of how good a model is: intervals side by side, confusion, ROC and PR, calibration, actual against predicted."""

from collections.abc import Mapping, Sequence

from matplotlib.axes import Axes
from matplotlib.colors import to_rgb
from matplotlib.figure import Figure

from netwright.report.figure import FONT_SIZE, label_width, new_axes, safe_label, styled
from netwright.report.palette import BLUES, LIGHT, LINES, RAMP_STEPS
from netwright.report.words import number

__all__ = [
    "draw_confusion",
    "draw_intervals",
    "draw_pairs",
    "draw_pr",
    "draw_reliability",
    "draw_residuals",
    "draw_roc",
]

Points = Sequence[Sequence[float]]
MOST_NAMED = 20  # classes whose cells are large enough to hold a number
MOST_LINES = 6  # curves in one figure that can still be told apart


@styled
def draw_intervals(
    rows: Sequence[tuple[str, float, float | None, float | None]],
    *,
    better: str = "",
    width: float = 460,
) -> Figure:
    """Draw a value and its interval a row: (name, value, low, high). The first row is the net's and stands out."""
    height = 40 + 34 * len(rows)
    left = label_width([name for name, *_ in rows], 28)
    figure, axes = new_axes(width, height, left=left, right=58, top=8, bottom=32)
    edges = [edge for _, *values in rows for edge in values if edge is not None]
    span = (max(edges) - min(edges)) or abs(edges[0]) or 1.0
    for row, (_, value, low, high) in enumerate(rows):
        colour = LIGHT["blue"] if row == 0 else LIGHT["grey"]
        if low is not None and high is not None:
            axes.plot(
                [low, high], [row, row], color=colour, linewidth=5 if row == 0 else 3, alpha=0.35
            )
        axes.plot([value], [row], "o", color=colour, markersize=8 if row == 0 else 6)
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
    axes.set_xlim(min(edges) - 0.06 * span, max(edges) + 0.06 * span)
    axes.set_ylim(len(rows) - 0.5, -0.5)
    axes.set_yticks(range(len(rows)), [safe_label(name, 28) for name, *_ in rows])
    axes.tick_params(axis="y", labelcolor=LIGHT["ink"], labelsize=FONT_SIZE)
    axes.grid(False, axis="y")
    axes.set_xlabel(better)
    return figure


@styled
def draw_confusion(matrix: Sequence[Sequence[int]], classes: Sequence[str]) -> Figure:
    """Draw counts, row true and column predicted, shaded by the share of the true class's rows."""
    size = len(matrix)
    cell = max(7.0, min(46.0, 430.0 / max(size, 1)))
    left = 22 + label_width(classes, 16)
    bottom = 22 + (label_width(classes, 16) if size > 2 else 22)
    side = cell * size
    figure, axes = new_axes(
        left + side + 10, bottom + side + 8, left=left, right=10, top=8, bottom=bottom
    )
    for i, row in enumerate(matrix):
        total = sum(row) or 1
        for j, amount in enumerate(row):
            part = amount / total
            level = min(RAMP_STEPS - 1, int(part * RAMP_STEPS))
            # One lost row among thousands is still seen: any count but zero is at least the second shade.
            shade = BLUES[max(level, 1) if amount else 0]
            axes.fill_between([j + 0.03, j + 0.97], i + 0.03, i + 0.97, color=shade, linewidth=0)
            if size <= MOST_NAMED and (amount or i == j):
                axes.annotate(
                    f"{amount:,}",
                    (j + 0.5, i + 0.5),
                    ha="center",
                    va="center",
                    color=LIGHT["surface"] if sum(to_rgb(shade)) < 1.5 else LIGHT["ink"],
                    fontsize=min(FONT_SIZE, 2.6 * cell / max(3, len(f"{amount:,}"))),
                )
    axes.set_xlim(0, size)
    axes.set_ylim(size, 0)
    every = 1 if cell >= 12 else -(-12 // int(cell))
    shown = range(0, size, every)
    names = [safe_label(classes[i], 16) if i < len(classes) else str(i) for i in shown]
    centres = [i + 0.5 for i in shown]
    axes.set_yticks(centres, names)
    axes.set_xticks(centres, names, rotation=90 if size > 2 else 0)
    axes.set_xlabel("predicted")
    axes.set_ylabel("true")
    axes.grid(False)
    axes.spines["bottom"].set_visible(False)
    return figure


@styled
def draw_roc(curves: Mapping[str, Points]) -> Figure:
    """Draw ROC curves: label -> points (false positive rate, true positive rate). The diagonal is guessing."""
    figure, axes = new_axes(320, 300, left=48, bottom=40, top=12)
    axes.plot([0, 1], [0, 1], color=LIGHT["grey"], linewidth=1, linestyle=(0, (3, 3)))
    _plot_curves(axes, curves)
    axes.set_xlabel("false positives, share of negatives")
    axes.set_ylabel("found, share of positives")
    if len(curves) > 1:
        axes.legend(loc="lower right")
    return figure


@styled
def draw_pr(curves: Mapping[str, Points]) -> Figure:
    """Draw precision-recall curves: label -> points (recall, precision)."""
    figure, axes = new_axes(320, 300, left=48, bottom=40, top=12)
    _plot_curves(axes, curves)
    axes.set_xlabel("found (recall)")
    axes.set_ylabel("right among those called (precision)")
    if len(curves) > 1:
        axes.legend(loc="lower left")
    return figure


@styled
def draw_reliability(curves: Mapping[str, Points]) -> Figure:
    """Draw calibration: label -> points (mean confidence, share right, rows). On the diagonal it means what it says."""
    figure, axes = new_axes(320, 300, left=48, bottom=40, top=12)
    axes.plot([0, 1], [0, 1], color=LIGHT["grey"], linewidth=1, linestyle=(0, (3, 3)))
    for colour, (name, points) in zip(LINES, curves.items(), strict=False):
        most = max((point[2] for point in points if len(point) > 2), default=1) or 1
        axes.plot(
            [p[0] for p in points],
            [p[1] for p in points],
            color=colour,
            linewidth=1.2,
            label=safe_label(name),
        )
        axes.scatter(
            [p[0] for p in points],
            [p[1] for p in points],
            s=[12 + 90 * (p[2] / most if len(p) > 2 else 0.2) for p in points],
            color=colour,
            alpha=0.75,
            linewidths=0,
        )
    _unit_square(axes)
    axes.set_xlabel("probability given")
    axes.set_ylabel("share that came true")
    if len(curves) > 1:
        axes.legend(loc="upper left")
    return figure


@styled
def draw_pairs(points: Points, *, name: str = "") -> Figure:
    """Draw actual against predicted, a point a row; on the diagonal the prediction is right."""
    figure, axes = new_axes(360, 320, left=60, bottom=40, top=12)
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
    figure, axes = new_axes(360, 320, left=52, bottom=40, top=12)
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


def _plot_curves(axes: Axes, curves: Mapping[str, Points]) -> None:
    for colour, (name, points) in zip(LINES, list(curves.items())[:MOST_LINES], strict=False):
        axes.plot(
            [p[0] for p in points], [p[1] for p in points], color=colour, label=safe_label(name, 16)
        )
    _unit_square(axes)


def _unit_square(axes: Axes) -> None:
    axes.set_xlim(-0.02, 1.02)
    axes.set_ylim(-0.02, 1.02)
