"""The net drawn as a column of blocks: one a layer, widths to scale, with shape and parameters beside each.

Written as SVG directly: it is a list with pictures, and a list needs no axes.
"""

import math
from collections.abc import Sequence

from netwright.report.markup import Markup, el, join, text
from netwright.report.report import Layer
from netwright.report.words import count, shorten

__all__ = ["MOST_LAYERS", "network_svg"]

MOST_LAYERS = 60
WIDEST = 220.0  # pixels of the widest block
CENTRE = 130.0
NAME_AT, SHAPE_AT, COUNT_AT, WIDTH = 262.0, 470.0, 620.0, 640.0


def network_svg(
    layers: Sequence[Layer], *, inputs: str = "inputs", outputs: str = "outputs"
) -> Markup:
    """Return the diagram as inline SVG. A block's width is the square root of its channels or units, to scale."""
    shown = list(layers[:MOST_LAYERS])
    sizes = [_size(layer) for layer in shown]
    widest = max((s for s in sizes if s), default=1)
    # A layer whose shape is not known is as wide as the one before it.
    widths: list[float] = []
    for size in sizes:
        before = widths[-1] if widths else WIDEST / 2
        widths.append(max(10.0, WIDEST * math.sqrt(size / widest)) if size else before)
    parts: list[str] = [_caption(inputs, 16)]
    y = 26.0
    previous: tuple[float, float] | None = None
    for layer, width in zip(shown, widths, strict=True):
        height = 22.0 if layer.parameters else 12.0
        if previous is not None:
            parts.append(_funnel(*previous, width, y))
        parts.append(_block(layer, width, y, height))
        previous = (width, y + height)
        y += height + 9.0
    if len(layers) > MOST_LAYERS:
        parts.append(_caption(f"and {len(layers) - MOST_LAYERS} more layers", y + 8))
        y += 20
    parts.append(_caption(outputs, y + 8))
    height = y + 18
    names = ", ".join(layer.type for layer in shown)
    alt = f"The network from inputs to outputs: {shorten(names, 300)}"
    return el(
        "svg",
        {
            "class": "plot network",
            "role": "img",
            "aria-label": alt,
            "viewBox": f"0 0 {WIDTH:.0f} {height:.0f}",
            "width": f"{WIDTH:.0f}",
            "height": f"{height:.0f}",
        },
        el("title", {}, alt),
        join(parts),
    )


def _size(layer: Layer) -> int:
    """Return channels of (channels, height, width), units of (units,), features of (time, features)."""
    shape = [int(side) for side in layer.output_shape]
    if not shape:
        return 0
    return shape[0] if len(shape) >= 3 else shape[-1]


def _role(layer: Layer) -> str:
    kind = layer.type.lower()
    if "norm" in kind:
        return "norm"
    if layer.parameters:
        return "weights"
    return "drop" if "drop" in kind else "plain"


def _block(layer: Layer, width: float, y: float, height: float) -> Markup:
    middle = y + height / 2 + 4
    shape = " × ".join(str(side) for side in layer.output_shape)
    box = el(
        "rect",
        {
            "class": f"block {_role(layer)}",
            "x": f"{CENTRE - width / 2:.1f}",
            "y": f"{y:.1f}",
            "width": f"{width:.1f}",
            "height": f"{height:.1f}",
            "rx": "4",
        },
    )
    name = el(
        "text",
        {"x": NAME_AT, "y": f"{middle:.1f}", "class": "name" if layer.parameters else "name minor"},
        el("tspan", {"class": "type"}, shorten(layer.type, 18)),
        " ",
        el("tspan", {"class": "place"}, shorten(layer.name, 16)),
    )
    size = el("text", {"x": SHAPE_AT, "y": f"{middle:.1f}", "class": "shape"}, shape)
    amount = el(
        "text",
        {"x": COUNT_AT, "y": f"{middle:.1f}", "class": "count"},
        count(layer.parameters) if layer.parameters else "",
    )
    return join([box, name, size, amount])


def _funnel(width: float, y: float, below: float, to: float) -> Markup:
    corners = [
        (CENTRE - width / 2 + 3, y),
        (CENTRE + width / 2 - 3, y),
        (CENTRE + below / 2 - 3, to),
        (CENTRE - below / 2 + 3, to),
    ]
    points = " ".join(f"{a:.1f},{b:.1f}" for a, b in corners)
    return el("polygon", {"class": "funnel", "points": points})


def _caption(words: str, y: float) -> Markup:
    return Markup(
        f'<text class="end" x="{CENTRE:.0f}" y="{y:.0f}">{text(shorten(words, 40))}</text>'
    )
