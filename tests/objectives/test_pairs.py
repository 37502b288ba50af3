"""Losses on embeddings by hand; batches hold several rows of several classes and resume."""

import pytest
import torch

from netwright.data.data import Rows
from netwright.data.read import read
from netwright.errors import UsageError
from netwright.objectives._objective import Epoch
from netwright.objectives._pairs import pick_classes
from netwright.objectives.contrastive import Contrastive
from netwright.objectives.triplet import Triplet

LINE = torch.tensor([[0.0], [0.1], [0.5], [2.0]])  # on a line; classes a a b b
IDS = torch.tensor([0, 0, 1, 1])


def test_contrastive_by_hand() -> None:
    pull = (0.1**2 + 1.5**2) / 2
    push = (0.5**2 + 0.6**2) / 2  # of the pairs nearer than the margin: 0 and 0.5, 0.1 and 0.5
    found = Contrastive(margin=1.0).compute(LINE, IDS)
    assert found.item() == pytest.approx((pull + push) / 2, rel=1e-5)


def test_triplets_take_the_nearest_that_is_farther_than_the_positive() -> None:
    margin = 0.3
    # (a, p, n): 0, .1, .5 (.01 - .25) · .1, 0, .5 (.01 - .16) · .5, 2, none farther: farthest is
    # 0 (2.25 - .25) · 2, .5, 0.1 (2.25 - 3.61)
    expected = [0.01 - 0.25, 0.01 - 0.16, 2.25 - 0.25, 2.25 - 3.61]
    by_hand = sum(max(0.0, value + margin) for value in expected) / 4
    found = Triplet(margin=margin).compute(LINE, IDS)
    assert found.item() == pytest.approx(by_hand, rel=1e-5)


@pytest.mark.parametrize("objective", [Contrastive(), Triplet()])
def test_equal_embeddings_have_a_slope_that_is_finite(objective: Triplet) -> None:
    vectors = torch.zeros(4, 3, requires_grad=True)
    objective.compute(vectors, IDS).backward()
    assert vectors.grad is not None and bool(torch.isfinite(vectors.grad).all())


def test_one_class_alone_makes_no_triplet() -> None:
    vectors = torch.randn(3, 2, requires_grad=True)
    assert Triplet().compute(vectors, torch.zeros(3, dtype=torch.int64)) == 0


def test_a_whole_split_is_judged_in_batches_like_those_of_training() -> None:
    vectors, ids = torch.randn(60, 4), torch.arange(60) // 6
    objective = Triplet(batch_rows=16)
    first, second = objective.compute(vectors, ids), objective.compute(vectors, ids)
    assert torch.equal(first, second)
    rows = pick_classes(ids, 16, 4, torch.Generator().manual_seed(0))
    assert len(rows) == 4 and all(len(ids[one].unique()) == 4 for one in rows)
    assert all((ids[one].bincount(minlength=10) % 4 == 0).all() for one in rows)


def test_batches_resume_and_turned_classes_are_others() -> None:
    data = read("digits", task="similarity")
    assert isinstance(data.train, Rows)
    objective = Triplet(turned=True, augment=("shift",))

    def batches(start: int) -> list[torch.Tensor]:
        order, rng = torch.Generator().manual_seed(1), torch.Generator().manual_seed(2)
        found = objective.batches(data, Epoch(batch_size=24, order=order, rng=rng, start=start))
        return [batch.targets // 4 for batch in found]

    whole, rest = batches(0), batches(3)
    assert len(whole) == -(-len(data.train) // 24)
    assert all(torch.equal(a, b) for a, b in zip(whole[3:], rest, strict=True))
    assert len(whole[0].unique()) == 6 and (whole[0].bincount()[whole[0].unique()] == 4).all()


def test_settings_that_make_no_pair_are_refused() -> None:
    with pytest.raises(UsageError, match="at least 2 rows of each class"):
        Triplet(samples=1)
