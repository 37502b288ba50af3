"""The net drawn as a column of blocks, widths to scale, with shape and parameters beside each.

Layers that only follow (norm, activation, dropout of the same shape) are slices under their block.
Written as SVG directly: it is a list with pictures, and a list needs no axes.
"""

import math
from collections.abc import Sequence

from netwright.report.markup import Markup, el, join, text
from netwright.report.report import Layer
from netwright.report.words import count, shorten

__all__ = ["MOST_BLOCKS", "group_layers", "network_svg"]

MOST_BLOCKS = 48
WIDEST = 200.0  # pixels of the widest block
CENTRE = 115.0
NAME_AT, SHAPE_AT, COUNT_AT, BAR_AT, BAR_WIDTH, WIDTH = 240.0, 500.0, 662.0, 678.0, 160.0, 840.0
SLICE = 5.0
GAP = 11.0
SLIM = (
    "relu",
    "gelu",
    "silu",
    "elu",
    "tanh",
    "sigmoid",
    "softmax",
    "drop",
    "identity",
    "hardswish",
)


def group_layers(layers: Sequence[Layer]) -> list[list[Layer]]:
    """Put each norm, activation and dropout under the layer that it follows, if the shape stays."""
    blocks: list[list[Layer]] = []
    for layer in layers:
        follows = _role(layer) != "weights" and (
            _role(layer) == "norm" or any(word in layer.type.lower() for word in SLIM)
        )
        if follows and blocks and _same_shape(blocks[-1][0], layer):
            blocks[-1].append(layer)
        else:
            blocks.append([layer])
    return blocks


def network_svg(
    layers: Sequence[Layer], *, inputs: str = "inputs", outputs: str = "outputs"
) -> Markup:
    """Return the diagram as inline SVG. A block's width is the square root of its channels."""
    blocks = group_layers(layers)
    shown = blocks[:MOST_BLOCKS]
    sizes = [_size(block[0]) for block in shown]
    widest = max((s for s in sizes if s), default=1)
    most = max((_parameters(block) for block in shown), default=1) or 1
    parts: list[str] = [_caption(inputs, 14)]
    parts += [_head(SHAPE_AT, "output shape"), _head(BAR_AT, "parameters")]
    y = 26.0
    width = WIDEST / 2
    bottom: tuple[float, float] | None = None
    for block, size in zip(shown, sizes, strict=True):
        # A layer whose shape is not known is as wide as the one before it.
        width = max(10.0, WIDEST * math.sqrt(size / widest)) if size else width
        if bottom is not None:
            parts.append(_funnel(*bottom, width, y))
        height = 22.0 if block[0].parameters else 14.0
        parts.append(_block(block, width, y, height, most))
        bottom = (width, y + height + SLICE * (len(block) - 1))
        y = bottom[1] + GAP
    if len(blocks) > len(shown):
        parts.append(_caption(f"and {len(blocks) - len(shown)} more blocks", y + 6))
        y += 18
    parts.append(_caption(outputs, y + 6))
    height = y + 16
    names = ", ".join(layer.type for layer in layers)
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
    """Channels of (channels, height, width), units of (units,), features of (time, features)."""
    shape = [int(side) for side in layer.output_shape]
    if not shape:
        return 0
    return shape[0] if len(shape) >= 3 else shape[-1]


def _same_shape(first: Layer, second: Layer) -> bool:
    return math.prod(first.output_shape) == math.prod(second.output_shape)


def _parameters(block: Sequence[Layer]) -> int:
    return sum(layer.parameters for layer in block)


def _role(layer: Layer) -> str:
    kind = layer.type.lower()
    if "norm" in kind:
        return "norm"
    if layer.parameters:
        return "weights"
    return "drop" if "drop" in kind else "plain"


def _block(block: Sequence[Layer], width: float, y: float, height: float, most: int) -> Markup:
    first, *after = block
    left = f"{CENTRE - width / 2:.1f}"
    boxes = [_box(_role(first), left, y, width, height)]
    boxes += [
        _box(f"slice {_role(layer)}", left, y + height + SLICE * i + 1, width, SLICE - 1)
        for i, layer in enumerate(after)
    ]
    middle = f"{y + (height + SLICE * len(after)) / 2 + 4:.1f}"
    shape = " × ".join(str(side) for side in first.output_shape)
    then = "".join(f"· {layer.type} " for layer in after)
    name = el(
        "text",
        {"x": NAME_AT, "y": middle, "class": "name" if first.parameters else "name minor"},
        el("tspan", {"class": "type"}, shorten(first.type, 20)),
        el(
            "tspan",
            {"class": "place"},
            f" {shorten(then, 26)}" if then else f" {shorten(first.name, 18)}",
        ),
        el("title", {}, ", ".join(f"{layer.name} ({layer.type})" for layer in block)),
    )
    parts = [*boxes, name, el("text", {"x": SHAPE_AT, "y": middle, "class": "shape"}, shape)]
    amount = _parameters(block)
    if amount:
        parts.append(el("text", {"x": COUNT_AT, "y": middle, "class": "count"}, count(amount)))
        length = max(1.5, BAR_WIDTH * amount / most)
        parts.append(_box("share", f"{BAR_AT}", float(middle) - 8, length, 8))
    return join(parts)


def _box(role: str, x: str, y: float, width: float, height: float) -> Markup:
    return el(
        "rect",
        {
            "class": f"block {role}",
            "x": x,
            "y": f"{y:.1f}",
            "width": f"{width:.1f}",
            "height": f"{height:.1f}",
            "rx": "4" if height > 10 else "2",
        },
    )


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
        f'<text class="end" x="{CENTRE:.0f}" y="{y:.0f}">{text(shorten(words, 36))}</text>'
    )


def _head(x: float, words: str) -> Markup:
    return Markup(f'<text class="shape" x="{x:.0f}" y="14">{text(words)}</text>')
