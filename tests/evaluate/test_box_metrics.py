"""Average precision by hand, and as another, slower formulation finds it; what is kept of boxes."""

import sys

import numpy as np
import pytest
import torch
from torch import Tensor

from netwright.data.task import Task
from netwright.evaluate.box_metrics import (
    facts_of_found,
    found_in,
    loss_of_boxes,
    score_boxes,
)
from netwright.nets.detector import Detections
from netwright.objectives.detection import Detection, loss_of_pictures

TASK = Task(name="detection", form="detection", target="boxes", classes=("a", "b"), outputs=2)
Row = tuple[int, float, float, float, float]  # class and corners


def truth(*pictures: list[Row]) -> Tensor:
    most = max(len(rows) for rows in pictures)
    empty: Row = (-1, 0, 0, 0, 0)
    return torch.tensor([[*rows, *[empty] * (most - len(rows))] for rows in pictures])


def found(*rows: tuple[float, int, float, float, float, float]) -> Detections:
    table = torch.tensor(sorted(rows, reverse=True)).reshape(-1, 6)
    return Detections(table[:, 2:], table[:, 0], table[:, 1].long())


TRUE = truth([(0, 0, 0, 10, 10), (0, 20, 20, 30, 30)], [(0, 5, 5, 15, 15)])
FOUND = [
    found((0.9, 0, 0, 0, 10, 10), (0.8, 0, 0, 0, 10, 9)),  # the second finds what is found
    found((0.7, 0, 5, 5, 15, 12), (0.6, 1, 5, 5, 15, 15)),  # 0.7 of it; and none is of class b
]


def test_average_precision_by_hand() -> None:
    scores = score_boxes(facts_of_found(FOUND), TRUE, TASK)
    # Right, wrong, right: precision 1 up to recall 1/3 (34 recalls), 2/3 up to 2/3 (33 more).
    half = (34 + 33 * 2 / 3) / 101
    assert scores["map50"].value == pytest.approx(half)
    # The last one overlaps by 0.7: right at 0.5, 0.55, 0.6, 0.65 and 0.7.
    assert scores["map"].value == pytest.approx((5 * half + 5 * 34 / 101) / 10)
    assert scores.primary == "map50" and scores["map50"].low is not None
    a, b = scores.per_class
    assert (a["support"], a["called"], a["precision"], a["recall"]) == (3, 3, 2 / 3, 2 / 3)
    assert (b["map50"], b["support"], b["called"], b["precision"]) == (None, 0, 1, 0.0)
    assert any("3 boxes" in note for note in scores.notes)


def test_nothing_found_scores_nothing_and_all_found_scores_all() -> None:
    nothing = facts_of_found([found(), found()])
    assert score_boxes(nothing, TRUE, TASK, resamples=0)["map50"].value == 0
    whole = [found(*[(0.9, int(k), *box) for k, *box in rows if k >= 0]) for rows in TRUE.tolist()]
    assert score_boxes(facts_of_found(whole), TRUE, TASK, resamples=0)["map"].value == 1


def overlap(a: list[float], b: list[float]) -> float:
    wide, tall = min(a[2], b[2]) - max(a[0], b[0]), min(a[3], b[3]) - max(a[1], b[1])
    if wide <= 0 or tall <= 0:
        return 0.0
    shared = wide * tall
    return shared / (
        (a[2] - a[0]) * (a[3] - a[1]) + (b[2] - b[0]) * (b[3] - b[1]) - shared
    )  # fmt: skip


def precision_and_recall(
    found: list[Detections], true: Tensor, kind: int, threshold: float, least: float
) -> tuple[float, float]:
    """Match anew what is left of each picture when all boxes below a score are thrown away."""
    hits = called = asked = 0
    for one, rows in zip(found, true.tolist(), strict=True):
        open_ = [row[1:] for row in rows if row[0] == kind]
        asked += len(open_)
        for score, of, box in zip(one.scores.tolist(), one.classes.tolist(), one.boxes.tolist(),
                                  strict=True):  # fmt: skip
            if of != kind or score < least:
                continue
            called += 1
            best = max(open_, key=lambda other: overlap(box, other), default=None)
            if best is not None and overlap(box, best) >= threshold:
                open_.remove(best)
                hits += 1
    return hits / called, hits / asked


