"""The loss of boxes by hand; boxes move with their pictures; batches resume; a net overfits."""

import math
from pathlib import Path

import pytest
import torch
import torch.nn.functional as F

from box_folders import scenes
from netwright.data.augment_boxes import augment_boxes
from netwright.data.read import read
from netwright.errors import UsageError
from netwright.nets.detector import Detector, decode
from netwright.objectives._objective import Epoch
from netwright.objectives.detection import Detection, generalised_iou, loss_of_pictures

NONE = [-1.0, 0, 0, 0, 0]


def test_generalised_overlap_by_hand() -> None:
    first = torch.tensor([[0.0, 0, 2, 2], [0, 0, 2, 2], [0, 0, 2, 2]])
    second = torch.tensor([[0.0, 0, 2, 2], [1, 1, 3, 3], [4, 0, 6, 2]])
    # Equal; 1 of 7 shared in a hull of 9; nothing shared, a third of the hull empty.
    expected = torch.tensor([1.0, 1 / 7 - 2 / 9, -1 / 3])
    torch.testing.assert_close(generalised_iou(first, second), expected)


def test_heat_and_box_of_one_small_thing_by_hand() -> None:
    # Its bump is narrower than a cell, so that its own cell alone learns the box.
    outputs = torch.zeros(1, 1 + 4, 3, 3)
    outputs[0, 0] = torch.tensor([[0.0, 0, 0], [0, 2, 0], [0, 0, 0]])
    outputs[0, 1:] = 1.5
    targets = torch.tensor([[[0.0, 5, 5, 7, 7], NONE]])
    heat, box, boxes = loss_of_pictures(outputs, targets, stride=4)
    p = 1 / (1 + math.exp(-2))
    beside = math.exp(-1 / (2 * 0.3**2))  # the height of the bump one cell away
    empty = 0.25 * math.log(2)
    by_hand = (1 - p) ** 2 * -math.log(p)
    by_hand += 4 * empty * (1 - beside) ** 4 + 4 * empty * (1 - beside**2) ** 4
    assert heat.item() == pytest.approx(by_hand, rel=1e-5)
    assert box.item() == pytest.approx(1 - 4 / 9, rel=1e-5)  # 3 x 3 around 2 x 2
    assert boxes.tolist() == [1]
    whole = Detection(weight=3.0).compute(outputs, targets).item()
    assert whole == pytest.approx(heat.item() + 3 * box.item(), rel=1e-5)


def test_a_picture_that_holds_nothing_is_learned_as_empty() -> None:
    outputs = torch.randn(1, 2 + 4, 4, 4, requires_grad=True)
    targets = torch.tensor([[NONE]])
    loss = Detection().compute(outputs, targets)
    p = outputs[:, :2].sigmoid()
    torch.testing.assert_close(loss, (p**2 * F.softplus(outputs[:, :2])).sum())
    loss.backward()
    assert outputs.grad is not None and not outputs.grad[:, 2:].any()


def test_the_order_of_boxes_and_padding_say_nothing() -> None:
    outputs = torch.randn(2, 3 + 4, 8, 8).abs()
    boxes = torch.tensor([[[0.0, 1, 2, 9, 8], [2, 14, 5, 30, 25]], [[1.0, 0, 0, 8, 30], NONE]])
    other = torch.cat([torch.tensor([[NONE], [NONE]]), boxes.flip(1)], 1)
    objective = Detection()
    torch.testing.assert_close(
        objective.compute(outputs, boxes), objective.compute(outputs, other)
    )  # fmt: skip


def test_of_two_boxes_each_gets_the_cells_of_its_higher_bump() -> None:
    outputs = torch.full((1, 1 + 4, 8, 8), 4.0)
    large, small = [0.0, 0, 0, 32, 32], [0.0, 12, 12, 20, 20]

    def box(*things: list[float]) -> float:
        return loss_of_pictures(outputs, torch.tensor([[*things]]), stride=4)[1].item()

    # Their centres share a cell: the first has it, and the wider one learns from those around it.
    assert box(small, large) == pytest.approx(box(small) + box(large), rel=1e-4)
    assert box(large, small) == pytest.approx(box(large), rel=1e-4)


