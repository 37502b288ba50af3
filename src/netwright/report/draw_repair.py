"""The figure of a repair: each seed's score as it was and with each remedy, side by side."""

from collections.abc import Sequence

from matplotlib.figure import Figure

from netwright.report.figure import FONT_SIZE, label_width, new_axes, safe_label, styled
from netwright.report.palette import LIGHT
from netwright.report.words import number

__all__ = ["draw_paired"]

ROW = 46  # pixels of height


@styled
def draw_paired(
    control: Sequence[float],
    arms: Sequence[tuple[str, Sequence[float], bool]],
    *,
    metric: str,
    better: str = "",
    width: float = 560,
) -> Figure:
    """Draw a row for the control and one for each arm: (name, scores, kept). A dot is a seed, a
    thin line joins a seed's scores in the control and in what was kept, a bar is the mean."""
    rows = [("as it was", list(control), False), *arms]
    left = label_width([name for name, *_ in rows], 30)
    figure, axes = new_axes(width, 44 + ROW * len(rows), left=left, right=58, top=8, bottom=36)
    for place, (_, scores, kept) in enumerate(rows):
        colour = LIGHT["blue"] if kept else LIGHT["grey"]
        mean = sum(scores) / len(scores)
        if kept:
            for before, after in zip(control, scores, strict=True):
                axes.plot([before, after], [0, place], color=colour, linewidth=1, alpha=0.35)
        axes.plot(scores, [place] * len(scores), "o", color=colour, markersize=6, alpha=0.75)
        axes.plot([mean, mean], [place - 0.28, place + 0.28], color=colour, linewidth=2.2)
        axes.annotate(
            number(mean),
            (1.0, place),
            xycoords=("axes fraction", "data"),
            xytext=(8, 0),
            textcoords="offset points",
            va="center",
            color=colour if kept else LIGHT["ink"],
            fontsize=FONT_SIZE,
            fontweight="bold" if kept else "normal",
        )
    axes.set_ylim(len(rows) - 0.5, -0.5)
    axes.set_yticks(range(len(rows)), [safe_label(name, 30) for name, *_ in rows])
    axes.tick_params(axis="y", labelcolor=LIGHT["ink"], labelsize=FONT_SIZE)
    axes.grid(False, axis="y")
    axes.margins(x=0.06)
    axes.set_xlabel(f"{metric}, {better}" if better else metric)
    return figure
