"""What a net draws or rebuilds, as pictures and clouds of points for the report."""

import io
from typing import Any

import numpy as np
import torch
from PIL import Image
from torch import Tensor

from netwright.data.data import Data, Rows
from netwright.data.image_encoding import ImageEncoding
from netwright.data.table_encoding import TableEncoding
from netwright.model.drawing import draw
from netwright.model.model import Model
from netwright.objectives.reconstruction import rebuilt_of
from netwright.report.report import Cloud, Picture

__all__ = ["picture_grid", "show_cloud", "show_pictures"]

COLUMNS, MOST_ROWS = 8, 10
MOST_POINTS = 1500
SIDE = 64  # pixels that a small picture is enlarged to
SEED = 1


def show_pictures(model: Model, data: Data) -> list[Picture]:
    """Return a grid of drawn pictures, or of test pictures above what was made of them."""
    if not isinstance(data.encoding, ImageEncoding):
        return []
    if data.task.form == "generation":
        return [_drawn(model, data.encoding)]
    if data.task.form == "reconstruction":
        return [_rebuilt(model, data, data.encoding)]
    return []


def _drawn(model: Model, encoding: ImageEncoding) -> Picture:
    names = model.task.classes[:MOST_ROWS] if getattr(model.net, "classes", 0) else ()
    lines = len(names) or COLUMNS // 2
    asked = torch.arange(lines).repeat_interleave(COLUMNS) if names else None
    rows = encoding.restore(draw(model, lines * COLUMNS, seed=SEED, classes=asked))
    caption = "Drawn pictures" + (f", a row each of {', '.join(names)}" if names else "")
    return Picture(caption=caption, png=picture_grid(rows, COLUMNS))


@torch.no_grad()
def _rebuilt(model: Model, data: Data, encoding: ImageEncoding) -> Picture:
    rows = next(iter(data.test.batches(COLUMNS))).inputs
    place = next(model.net.parameters()).device
    prepared = tuple(x.to(place) for x in encoding.prepare(rows))
    was_training = model.net.training
    rebuilt = encoding.restore(rebuilt_of(model.net.eval(), prepared))
    model.net.train(was_training)
    both = torch.cat([rows[0].cpu(), rebuilt])
    return Picture(
        caption="Test pictures, and below what was made of them",
        png=picture_grid(both, len(rebuilt)),
    )


def picture_grid(pictures: Tensor, columns: int) -> bytes:
    """Return pictures uint8 (rows, channels, height, width) as one PNG, `columns` a line; of
    several small ones each is enlarged by a whole factor."""
    count, channels, height, width = pictures.shape
    lines = -(-count // columns)
    # A line between pictures, none around them.
    size = (lines * (height + 1) - 1, columns * (width + 1) - 1, channels)
    grid = np.full(size, 255, dtype=np.uint8)
    for at, picture in enumerate(pictures.permute(0, 2, 3, 1).numpy()):
        top, left = at // columns * (height + 1), at % columns * (width + 1)
        grid[top : top + height, left : left + width] = picture
    image = Image.fromarray(grid[:, :, 0] if channels == 1 else grid)
    if count > 1:
        factor = max(1, SIDE // max(height, width))
        enlarged = (image.width * factor, image.height * factor)
        image = image.resize(enlarged, Image.Resampling.NEAREST)
    buffer = io.BytesIO()
    image.save(buffer, format="PNG")
    return buffer.getvalue()


def show_cloud(data: Data, outputs: Tensor) -> Cloud | None:
    """Return drawn and real rows of a table of at least two numbers, by the first two.

    outputs: (rows, 2, numbers), a drawn row and a real one.
    """
    encoding = data.encoding
    if data.task.form != "generation" or not isinstance(encoding, TableEncoding):
        return None
    if not isinstance(data.test, Rows):
        return None
    every = max(len(outputs) // MOST_POINTS, 1)
    drawn, real = (encoding.restore(outputs[::every, i]) for i in (0, 1))
    if drawn.shape[1] < 2:
        return None

    def points(frame: Any) -> list[list[float]]:
        two = frame.iloc[:, :2].dropna()
        return [[float(v) for v in row] for row in two.to_numpy()]

    return Cloud(axes=tuple(map(str, drawn.columns[:2])), drawn=points(drawn), real=points(real))