@pytest.mark.parametrize("name", ["flip", "shift"])
def test_boxes_move_with_their_pictures(name: str) -> None:
    rng = torch.Generator().manual_seed(1)
    pictures = torch.zeros(8, 1, 20, 24, dtype=torch.uint8)
    pictures[:, :, 6:12, 4:9] = 200
    boxes = torch.tensor([[[1.0, 4, 6, 9, 12], NONE]]).repeat(8, 1, 1)
    moved, targets = augment_boxes(pictures, boxes, [name], rng)
    assert moved.dtype == torch.uint8 and not torch.equal(targets, boxes)
    assert (targets[:, 1, 0] == -1).all()
    for picture, target in zip(moved, targets, strict=True):
        left, top, right, bottom = (int(v) for v in target[0, 1:])
        inside = torch.zeros(20, 24, dtype=torch.bool)
        inside[top:bottom, left:right] = True
        assert torch.equal(picture[0] > 100, inside)


def test_a_box_that_leaves_the_picture_is_asked_no_more() -> None:
    rng = torch.Generator().manual_seed(0)
    pictures = torch.zeros(64, 1, 64, 64)
    boxes = torch.tensor([[[0.0, 0, 0, 6, 6]]]).repeat(64, 1, 1)
    _, targets = augment_boxes(pictures, boxes, ["shift"], rng)
    area = (targets[:, 0, 3] - targets[:, 0, 1]) * (targets[:, 0, 4] - targets[:, 0, 2])
    assert torch.equal(targets[:, 0, 0] == 0, area >= 0.25 * 36)
    assert (targets[:, 0, 0] == -1).any() and (targets[:, 0, 1:] >= 0).all()


def test_what_would_leave_boxes_behind_is_refused() -> None:
    with pytest.raises(UsageError, match=r"'rotate', which would leave boxes behind"):
        augment_boxes(torch.zeros(1, 1, 4, 4), torch.zeros(1, 1, 5), ["rotate"], torch.Generator())
    with pytest.raises(UsageError, match="expected a weight from 0 on"):
        Detection(weight=-1)


def test_batches_resume(tmp_path: Path) -> None:
    data = read(scenes(tmp_path / "scenes", 30))
    objective = Detection(augment=("flip", "shift"))

    def epoch(start: int) -> Epoch:
        order, rng = torch.Generator().manual_seed(3), torch.Generator().manual_seed(4)
        return Epoch(4, order, rng, start=start)

    whole = list(objective.batches(data, epoch(0)))
    assert sum(len(batch.targets) for batch in whole) == len(data.train)
    assert whole[0].inputs[0].shape == (4, 1, 32, 40) and whole[0].targets.shape[2] == 5
    plain = Detection()
    rest = list(plain.batches(data, epoch(2)))
    for one, other in zip(list(plain.batches(data, epoch(0)))[2:], rest, strict=True):
        assert torch.equal(one.inputs[0], other.inputs[0])
        assert torch.equal(one.targets, other.targets)


def test_one_batch_is_learned_by_heart_and_decoded() -> None:
    torch.manual_seed(0)
    images = torch.zeros(2, 1, 24, 24)
    images[0, :, 4:12, 6:14] = 1
    images[1, :, 10:20, 2:9] = -1
    targets = torch.tensor([[[0.0, 6, 4, 14, 12]], [[1.0, 2, 10, 9, 20]]])
    net = Detector(in_channels=1, outputs=2, channels=[8, 16])
    optimizer = torch.optim.AdamW(net.parameters(), lr=1e-2)
    objective = Detection()
    for _ in range(80):
        optimizer.zero_grad()
        loss = objective.compute(net(images), targets)
        loss.backward()
        optimizer.step()
    found = decode(net.eval()(images), stride=4)
    for one, true in zip(found, targets[:, 0], strict=True):
        assert one.classes[0] == true[0]
        assert generalised_iou(one.boxes[0], true[1:]) > 0.7


def test_the_loss_of_float64_is_one() -> None:
    # Differences of a loss that is rounded to float32 would say nothing of its gradients.
    targets = torch.tensor([[[0.0, 2, 2, 10, 12], NONE]])
    outputs = torch.randn((1, 6, 4, 4), generator=torch.Generator().manual_seed(0))
    wide = Detection().compute(outputs.double(), targets)
    assert wide.dtype == torch.float64
    torch.testing.assert_close(wide.float(), Detection().compute(outputs, targets))
    assert Detection().compute(outputs.half(), targets).dtype == torch.float32
