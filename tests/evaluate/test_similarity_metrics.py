"""One-shot accuracy and verification: perfect, blind and by hand; both embeddings are asked the
same."""

import pytest
import torch

from netwright.data.task import Task
from netwright.errors import DataError
from netwright.evaluate.similarity_metrics import score_embeddings, worst_queries
from netwright.evaluate.verdict import compare

TASK = Task(name="similarity", form="similarity", target="class")
IDS = torch.arange(120) // 4  # 30 classes of four rows


def test_classes_far_apart_are_always_found() -> None:
    vectors = IDS[:, None].double() + 0.01 * torch.rand(120, 2, dtype=torch.float64)
    scores = score_embeddings(vectors, IDS, TASK)
    assert scores["one_shot_accuracy"].value == 1.0
    assert scores["roc_auc"].value == pytest.approx(1.0)
    assert any("among 20 classes" in note for note in scores.notes)
    assert len(scores.per_class) == 30


def test_embeddings_that_say_nothing_are_right_by_chance() -> None:
    equal = score_embeddings(torch.zeros(120, 3), IDS, TASK)
    assert equal["one_shot_accuracy"].value == pytest.approx(1 / 20)
    assert equal["roc_auc"].value == pytest.approx(0.5)
    noise = torch.randn(120, 3, generator=torch.Generator().manual_seed(0))
    blind = score_embeddings(noise, IDS, TASK)["one_shot_accuracy"]
    assert blind.low is not None and blind.high is not None
    assert blind.low < 1 / 20 < blind.high


def test_two_embeddings_are_asked_the_same_and_compared_in_pairs() -> None:
    rng = torch.Generator().manual_seed(0)
    good = IDS[:, None].float() + 0.6 * torch.randn(120, 1, generator=rng)
    worse = good + 0.6 * torch.randn(120, 1, generator=rng)
    first, second = (score_embeddings(x, IDS, TASK, seed=3) for x in (good, worse))
    lead = compare(first, second)
    assert lead.low is not None and lead.low > 0
    again = score_embeddings(good, IDS, TASK, seed=3)
    assert again["one_shot_accuracy"] == first["one_shot_accuracy"]


def test_verification_is_the_area_over_pairs() -> None:
    ids = torch.tensor([0, 0, 1, 1])
    vectors = torch.tensor([[0.0], [3.0], [10.0], [15.0]])  # 3 and 5 apart; others 7 to 15
    assert score_embeddings(vectors, ids, TASK, resamples=0)["roc_auc"].value == 1.0
    mixed = torch.tensor([[0.0], [3.0], [3.0], [0.0]])  # same: 3 and 3; others 0 or 3, as often
    found = score_embeddings(mixed, ids, TASK, resamples=0)["roc_auc"].value
    assert found == pytest.approx(0.25, abs=0.03)


def test_rows_that_make_no_pair_are_refused() -> None:
    for ids in (torch.arange(4), torch.zeros(4, dtype=torch.int64)):
        with pytest.raises(DataError, match="expected at least two classes, and a second row"):
            score_embeddings(torch.randn(4, 2), ids, TASK)


def test_worst_queries_are_nearest_to_another_class() -> None:
    vectors = torch.tensor([[0.0], [5.0], [5.5], [9.0]])
    ids = torch.tensor([0, 0, 1, 1])
    assert worst_queries(vectors, ids, count=5) == [(1, 2, 4.5), (2, 1, 3.0)]
