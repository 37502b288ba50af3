"""sample_boxes: some test pictures with their true boxes, and with those that were found."""

from collections.abc import Sequence

import numpy as np
import torch
from numpy.typing import NDArray
from PIL import Image, ImageDraw
from torch import Tensor

from netwright.data.data import Data, Rows
from netwright.evaluate.box_metrics import found_in
from netwright.model.boxes import SURE
from netwright.nets.detector import Detections, box_iou
from netwright.report.maps import SIDE, class_colours, to_picture, to_png
from netwright.report.report import MapExample
from netwright.report.words import plural

__all__ = ["drawn_boxes", "sample_boxes"]

WORST, TYPICAL = 3, 3
OVERLAP = 0.5
LONGEST = 18  # characters of a class in a picture


def sample_boxes(data: Data, facts: Tensor) -> list[MapExample]:
    """Return the worst and the most typical test pictures; none for other tasks. facts: what is
    kept of the net's outputs on the test split, see box_metrics."""
    if data.task.form != "detection" or not isinstance(data.test, Rows):
        return []
    found = found_in(facts, least=SURE)
    truths = [boxes[boxes[:, 0] >= 0] for boxes in data.test.targets.cpu()]
    counts = [_right(one, true) for one, true in zip(found, truths, strict=True)]
    shares = np.array([_share(*count) for count in counts])
    order = np.argsort(shares, kind="stable").tolist()
    # Where nothing is and nothing was found there is nothing to see.
    order = [at for at in order if counts[at][1:] != (0, 0)] or order
    middle = max((len(order) - TYPICAL) // 2, WORST)
    chosen = [(at, "worst" if shares[at] < 1 else "typical") for at in order[:WORST]]
    chosen += [(at, "typical") for at in order[middle : middle + TYPICAL]]
    colours = class_colours(max(data.task.outputs, 3))  # of two classes dark and light would do
    names = data.task.classes
    examples = []
    for at, why in chosen:
        picture = to_picture(data.test.inputs[0][at].cpu().numpy())
        one, true = found[at], truths[at]
        right, called, asked = counts[at]
        said = [f"{names[k]} {score:.0%}" for k, score in
                zip(one.classes.tolist(), one.scores.tolist(), strict=True)]  # fmt: skip
        kinds = true[:, 0].long().tolist()
        examples.append(
            MapExample(
                label=f"{why}: test picture {at + 1}, {_counted(right, called, asked)}",
                picture=to_png(_enlarged(picture)),
                truth=drawn_boxes(picture, true[:, 1:], [names[k] for k in kinds], colours[kinds]),
                predicted=drawn_boxes(picture, one.boxes, said, colours[one.classes.tolist()]),
            )
        )
    return examples


def _right(found: Detections, true: Tensor) -> tuple[int, int, int]:
    """Return how many boxes are right (the surest first, each true box once), how many were found
    and how many are true."""
    free = torch.ones(len(true), dtype=torch.bool)
    overlap = box_iou(found.boxes, true[:, 1:])
    overlap[found.classes[:, None] != true[None, :, 0].long()] = 0
    for row in overlap:
        best = int((row * free).argmax()) if len(true) else -1
        if best >= 0 and free[best] and row[best] >= OVERLAP:
            free[best] = False
    return int((~free).sum()), len(found.scores), len(true)


def _counted(right: int, called: int, asked: int) -> str:
    if not asked and not called:
        return "nothing to find and nothing found"
    return f"{right} of {plural(asked, 'box', 'boxes')} found, {called - right} wrong"


def _share(right: int, called: int, asked: int) -> float:
    """F1 of a picture; one that is empty and said to be is all right."""
    return 2 * right / (called + asked) if called + asked else 1.0


def _enlarged(picture: Image.Image) -> Image.Image:
    """Return the picture near SIDE pixels, so that thin lines can be drawn on a small one."""
    factor = max(SIDE // max(picture.size), 1)
    return picture.resize(
        (picture.width * factor, picture.height * factor), Image.Resampling.NEAREST
    )


def drawn_boxes(
    picture: Image.Image, boxes: Tensor, names: Sequence[str], colours: NDArray[np.uint8]
) -> bytes:
    """Return a PNG of a picture with its boxes (boxes, 4), each named in its colour (boxes, 3)."""
    image = _enlarged(picture).convert("RGB")
    factor = image.width / picture.width
    draw = ImageDraw.Draw(image)
    labels = []
    for corners, name, colour in zip(
        (boxes * factor).tolist(), names, map(tuple, colours.tolist()), strict=True
    ):
        left, top, right, bottom = corners
        low, high = (max(left, 0.0), max(top, 0.0)), (min(right, image.width - 1.0),
                                                      min(bottom, image.height - 1.0))  # fmt: skip
        if low[0] <= high[0] and low[1] <= high[1]:
            draw.rectangle((*low, *high), outline=colour, width=2)
            labels.append((low, name[-LONGEST:], colour))
    taken: list[tuple[float, ...]] = []
    for low, name, colour in labels:
        _label(draw, low, name, colour, taken)
    return to_png(image)


def _label(
    draw: ImageDraw.ImageDraw,
    corner: tuple[float, float],
    name: str,
    colour: tuple[int, ...],
    taken: list[tuple[float, ...]],
) -> None:
    """Write a name on its colour above a box, or within where there is no room; below labels that
    were written before."""
    left, top, right, bottom = draw.textbbox((0, 0), name)
    high = bottom - top + 4
    wide = right - left + 6
    begin = max(min(corner[0], draw.im.size[0] - wide), 0)
    place = (begin, corner[1] - high if corner[1] >= high else corner[1])
    while True:
        field = (*place, place[0] + wide, place[1] + high)
        under = [old for old in taken if _meet(field, old)]
        if not under:
            break
        place = (place[0], max(old[3] for old in under) + 1)
    taken.append(field)
    draw.rectangle(field, fill=colour)
    light = 0.299 * colour[0] + 0.587 * colour[1] + 0.114 * colour[2] > 140
    draw.text((place[0] + 3 - left, place[1] + 2 - top), name, fill="black" if light else "white")


def _meet(a: tuple[float, ...], b: tuple[float, ...]) -> bool:
    return a[0] <= b[2] and b[0] <= a[2] and a[1] <= b[3] and b[1] <= a[3]
