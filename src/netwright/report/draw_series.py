"""Figures of series: a forecast beside what came, and the channels of one misjudged sample."""

from collections.abc import Sequence

from matplotlib.figure import Figure

from netwright.report.figure import new_axes, styled
from netwright.report.palette import LIGHT, LINES
from netwright.report.report import Forecast

__all__ = ["draw_forecast", "draw_sample"]


@styled
def draw_forecast(forecast: Forecast, *, width: float = 460, height: float = 220) -> Figure:
    """Draw the last part of what the net saw, what came, what it said and what the seasonal naive
    would have said."""
    figure, axes = new_axes(width, height, left=54, top=26, bottom=36)
    seen = len(forecast.history)
    past = range(1 - seen, 1)
    ahead = range(1, len(forecast.actual) + 1)
    last = list(forecast.history[-1:])
    joined = range(0 if last else 1, len(forecast.actual) + 1)  # lines start where the past ends
    axes.plot(past, forecast.history, color=LIGHT["grey"], linewidth=1.4, label="seen")
    axes.plot(joined, [*last, *forecast.actual], color=LIGHT["ink"], linewidth=1.4, label="actual")
    if forecast.naive:
        axes.plot(
            ahead,
            forecast.naive,
            color=LIGHT["orange"],
            linewidth=1.2,
            linestyle=(0, (2, 2)),
            label="seasonal naive",
        )
    if forecast.low:
        steps, colour = range(1, len(forecast.low) + 1), LIGHT["blue"]
        axes.fill_between(steps, forecast.low, forecast.high, color=colour, alpha=0.2, linewidth=0)
    axes.plot(
        range(1, len(forecast.predicted) + 1),
        forecast.predicted,
        color=LIGHT["blue"],
        linewidth=2.2,
        label="predicted",
    )
    axes.axvspan(0.5, len(forecast.actual) + 0.5, color=LIGHT["wash-blue"], linewidth=0, zorder=0)
    axes.set_xlim(1 - seen, len(forecast.actual) + 0.5)
    axes.set_xlabel("steps from the origin")
    axes.legend(loc="lower left", bbox_to_anchor=(0, 1.0), ncols=4, columnspacing=1.2)
    return figure


@styled
def draw_sample(
    channels: Sequence[Sequence[float]], *, width: float = 240, height: float = 110
) -> Figure:
    """Draw the channels of one sample, without axes: its shape is the point."""
    figure, axes = new_axes(width, height, left=4, right=4, top=4, bottom=4)
    for colour, channel in zip(LINES, channels, strict=False):
        axes.plot(channel, color=colour, linewidth=1.3)
    axes.set_axis_off()
    return figure
