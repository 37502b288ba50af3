"""Detection: which things are where, by a heat map of their centres and the sides of their boxes.

heat: -sum of (1 - p)^2 log p over the cells that hold a centre, and of (1 - y)^4 p^2 log(1 - p)
over all others, y a bump around each centre; box: the sum over the cells near a centre of
w (1 - GIoU), w a bump that adds up to 1 for each box.  loss = (heat + weight * box) / boxes.

Focal loss with less for cells near a centre: CornerNet (Law and Deng 2018, arXiv:1808.01244),
CenterNet (Zhou, Wang and Krähenbühl 2019, arXiv:1904.07850). Bumps as wide and high as the box
needs, and boxes learned around a centre as well: TTFNet (Liu et al. 2020, arXiv:1909.00700).
GIoU = IoU - (hull - union) / hull: Rezatofighi et al. 2019, arXiv:1902.09630. A cell near the
centres of two boxes learns that of the higher bump, as the smaller one of FCOS.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import ClassVar

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from netwright.data.augment_boxes import augment_boxes
from netwright.data.data import Batch, Data
from netwright.errors import UsageError
from netwright.nets.detector import boxes_of
from netwright.objectives._objective import Epoch

__all__ = ["Detection", "generalised_iou", "loss_of_pictures"]

WIDTH = 0.54 / 6  # standard deviation of a bump, as a share of the box's side (TTFNet)
NARROWEST = 0.3  # of it, in cells: the neighbours of a small box's centre are hardly spared
NEAR = 0.1  # of a bump's height, from which on a cell learns the box


@dataclass(frozen=True, kw_only=True)
class Detection:
    """weight: of the boxes beside the heat map. stride: of the net, pixels a side of a cell."""

    takes: ClassVar[tuple[str, ...]] = ("boxes",)
    groups: ClassVar[tuple[str, ...]] = ("net",)
    loss: ClassVar[str] = "focal and GIoU"

    weight: float = 2.0
    stride: int = 4
    augment: tuple[str, ...] = ()
    augment_strength: float = 1.0

    def __post_init__(self) -> None:
        if self.weight < 0 or self.stride < 1:
            raise UsageError(
                f"objective.weight is {self.weight} and objective.stride {self.stride}; expected "
                "a weight from 0 on and a stride from 1 on."
            )

    def batches(self, data: Data, epoch: Epoch) -> Iterator[Batch]:
        """Yield one shuffled epoch of the training split from batch `start` on, augmented and ready
        for the net; targets (batch, boxes, 5) with no more boxes than its fullest picture has."""
        for batch in epoch.rows(data.train):
            pixels, boxes = augment_boxes(
                batch.inputs[0],
                batch.targets,
                self.augment,
                epoch.rng,
                strength=self.augment_strength,
            )
            yield Batch(data.encoding.prepare((pixels,)), _trimmed(boxes))

    def step(
        self, net: nn.Module, batch: Batch, rng: torch.Generator | None = None
    ) -> dict[str, Tensor]:
        """Return {"net": mean loss of the batch}."""
        return {"net": self.compute(net(*batch.inputs), batch.targets)}

    def compute(
        self, outputs: Tensor, targets: Tensor, *, members: int = 0, smooth: bool = True
    ) -> Tensor:
        """Return the mean loss a box. outputs (batch, classes + 4, rows, columns), of an ensemble
        with members before the classes; targets float (batch, boxes, 5), class -1 for none."""
        if members:
            outputs, targets = outputs.flatten(0, 1), targets.repeat_interleave(members, dim=0)
        heat, box, boxes = loss_of_pictures(outputs, targets, stride=self.stride)
        return (heat + self.weight * box).sum() / boxes.sum().clamp_min(1)


def loss_of_pictures(
    outputs: Tensor, targets: Tensor, *, stride: int
) -> tuple[Tensor, Tensor, Tensor]:
    """Return of each picture the loss of its heat map, that of its boxes and how many boxes it
    has, each (batch,)."""
    outputs = outputs.to(torch.promote_types(outputs.dtype, torch.float32))  # halves lose pixels
    targets = _trimmed(targets).to(outputs.device, outputs.dtype)
    there = targets[:, :, 0] >= 0  # (batch, boxes)
    cells = outputs.shape[2:]
    centre, bumps = _bumps(targets[:, :, 1:], cells, stride)
    bumps = bumps * there[:, :, None, None]
    heat = _heat(outputs[:, :-4], targets[:, :, 0].long(), centre & there[:, :, None, None], bumps)
    box = _box(outputs[:, -4:], targets[:, :, 1:], bumps, stride)
    return heat, box, there.sum(1)


def generalised_iou(first: Tensor, second: Tensor) -> Tensor:
    """(..., 4) and (..., 4) boxes -> (...): -1..1, overlap less what the hull has beside both."""
    low, high = torch.maximum(first[..., :2], second[..., :2]), torch.minimum(
        first[..., 2:], second[..., 2:]
    )  # fmt: skip
    shared = (high - low).clamp_min(0).prod(-1)
    areas = [(boxes[..., 2:] - boxes[..., :2]).clamp_min(0).prod(-1) for boxes in (first, second)]
    union = (areas[0] + areas[1] - shared).clamp_min(1e-6)
    outer = torch.maximum(first[..., 2:], second[..., 2:])
    inner = torch.minimum(first[..., :2], second[..., :2])
    hull = (outer - inner).clamp_min(0).prod(-1).clamp_min(1e-6)
    return shared / union - (hull - union) / hull


def _bumps(boxes: Tensor, cells: torch.Size, stride: int) -> tuple[Tensor, Tensor]:
    """(batch, boxes, 4) -> which cell holds each box's centre, bool, and a bump around it, 1 there,
    both (batch, boxes, rows, columns)."""
    middle = (boxes[..., :2] + boxes[..., 2:]) / 2 / stride
    sides = (boxes[..., 2:] - boxes[..., :2]) / stride
    waves, hits = [], []
    for axis, count in ((1, cells[0]), (0, cells[1])):  # rows by y, columns by x
        at = middle[..., axis].floor().clamp(0, count - 1)[..., None]
        off = torch.arange(count, device=boxes.device) - at  # (batch, boxes, count)
        spread = (WIDTH * sides[..., axis]).clamp_min(NARROWEST)[..., None]
        waves.append((-(off**2) / (2 * spread**2)).exp())
        hits.append(off == 0)
    centre = hits[0][..., :, None] & hits[1][..., None, :]
    return centre, waves[0][..., :, None] * waves[1][..., None, :]


def _heat(logits: Tensor, classes: Tensor, centre: Tensor, bumps: Tensor) -> Tensor:
    """Return the focal loss of each picture's heat map, (batch,)."""
    index = classes.clamp_min(0)[:, :, None, None].expand_as(bumps)
    empty = torch.zeros_like(logits)
    near = empty.scatter_reduce(1, index, bumps, "amax")
    peaks = empty.scatter_reduce(1, index, centre.to(bumps.dtype), "amax") > 0
    p = logits.sigmoid()
    found = (1 - p) ** 2 * -F.logsigmoid(logits)
    missed = (1 - near) ** 4 * p**2 * -F.logsigmoid(-logits)
    return torch.where(peaks, found, missed).sum((1, 2, 3))


