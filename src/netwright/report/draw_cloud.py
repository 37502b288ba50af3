"""Figure of drawn rows over real ones, by two of their numbers."""

from matplotlib.figure import Figure

from netwright.report.figure import new_axes, safe_label, styled
from netwright.report.palette import LIGHT
from netwright.report.report import Cloud

__all__ = ["draw_cloud"]


@styled
def draw_cloud(cloud: Cloud, *, width: float = 420, height: float = 360) -> Figure:
    """Draw both clouds of points; the window is that of the real rows, and a little more."""
    figure, axes = new_axes(width, height, left=60, bottom=40, top=26)
    for name, points, colour in (
        ("real", cloud.real, LIGHT["grey"]),
        ("drawn", cloud.drawn, LIGHT["blue"]),
    ):
        across, up = ([point[i] for point in points] for i in (0, 1))
        axes.scatter(across, up, s=9, color=colour, alpha=0.5, linewidths=0, label=name)
    for i, bound in ((0, axes.set_xlim), (1, axes.set_ylim)):
        values = [point[i] for point in cloud.real]
        low, high = min(values, default=0.0), max(values, default=1.0)
        pad = 0.25 * ((high - low) or 1.0)
        bound(low - pad, high + pad)
    axes.set_xlabel(safe_label(cloud.axes[0]))
    axes.set_ylabel(safe_label(cloud.axes[1]))
    axes.legend(loc="lower left", bbox_to_anchor=(0, 1.0), ncols=2)
    return figure
