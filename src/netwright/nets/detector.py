"""One-stage detector without anchors: every cell says what is centred there and where its box ends.

Convolutions halve the picture level by level; coarse maps are added to finer ones on the way back
(feature pyramid), and the level of `stride` answers: class scores (a heat map that peaks at the
centres of objects) and four distances from the cell's centre to the box's sides.

Heat map and peaks of CenterNet (Zhou, Wang and Krähenbühl 2019, arXiv:1904.07850), distances of
FCOS (Tian et al. 2019, arXiv:1904.01355), pyramid of Lin et al. 2017, arXiv:1612.03144. Different
from them: one level answers, and distances are softplus, not exp, of what the layer gives.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from netwright.nets._layers import activation_layer, channel_norm, positive

__all__ = ["Detections", "Detector", "box_iou", "boxes_of", "decode"]

# First scores are about 0.1 everywhere: most cells are empty (Lin et al. 2017, arXiv:1708.02002).
RARE = -2.19


class Detector(nn.Module):
    """(batch, in_channels, height, width) -> (batch, outputs + 4, height / stride, width / stride).

    Sides are rounded up. The first `outputs` maps are class logits; the last four are the distances
    in pixels, above 0, from the cell's centre to the box's left, top, right and bottom (`boxes_of`
    turns them into corners, `decode` the whole into boxes). height, width: as the data gives them;
    any size works. channels: of each halving. stride: pixels a side of a cell, a power of two.
    """

    answers = "boxes"

    def __init__(
        self,
        *,
        in_channels: int,
        outputs: int,
        height: int = 0,
        width: int = 0,
        channels: Sequence[int] = (16, 32, 64, 64),
        stride: int = 4,
        activation: str = "relu",
        norm: str = "batch",
    ) -> None:
        super().__init__()
        positive(in_channels=in_channels, outputs=outputs)
        strides = [2 ** (level + 1) for level in range(len(channels))]
        if stride not in strides:
            raise ValueError(
                f"stride is {stride}; {len(channels)} halvings give levels of {strides} pixels. "
                "Give one of those, or a longer list of channels."
            )
        self.stride, self.outputs = stride, outputs
        self.level = strides.index(stride)
        features = channels[self.level]
        self.down = nn.ModuleList(
            nn.Sequential(
                *_conv(before, size, stride=2, norm=norm, activation=activation),
                *_conv(size, size, norm=norm, activation=activation),
            )
            for before, size in zip([in_channels, *channels[:-1]], channels, strict=True)
        )
        self.side = nn.ModuleList(nn.Conv2d(size, features, 1) for size in channels[self.level :])
        self.head = nn.Sequential(*_conv(features, features, norm=norm, activation=activation))
        self.output = nn.Conv2d(features, outputs + 4, 1)
        nn.init.normal_(self.output.weight, std=0.01)
        assert self.output.bias is not None
        nn.init.zeros_(self.output.bias)
        nn.init.constant_(self.output.bias[:outputs], RARE)
        self.output.own_init = True  # type: ignore[assignment]  # a mark on the module, no sub-module
        # Weights laid out channels-last: convolutions then run about 1.4 times as fast on CPU.
        self.to(memory_format=torch.channels_last)  # type: ignore[call-overload]  # not in the stub

    def forward(self, images: Tensor) -> Tensor:
        x, levels = images, []
        for block in self.down:
            x = block(x)
            levels.append(x)
        *finer, x = (
            side(level) for side, level in zip(self.side, levels[self.level :], strict=True)
        )
        for level in reversed(finer):
            x = level + F.interpolate(x, size=level.shape[2:])
        x = self.output(self.head(x))
        return torch.cat([x[:, : self.outputs], self.stride * F.softplus(x[:, self.outputs :])], 1)


@dataclass(frozen=True)
class Detections:
    """Of one picture, the best first. boxes (found, 4): left, top, right, bottom in pixels; scores
    (found,), 0..1; classes int64 (found,)."""

    boxes: Tensor
    scores: Tensor
    classes: Tensor


@torch.no_grad()
def decode(
    outputs: Tensor,
    *,
    stride: int,
    min_score: float = 0.3,
    max_boxes: int = 100,
    max_overlap: float = 0.5,
) -> list[Detections]:
    """Return the detections of each picture from what the net gave.

    outputs (batch, classes + 4, rows, columns). A cell is kept where its class peaks among its
    neighbours with at least min_score; of a class's boxes that overlap by more than max_overlap
    (intersection over union) the best is kept.
    """
    scores = outputs[:, :-4].sigmoid()
    peaks = scores * (scores == F.max_pool2d(scores, 3, stride=1, padding=1))
    boxes = boxes_of(outputs[:, -4:], stride=stride).flatten(2).transpose(1, 2)
    cells = boxes.shape[1]
    found = []
    for own, corners in zip(peaks.flatten(1), boxes, strict=True):
        best, index = own.topk(min(max_boxes, len(own)))
        index = index[best >= min_score]
        candidates = Detections(corners[index % cells], own[index], index // cells)
        kept = _best_apart(candidates, max_overlap)
        found.append(
            Detections(candidates.boxes[kept], candidates.scores[kept], candidates.classes[kept])
        )
    return found


def boxes_of(distances: Tensor, *, stride: int) -> Tensor:
    """(batch, 4, rows, columns) distances from each cell's centre to the box's left, top, right and
    bottom -> the same shape: the box's left, top, right and bottom in the picture."""
    rows, columns = distances.shape[2:]
    y = (torch.arange(rows, device=distances.device)[:, None] + 0.5) * stride
    x = (torch.arange(columns, device=distances.device)[None, :] + 0.5) * stride
    left, top, right, bottom = distances.unbind(1)
    return torch.stack([x - left, y - top, x + right, y + bottom], 1)


def box_iou(first: Tensor, second: Tensor) -> Tensor:
    """(n, 4) and (m, 4) boxes -> (n, m): intersection over union, 0..1."""
    low = torch.maximum(first[:, None, :2], second[None, :, :2])
    high = torch.minimum(first[:, None, 2:], second[None, :, 2:])
    shared = (high - low).clamp(min=0).prod(-1)
    areas = [(boxes[:, 2:] - boxes[:, :2]).clamp(min=0).prod(-1) for boxes in (first, second)]
    union = areas[0][:, None] + areas[1][None, :] - shared
    return shared / union.clamp(min=torch.finfo(union.dtype).tiny)


def _best_apart(found: Detections, max_overlap: float) -> Tensor:
    """Return which detections, bool (found,), have no better one of their class over them."""
    over = box_iou(found.boxes, found.boxes) > max_overlap
    over &= found.classes[:, None] == found.classes[None, :]
    kept = torch.ones(len(found.scores), dtype=torch.bool, device=found.scores.device)
    for i in over.tril(-1).any(1).nonzero()[:, 0].tolist():
        kept[i] = not bool((over[i, :i] & kept[:i]).any())
    return kept


def _conv(
    in_channels: int, channels: int, *, norm: str, activation: str, stride: int = 1
) -> list[nn.Module]:
    # A norm after it takes the mean away again, so a bias would do nothing.
    conv = nn.Conv2d(in_channels, channels, 3, stride=stride, padding=1, bias=norm == "none")
    return [conv, channel_norm(norm, channels, dims=2), activation_layer(activation, axis=1)]
