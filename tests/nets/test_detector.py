"""The detector: boxes by hand, decoding finds what was drawn, any size, learns where things are."""

import pytest
import torch
from torch.nn import functional as F

from netwright.nets.detector import Detector, box_iou, boxes_of, decode

SMALL = {"in_channels": 1, "outputs": 2, "channels": [4, 8, 8]}


def test_shape_range_gradient_and_one_batch(check, rng) -> None:
    net = check.build("detector", SMALL)
    images = torch.randn(3, 1, 16, 12, generator=rng)
    outputs = net(images)
    assert outputs.shape == (3, 6, 4, 3)
    assert (outputs[:, 2:] > 0).all()
    torch.nn.init.normal_(net.output.weight)  # its start is almost 0
    check.gradient_reaches_every_parameter(net, (images,))
    targets = torch.zeros(3, 2, 4, 3)
    targets[:, 0, 1, 2] = targets[1, 1, 3, 0] = 1

    def loss(given: torch.Tensor, wanted: torch.Tensor) -> torch.Tensor:
        scores = F.binary_cross_entropy_with_logits(given[:, :2], wanted)
        return scores + (given[:, 2:] - 5).abs().mean() / 10

    check.overfits(net, (images,), targets, lr=2e-2, loss=loss, steps=80, below=0.2)


@pytest.mark.parametrize("stride", [2, 4, 8])
@pytest.mark.parametrize("size", [(1, 1), (7, 13), (16, 16)])
def test_a_cell_for_every_stride_pixels_of_any_picture(stride, size) -> None:
    net = Detector(**SMALL, stride=stride).eval()
    rows, columns = (-(-side // stride) for side in size)
    assert net(torch.zeros(1, 1, *size)).shape == (1, 6, rows, columns)


def test_first_scores_are_low_everywhere() -> None:
    scores = Detector(**SMALL).eval()(torch.zeros(1, 1, 16, 16))[:, :2].sigmoid()
    assert 0.05 < scores.min() and scores.max() < 0.15


def test_a_moved_picture_moves_the_answer(rng) -> None:
    torch.manual_seed(0)
    net = Detector(in_channels=1, outputs=1, channels=[4, 4], norm="none").eval()
    torch.nn.init.normal_(net.output.weight)
    images = torch.zeros(1, 1, 64, 64)
    images[:, :, 24:36, 24:36] = torch.randn(12, 12, generator=rng)
    moved = net(images.roll((8, 4), (2, 3)))
    inside = (..., slice(6, 12), slice(6, 12))
    torch.testing.assert_close(moved[inside], net(images).roll((2, 1), (2, 3))[inside])


def test_boxes_from_distances_by_hand() -> None:
    distances = torch.zeros(1, 4, 2, 3)
    distances[0, :, 1, 2] = torch.tensor([1.0, 2.0, 3.0, 4.0])
    boxes = boxes_of(distances, stride=4)
    assert boxes[0, :, 1, 2].tolist() == [10 - 1, 6 - 2, 10 + 3, 6 + 4]
    assert boxes[0, :, 0, 0].tolist() == [2, 2, 2, 2]


def test_overlap_by_hand() -> None:
    first = torch.tensor([[0.0, 0.0, 2.0, 2.0], [5.0, 5.0, 5.0, 5.0]])
    second = torch.tensor([[0.0, 0.0, 2.0, 2.0], [1.0, 1.0, 3.0, 3.0], [2.0, 0.0, 4.0, 2.0]])
    expected = torch.tensor([[1.0, 1 / 7, 0.0], [0.0, 0.0, 0.0]])
    torch.testing.assert_close(box_iou(first, second), expected)


def drawn(*cells: tuple[int, int, int, float]) -> torch.Tensor:
    """Outputs (1, 2 + 4, 6, 6) with (class, row, column, logit) and boxes 3 pixels each way."""
    outputs = torch.full((1, 6, 6, 6), -9.0)
    outputs[:, 2:] = 3
    for kind, row, column, logit in cells:
        outputs[0, kind, row, column] = logit
    return outputs


def test_decoding_gives_peaks_best_first_and_nothing_of_an_empty_picture() -> None:
    outputs = drawn((0, 1, 1, 2.0), (0, 1, 2, 1.0), (1, 4, 4, 3.0), (1, 0, 5, -1.0))
    outputs = torch.cat([outputs, drawn()])
    first, second = decode(outputs, stride=4)
    # The neighbour of a peak is not one; a logit of -1 is below the least score.
    assert first.classes.tolist() == [1, 0]
    torch.testing.assert_close(first.scores, torch.tensor([3.0, 2.0]).sigmoid())
    assert first.boxes.tolist() == [[15, 15, 21, 21], [3, 3, 9, 9]]
    assert second.boxes.shape == (0, 4) and second.scores.shape == (0,)


def test_of_overlapping_boxes_of_a_class_the_best_is_kept() -> None:
    outputs = drawn((0, 1, 1, 2.0), (0, 1, 3, 1.0), (1, 1, 3, 1.5))
    outputs[:, 2:] = 30
    (found,) = decode(outputs, stride=4)
    assert found.classes.tolist() == [0, 1]
    (every,) = decode(outputs, stride=4, max_overlap=1.0)
    assert every.classes.tolist() == [0, 1, 0]
    assert len(decode(outputs, stride=4, max_boxes=1)[0].scores) == 1


def test_two_levels_by_hand(rng) -> None:
    torch.manual_seed(0)
    net = Detector(in_channels=1, outputs=2, channels=[4, 6], stride=2, norm="none").eval()
    torch.nn.init.normal_(net.output.weight)
    images = torch.randn(2, 1, 8, 12, generator=rng)
    fine = net.down[0](images)
    coarse = net.down[1](fine)
    twice = net.side[1](coarse).repeat_interleave(2, 2).repeat_interleave(2, 3)
    x = net.output(net.head(net.side[0](fine) + twice))
    torch.testing.assert_close(net(images)[:, :2], x[:, :2])
    torch.testing.assert_close(net(images)[:, 2:], 2 * (1 + x[:, 2:].exp()).log())


def test_errors_say_what_to_do() -> None:
    with pytest.raises(ValueError, match=r"stride is 16; 3 halvings give levels of \[2, 4, 8\]"):
        Detector(**SMALL, stride=16)
