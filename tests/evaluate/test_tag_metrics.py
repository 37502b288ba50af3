"""Entities are whole spans, as conlleval counts them."""

import math

import pytest
import torch

from netwright.data.task import Task
from netwright.evaluate.score_tags import best_outside, score_tags
from netwright.evaluate.scores import primary_metric
from netwright.evaluate.tag_metrics import entities_in, has_entities, spans

CLASSES = ("O", "B-per", "I-per", "B-loc", "I-loc")
TASK = Task(name="tagging", form="tagging", target="tag", classes=CLASSES, outputs=5)


@pytest.mark.parametrize(
    ("tags", "found"),
    [
        ("B-per I-per O B-per", {(0, 2, "per"), (3, 4, "per")}),
        ("B-per B-per", {(0, 1, "per"), (1, 2, "per")}),
        ("I-per I-per", {(0, 2, "per")}),  # IOB1
        ("B-per I-loc", {(0, 1, "per"), (1, 2, "loc")}),
        ("B-per E-per S-loc U-loc", {(0, 2, "per"), (2, 3, "loc"), (3, 4, "loc")}),
        ("B-per L-per I-per", {(0, 2, "per"), (2, 3, "per")}),
        ("O O", set()),
        ("", set()),
    ],
)
def test_spans(tags: str, found: set[tuple[int, int, str]]) -> None:
    assert spans(tags.split()) == found


def test_tags_of_parts_of_speech_are_no_entities() -> None:
    assert has_entities(CLASSES) and not has_entities(("NOUN", "VERB")) and not has_entities("O")
    speech = Task(name="tagging", form="tagging", target="tag", classes=("NOUN", "VERB"))
    assert primary_metric(speech) == "accuracy" and primary_metric(TASK) == "entity_f1"


def logits_of(rows: list[list[int]], sure: float = 9.0) -> torch.Tensor:
    return sure * torch.nn.functional.one_hot(torch.tensor(rows), len(CLASSES)).float()


def test_scores_by_hand() -> None:
    targets = torch.tensor([[1, 2, 0, 3], [0, 0, 1, -100], [3, -100, -100, -100]])
    said = [[1, 2, 0, 0], [0, 1, 1, 4], [1, 0, 0, 0]]
    scores = score_tags(logits_of(said), targets, TASK, resamples=50)
    # True: 4 entities. Called: 4 (padding is not). Right: the first person and the last of row two.
    assert scores["entity_precision"].value == 2 / 4 and scores["entity_recall"].value == 2 / 4
    assert scores.primary == "entity_f1" and scores["entity_f1"].value == 0.5
    assert scores["accuracy"].value == 5 / 8
    table = {row["class"]: row for row in scores.per_class}
    assert table["loc"]["support"] == 2 and table["loc"]["called"] == 0
    assert table["per"]["precision"] == 0.5 and table["per"]["recall"] == 1.0
    assert scores.confusion is not None and sum(map(sum, scores.confusion)) == 8


def test_perfect_tags_score_one_and_certainty_costs_nothing() -> None:
    targets = torch.tensor([[1, 2, 0], [0, -100, -100]])
    scores = score_tags(logits_of(targets.clamp_min(0).tolist(), 99.0), targets, TASK, resamples=0)
    assert scores["entity_f1"].value == 1.0 and math.isclose(scores["nats"].value, 0, abs_tol=1e-6)


def test_less_of_outside_finds_what_is_half_known() -> None:
    targets = torch.tensor([[1, 0, 0]] * 10)
    logits = torch.zeros(10, 3, 5)
    logits[:, :, 0] = 1.0  # "O" is a little likelier everywhere,
    logits[:, 0, 1] = 0.5  # though where the person is a person is next
    logits[:, 1:, 1] = -3.0
    assert score_tags(logits, targets, TASK, resamples=0)["entity_f1"].value == 0.0
    outside = best_outside(logits, targets, CLASSES)
    assert 0.5 < outside <= 1.0
    found = score_tags(logits, targets, TASK, outside=outside, resamples=0)
    assert found["entity_f1"].value == 1.0


def test_entities_are_spelled_with_their_type() -> None:
    assert entities_in(["Ann", "Lee", "is"], ["B-per", "I-per", "O"]) == "Ann Lee (per)"
    assert entities_in(["is"], ["O"]) == "none"
