"""Pictures with true and found boxes: the worst first, drawn in the colour of their class."""

import io
from pathlib import Path

import numpy as np
import torch
from PIL import Image

from box_folders import scenes
from netwright.data.read import read
from netwright.evaluate.box_metrics import facts_of_found
from netwright.nets.detector import Detections
from netwright.report.boxes import drawn_boxes, sample_boxes
from netwright.report.report import Headline, Report
from netwright.report.sections.maps import maps
from netwright.report.sections.scores import scores


def test_the_worst_and_the_typical_are_shown_with_their_boxes(tmp_path: Path) -> None:
    data = read(scenes(tmp_path / "scenes", 60))
    truths = [boxes[boxes[:, 0] >= 0] for boxes in data.test.targets]  # type: ignore[attr-defined]
    said = [Detections(t[:, 1:], torch.full((len(t),), 0.9), t[:, 0].long()) for t in truths]
    wrong = next(at for at, true in enumerate(truths) if len(true) == 2)
    said[wrong] = Detections(torch.tensor([[0.0, 0, 3, 3]]), torch.ones(1), torch.zeros(1).long())
    found = sample_boxes(data, facts_of_found(said))
    assert len(found) == 6
    assert found[0].label == f"worst: test picture {wrong + 1}, 0 of 2 boxes found, 1 wrong"
    assert found[-1].label.startswith("typical") and found[-1].label.endswith("0 wrong")
    pictures = [
        np.asarray(Image.open(io.BytesIO(png)).convert("RGB"))
        for png in (found[0].picture, found[0].truth, found[0].predicted)
    ]
    assert pictures[0].shape == pictures[1].shape == (192, 240, 3)  # six times as large
    left, top, right = (6 * int(v) for v in truths[wrong][0, 1:4])
    edge = pictures[1][top, left + 8 : right - 8]
    assert (edge == edge[0]).all() and not (edge[0] == edge[0, 0]).all()  # a line of one colour
    assert np.ptp(pictures[0], axis=2).max() == 0  # the picture itself is grey
    assert not np.array_equal(pictures[1], pictures[2])

    assert not any("nothing" in one.label for one in found)  # empty pictures show nothing
    right = Detections(truths[wrong][:, 1:], torch.ones(2), truths[wrong][:, 0].long())
    said[wrong] = right
    assert all(m.label.startswith("typical") for m in sample_boxes(data, facts_of_found(said)))

    head = Headline(metric="map50", value=0.5)
    page = maps(Report(title="", task="", headline=head, verdict="", form="detection", maps=found))
    counts = [{"class": "bar", "map50": 0.5, "map": 0.25, "support": 3}]
    table = scores(
        Report(title="", task="", headline=head, verdict="", form="detection", per_class=counts,
               test={"map50": {"value": 0.5}})
    )  # fmt: skip
    assert all(name in str(table) for name in ("mAP@.5<", "mAP@[.5:.95]", "Boxes"))
    assert page is not None and page.count("<img") == 18 and "fewest boxes right" in page


def test_labels_of_boxes_in_one_place_can_each_be_read() -> None:
    picture = Image.new("L", (64, 64))
    colours = np.array([[200, 60, 120], [40, 160, 140]], dtype=np.uint8)
    boxes = torch.tensor([[5.0, 2, 40, 40]]).repeat(2, 1)
    with Image.open(io.BytesIO(drawn_boxes(picture, boxes, ["coat", "shirt"], colours))) as image:
        seen = np.asarray(image.convert("RGB")).reshape(-1, 3)
    for colour in colours:  # the field of a label, beside at most the box's thin line
        assert (seen == colour).all(1).sum() > 150