def _box(distances: Tensor, boxes: Tensor, bumps: Tensor, stride: int) -> Tensor:
    """Return the sum over each picture's boxes of 1 - GIoU around their centres, (batch,)."""
    height, owner = bumps.max(1)  # (batch, rows, columns)
    said = boxes_of(distances, stride=stride).permute(0, 2, 3, 1)
    index = owner.flatten(1)[:, :, None].expand(-1, -1, 4)
    true = boxes.gather(1, index).view(*owner.shape, 4)
    weight = torch.where(height >= NEAR, height, 0.0)
    totals = torch.zeros_like(boxes[..., 0]).scatter_add_(1, owner.flatten(1), weight.flatten(1))
    share = totals.clamp_min(1e-6).gather(1, owner.flatten(1)).view_as(weight)
    return (weight / share * (1 - generalised_iou(said, true))).sum((1, 2))


def _trimmed(boxes: Tensor) -> Tensor:
    """Leave out the columns that no picture of the batch needs, but one."""
    most = int((boxes[:, :, 0] >= 0).sum(1).max()) if len(boxes) else 0
    if most == boxes.shape[1]:
        return boxes
    order = (boxes[:, :, 0] < 0).to(torch.int8).argsort(dim=1, stable=True)  # boxes before none
    index = order[:, : max(most, 1), None].expand(-1, -1, 5)
    return boxes.gather(1, index)