def slow_average_precision(
    found: list[Detections], true: Tensor, kind: int, threshold: float
) -> float:
    """The mean over recalls of the best precision that any least score gives there or beyond."""
    scores = [float(s) for one in found for s, k in zip(one.scores, one.classes, strict=True)
              if k == kind]  # fmt: skip
    points = [precision_and_recall(found, true, kind, threshold, least) for least in scores]
    reached = [
        max((p for p, recall in points if recall >= step / 100 - 1e-12), default=0.0)
        for step in range(101)
    ]
    return float(np.mean(reached))


def drawn(rng: np.random.Generator, pictures: int) -> tuple[list[Detections], Tensor]:
    """Boxes at random, and some near the true ones, often with the right class."""
    said, true = [], []
    for _ in range(pictures):
        rows: list[Row] = []
        boxes = []
        for _ in range(int(rng.integers(0, 4))):
            x, y = rng.uniform(0, 30, 2)
            w, h = rng.uniform(5, 15, 2)
            kind = int(rng.integers(2))
            rows.append((kind, x, y, x + w, y + h))
            for _ in range(int(rng.integers(0, 3))):
                moved = np.array([x, y, x + w, y + h]) + rng.normal(0, 1.5, 4)
                boxes.append((rng.random(), kind if rng.random() < 0.8 else 1 - kind, *moved))
        x, y = rng.uniform(0, 30, 2)
        boxes.append((0.6 * rng.random(), int(rng.integers(2)), x, y, x + 9, y + 9))
        said.append(found(*boxes))
        true.append(rows)
    return said, truth(*true)


@pytest.mark.parametrize("seed", range(4))
def test_it_agrees_with_matching_anew_at_every_score(seed: int) -> None:
    said, true = drawn(np.random.default_rng(seed), 12)
    scores = score_boxes(facts_of_found(said), true, TASK, resamples=0)
    slow = [
        np.mean([slow_average_precision(said, true, kind, threshold) for kind in (0, 1)])
        for threshold in np.arange(10) * 0.05 + 0.5
    ]
    assert scores["map50"].value == pytest.approx(slow[0])
    assert scores["map"].value == pytest.approx(np.mean(slow))


def test_a_picture_drawn_twice_counts_as_two(monkeypatch: pytest.MonkeyPatch) -> None:
    said, true = drawn(np.random.default_rng(8), 6)
    again = [0, 0, 3, 5, 5, 5]
    weights = np.bincount(again, minlength=6).astype(float)[:, None]
    bootstrap = sys.modules["netwright.evaluate.bootstrap"]
    monkeypatch.setattr(bootstrap, "draw_weights", lambda *a, **k: [weights])
    facts = facts_of_found(said)
    resampled = score_boxes(facts, true, TASK, resamples=1).replicates["map"]
    copied = score_boxes(facts[again], true[again], TASK, resamples=0)
    assert resampled == pytest.approx(copied["map"].value)


def test_facts_keep_boxes_and_give_the_loss_of_the_whole() -> None:
    facts = facts_of_found(FOUND)
    back = found_in(facts, least=0.65)
    assert [len(one.scores) for one in back] == [2, 1]
    torch.testing.assert_close(back[0].boxes, FOUND[0].boxes)
    outputs = torch.randn(2, 6, 8, 8).abs()
    heat, box, boxes = loss_of_pictures(outputs, TRUE, stride=4)
    facts[:, 0, :3] = torch.stack([heat, box, boxes], 1)
    objective = Detection(weight=0.5)
    whole = objective.compute(outputs, TRUE).item()
    assert loss_of_boxes(objective, facts) == pytest.approx(whole, rel=1e-5)
