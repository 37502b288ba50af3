"""A quiet matplotlib figure, and its SVG for a page: one CSS pixel a unit, colours as CSS
variables, text as text.

Nothing here needs pyplot, a display or a theme: a Figure is drawn in the light colours of `palette`
and can be saved as it is; `to_svg` makes the inline form that follows the page's theme.
"""

import functools
import io
import json
import re
import warnings
from collections.abc import Callable, Sequence
from typing import Any, ParamSpec

import matplotlib
import numpy as np
from cycler import cycler
from matplotlib.axes import Axes
from matplotlib.colors import to_hex
from matplotlib.figure import Figure
from matplotlib.patches import PathPatch
from matplotlib.path import Path
from matplotlib.ticker import FuncFormatter, LogLocator, MaxNLocator

from netwright.report.markup import Markup, text
from netwright.report.palette import LIGHT, LINES, variable_of
from netwright.report.words import shorten

__all__ = [
    "FONT_SIZE",
    "Box",
    "draw_boxes",
    "label_width",
    "log_axis",
    "new_axes",
    "safe_label",
    "styled",
    "to_svg",
]

MOST_POINTS = 1000  # of a line whose values can be read with the pointer
GROWTH = 1.25  # a figure may be shown so much larger than it was drawn, where there is room
FONT_SIZE = 11.0  # pixels; the page's small print
_STYLE: dict[Any, Any] = {  # Any: matplotlib types its keys as a Literal of all their names
    "font.family": ["DejaVu Sans"],  # comes with matplotlib, so that sizes are the same everywhere
    "font.size": FONT_SIZE,
    "text.color": LIGHT["ink"],
    "text.parse_math": False,  # names may hold dollar signs
    "axes.edgecolor": LIGHT["rule"],
    "axes.labelcolor": LIGHT["soft"],
    "axes.labelsize": FONT_SIZE,
    "axes.facecolor": "none",
    "axes.grid": True,
    "axes.axisbelow": True,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.spines.left": False,
    "axes.prop_cycle": cycler(color=list(LINES)),
    "axes.unicode_minus": True,
    "axes.formatter.use_mathtext": False,
    "axes.formatter.limits": (-4, 5),
    "grid.color": LIGHT["grid"],
    "grid.linewidth": 1.0,
    "xtick.color": LIGHT["soft"],
    "ytick.color": LIGHT["soft"],
    "xtick.labelsize": FONT_SIZE - 1,
    "ytick.labelsize": FONT_SIZE - 1,
    "xtick.major.size": 0,
    "ytick.major.size": 0,
    "xtick.minor.size": 0,
    "ytick.minor.size": 0,
    "lines.linewidth": 1.8,
    "lines.solid_capstyle": "round",
    "legend.frameon": False,
    "legend.fontsize": FONT_SIZE - 1,
    "legend.handlelength": 1.2,
    "legend.handletextpad": 0.5,
    "legend.borderaxespad": 0.2,
    "figure.facecolor": "none",
    "svg.fonttype": "none",
    "path.simplify": True,
}
Box = tuple[float, float, float]  # start, end and row: one unit high, less a hairline
_Arguments = ParamSpec("_Arguments")


def styled(draw: Callable[_Arguments, Figure]) -> Callable[_Arguments, Figure]:
    """Decorate a drawing function: it draws in our style, and matplotlib's settings are left as
    they were."""

    @functools.wraps(draw)
    def drawn(*args: _Arguments.args, **kwargs: _Arguments.kwargs) -> Figure:
        with matplotlib.rc_context(_STYLE):
            return draw(*args, **kwargs)

    return drawn


def new_axes(
    width: float,
    height: float,
    *,
    left: float = 44,
    right: float = 12,
    top: float = 10,
    bottom: float = 36,
) -> tuple[Figure, Axes]:
    """Return a figure of width x height pixels with one pair of axes; margins in pixels."""
    figure = Figure(figsize=(width / 72, height / 72), dpi=72)
    axes = figure.add_axes(
        (
            left / width,
            bottom / height,
            max(1.0, width - left - right) / width,
            max(1.0, height - top - bottom) / height,
        )
    )
    axes.xaxis.set_major_locator(MaxNLocator(5, steps=[1, 2, 2.5, 5, 10]))
    axes.yaxis.set_major_locator(MaxNLocator(5, steps=[1, 2, 2.5, 5, 10]))
    return figure, axes


def draw_boxes(boxes: Sequence[Box], colour: str) -> PathPatch:
    """Return one patch of many boxes in one colour: far smaller in a page than a patch for each."""
    vertices: list[tuple[float, float]] = []
    codes: list[Any] = []  # matplotlib's own small integers
    for start, end, row in boxes:
        top, bottom = row + 0.04, row + 0.96
        vertices += [(start, top), (end, top), (end, bottom), (start, bottom), (start, top)]
        codes += [Path.MOVETO, Path.LINETO, Path.LINETO, Path.LINETO, Path.CLOSEPOLY]
    return PathPatch(Path(vertices, codes), facecolor=colour, edgecolor="none", linewidth=0)


