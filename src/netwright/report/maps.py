"""sample_maps: some test pictures beside their true and their predicted maps."""

import io

import numpy as np
import torch
from numpy.typing import NDArray
from PIL import Image
from torch import Tensor

from netwright.data.data import Data, Rows
from netwright.data.mask_encoding import NOT_ASKED
from netwright.evaluate.judge import rows_of_maps
from netwright.evaluate.map_metrics import dice_of_rows
from netwright.model.model import Model
from netwright.report.report import MapExample
from netwright.report.words import number

__all__ = ["SIDE", "class_colours", "sample_maps", "to_picture", "to_png"]

WORST, TYPICAL = 3, 3
SIDE = 240  # pixels of a picture's longer side
GOLDEN = 0.618033988749895  # of the colour circle between classes: neighbours differ most
NOT_JUDGED = (128, 128, 128)


def sample_maps(model: Model, data: Data, facts: Tensor) -> list[MapExample]:
    """Return the worst and the most typical test pictures; none for other tasks. facts: what is
    kept of the net's outputs on the test split, see map_metrics."""
    if data.task.form != "segmentation" or not isinstance(data.test, Rows):
        return []
    dice = dice_of_rows(facts, data.task.outputs)
    known = torch.isfinite(dice).nonzero()[:, 0]
    order = known[dice[known].argsort()].tolist()
    middle = max((len(order) - TYPICAL) // 2, WORST)
    chosen = [(at, "worst") for at in order[:WORST]]
    chosen += [(at, "typical") for at in order[middle : middle + TYPICAL]]
    rows = data.test.select(torch.tensor([at for at, _ in chosen], dtype=torch.int64))
    said = model.forward_rows(
        rows, batch_size=rows_of_maps(data.encoding), reduce=lambda outputs, _: outputs.argmax(1)
    )
    colours = class_colours(data.task.outputs)
    return [
        MapExample(
            label=f"{why}: test picture {at + 1}, Dice {number(float(dice[at]))}",
            picture=to_png(to_picture(rows.inputs[0][place].numpy())),
            truth=_map(rows.targets[place].numpy(), colours),
            predicted=_map(
                torch.where(rows.targets[place] == NOT_ASKED, NOT_ASKED, said[place]).numpy(),
                colours,
            ),
        )
        for place, (at, why) in enumerate(chosen)
    ]


def class_colours(classes: int) -> NDArray[np.uint8]:
    """Return a colour a class, (classes + 1, 3); two classes are dark and light. The last is of
    pixels that are not judged."""
    if classes == 2:
        found = [(20, 24, 32), (242, 200, 90)]
    else:
        hues = [round(255 * (GOLDEN * k % 1)) for k in range(classes)]
        light = [(235, 165, 205)[k % 3] for k in range(classes)]
        found = [
            Image.new("HSV", (1, 1), (hue, 170, value)).convert("RGB").getpixel((0, 0))  # type: ignore[misc]
            for hue, value in zip(hues, light, strict=True)
        ]
    return np.array([*found, NOT_JUDGED], dtype=np.uint8)


def to_picture(pixels: NDArray[np.uint8]) -> Image.Image:
    """(channels, height, width) -> a picture, grey or coloured."""
    return Image.fromarray(pixels[0] if len(pixels) == 1 else pixels.transpose(1, 2, 0))


def _map(ids: NDArray[np.int16], colours: NDArray[np.uint8]) -> bytes:
    return to_png(Image.fromarray(colours[np.where(ids == NOT_ASKED, -1, ids)]))


def to_png(image: Image.Image) -> bytes:
    """Return a PNG of at most SIDE pixels a side."""
    if max(image.size) > SIDE:
        factor = SIDE / max(image.size)
        size = max(round(image.width * factor), 1), max(round(image.height * factor), 1)
        image = image.resize(size, Image.Resampling.BILINEAR)
    buffer = io.BytesIO()
    image.save(buffer, format="PNG")
    return buffer.getvalue()
