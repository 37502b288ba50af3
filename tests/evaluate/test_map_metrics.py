"""Scores of maps against counts by hand; the kept facts give the objective's loss."""

import numpy as np
import pytest
import torch

from netwright.data.task import Task
from netwright.evaluate.map_metrics import (
    dice_of_rows,
    facts_of_constant,
    facts_of_logits,
    facts_of_maps,
    loss_of_facts,
    score_maps,
)
from netwright.objectives.segmentation import Segmentation

TASK = Task(name="segmentation", form="segmentation", target="mask", classes=("a", "b", "c"),
            outputs=3)  # fmt: skip
SAID = torch.tensor([[[0, 0, 1], [1, 2, 2]], [[0, 0, 0], [0, 0, 0]]])
TRUE = torch.tensor([[[0, 1, 1], [1, 2, -100]], [[0, 0, 0], [0, 0, 1]]])


def test_overlaps_by_hand() -> None:
    scores = score_maps(facts_of_maps(SAID, TRUE, 3), TASK)
    # a: 6 right, 6 true, 8 called. b: 2, 4, 2. c: 1, 1, 1. The pixel not asked is in none.
    assert scores["dice"].value == pytest.approx((12 / 14 + 4 / 6 + 1) / 3)
    assert scores["iou"].value == pytest.approx((6 / 8 + 2 / 4 + 1) / 3)
    assert scores["accuracy"].value == pytest.approx(9 / 11)
    assert scores.primary == "dice" and "log_loss" not in scores
    assert [row["dice"] for row in scores.per_class] == pytest.approx([12 / 14, 4 / 6, 1])
    assert scores.confusion == [[6, 0, 0], [2, 2, 0], [0, 0, 1]]
    assert scores["dice"].low is not None and scores["dice"].low <= scores["dice"].value
    assert any("11 pixels" in note for note in scores.notes)


def test_a_class_that_nobody_has_or_says_is_no_part_of_the_mean() -> None:
    none = torch.zeros(1, 2, 2, dtype=torch.int64)
    scores = score_maps(facts_of_maps(none, none, 3), TASK, resamples=0)
    assert scores["dice"].value == 1.0


def test_dice_of_each_picture() -> None:
    found = dice_of_rows(facts_of_maps(SAID, TRUE, 3), 3)
    first = (2 / 3 + 4 / 5 + 1) / 3
    np.testing.assert_allclose(found.numpy(), [first, (10 / 11 + 0) / 2])


def test_the_facts_of_pieces_give_the_loss_of_the_whole() -> None:
    logits = torch.randn(5, 3, 6, 7)
    ids = torch.randint(3, (5, 6, 7)).to(torch.int16)
    ids[:, 0] = -100
    facts = torch.cat([facts_of_logits(logits[:2], ids[:2]), facts_of_logits(logits[2:], ids[2:])])
    whole = Segmentation(dice=0.7).compute(logits, ids).item()
    assert loss_of_facts(facts, 3, dice=0.7) == pytest.approx(whole, rel=1e-5)
    nats = score_maps(facts, TASK)["log_loss"].value
    assert nats == pytest.approx(Segmentation(dice=0).compute(logits, ids).item(), rel=1e-5)


def test_the_constant_answer_has_the_entropy_of_its_shares() -> None:
    ids = torch.tensor([[[0, 0, 0, 1]]])
    facts = facts_of_constant(torch.tensor([0.75, 0.25]), ids)
    expected = -(0.75 * np.log(0.75) + 0.25 * np.log(0.25))
    assert loss_of_facts(facts, 2, dice=0) == pytest.approx(expected, rel=1e-5)