def log_axis(axes: Axes, values: Sequence[float]) -> None:
    """Give the y axis a log scale with plain labels (0.001, not a formula)."""
    axes.set_yscale("log")
    span = max(values) / min(values)
    axes.yaxis.set_major_locator(
        LogLocator(10, subs=(1.0,) if span > 30 else (1.0, 2.0, 5.0), numticks=6)
    )
    axes.yaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:.3g}"))
    axes.yaxis.set_minor_formatter(FuncFormatter(lambda value, _: ""))


def safe_label(name: str, length: int = 24) -> str:
    """Return a name that fits a label; an underscore in front would hide it from matplotlib's
    legend."""
    short = shorten(name, length)
    return "\u200b" + short if short.startswith("_") else short


def label_width(names: Sequence[str], length: int = 24) -> float:
    """Return the pixels that the longest name needs, about."""
    return 10 + 6.4 * max((len(shorten(name, length)) for name in names), default=0)


def to_svg(figure: Figure, *, alt: str, name: str) -> Markup:
    """Return the figure as inline SVG. alt: what it shows, for those who do not see it. name:
    unique on the page."""
    assert re.fullmatch(r"[a-z0-9-]+", name), (
        name
    )  # it becomes part of ids: never a name from the data
    buffer = io.StringIO()
    with matplotlib.rc_context(_STYLE | {"svg.hashsalt": name}), warnings.catch_warnings():
        # A glyph that matplotlib's font lacks is only measured wrongly: the browser has fonts of
        # its own.
        warnings.filterwarnings("ignore", message=r"Glyph .* missing from")
        warnings.filterwarnings("ignore", message=r"Matplotlib currently does not support")
        figure.savefig(
            buffer, format="svg", transparent=True, metadata={"Date": None, "Creator": None}
        )
    written = buffer.getvalue()
    width, height = (72 * side for side in figure.get_size_inches())
    body = written[written.index("<g id=") : written.rindex("</svg>")]
    return Markup(
        f'<svg class="plot" role="img" aria-label="{text(alt)}" width="{width:.0f}" '
        f'height="{height:.0f}" viewBox="0 0 {width:.0f} {height:.0f}" '
        f'style="max-width:{GROWTH * width:.0f}px"{_hover(figure)}>'
        f"<title>{text(alt)}</title>{_tidy(body, name)}</svg>"
    )


def _hover(figure: Figure) -> str:
    """Return the attribute from which the page's script reads values under the pointer."""
    if len(figure.axes) != 1:
        return ""
    axes = figure.axes[0]
    lines = []
    for line in axes.get_lines():
        points = np.asarray(line.get_xydata(), dtype=np.float64)
        points = points[np.isfinite(points).all(axis=1)]
        if not str(line.get_label()).startswith("_") and 1 < len(points) <= MOST_POINTS:
            lines.append(
                {
                    "name": str(line.get_label()).lstrip("\u200b"),
                    "colour": variable_of().get(to_hex(line.get_color()), "var(--ink)"),
                    "x": [_rounded(x) for x in points[:, 0]],
                    "y": [_rounded(y) for y in points[:, 1]],
                }
            )
    if not lines:
        return ""
    width, height = (72 * side for side in figure.get_size_inches())
    box = axes.get_position()
    corners = [box.x0 * width, (1 - box.y1) * height, box.x1 * width, (1 - box.y0) * height]
    values = {
        "box": [round(corner, 1) for corner in corners],
        "span": [_rounded(end) for end in axes.get_xlim()],
        "what": axes.get_xlabel(),
        "lines": lines,
    }
    return f' data-hover="{text(json.dumps(values, separators=(",", ":")))}"'


def _rounded(value: float) -> float | int:
    number = float(f"{float(value):.4g}")
    return int(number) if number.is_integer() else number


def _tidy(body: str, name: str) -> str:
    """Drop what a page does not need, make ids unique on the page and colours variable."""
    used = set(re.findall(r'(?:url\(#|href="#)([^)"]+)', body))
    short = {identity: f"{name}-{i}" for i, identity in enumerate(sorted(used))}

    def rename(match: re.Match[str]) -> str:
        identity = short.get(match[1])
        return f' id="{identity}"' if identity else ""

    body = re.sub(r' id="([^"]*)"', rename, body)
    body = re.sub(r"url\(#([^)]+)\)", lambda m: f"url(#{short[m[1]]})", body)
    body = re.sub(r'xlink:href="#([^"]+)"', lambda m: f'href="#{short[m[1]]}"', body)
    body = re.sub(r" font-family: [^;\"]*;?", "", body)
    body = re.sub(r' transform="rotate\(-0 [^"]*\)"', "", body)
    body = re.sub(r"(\d\.\d\d?)\d*(?=[ \"\n,)])", r"\1", body)
    variables = variable_of()
    body = re.sub(r"(?<=: )(#[0-9a-f]{6})", lambda m: variables.get(m[1], m[1]), body)
    body = re.sub(r"<defs>\s*<style[^>]*>.*?</style>\s*</defs>", "", body, flags=re.S)
    body = re.sub(r">\s+<", "><", body)
    return re.sub(r"\s+", " ", body).replace(' "', '"').strip()
