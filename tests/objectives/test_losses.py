"""Hinge, focal and quantile losses against torch and by hand."""

import math

import pytest
import torch
import torch.nn.functional as F

from netwright.errors import UsageError
from netwright.objectives.supervised import Supervised


def test_hinge_of_two_classes_is_torchs_margin_loss() -> None:
    scores, ids = torch.randn(20, 2), torch.randint(2, (20,))
    # torch divides by the number of classes and adds over the wrong ones, here one.
    expected = 2 * F.multi_margin_loss(scores, ids)
    torch.testing.assert_close(Supervised(loss="hinge").compute(scores, ids), expected)


def test_hinge_of_many_classes_takes_the_worst_of_the_others() -> None:
    scores = torch.tensor([[2.0, 1.5, -1.0], [0.0, 3.0, 1.0]])
    # Row 0, class 0: 1 - 2 + 1.5 = 0.5. Row 1, class 2: 1 - 1 + 3 = 3.
    found = Supervised(loss="hinge").compute(scores, torch.tensor([0, 2]))
    assert found.item() == pytest.approx((0.5 + 3) / 2)
    weighted = Supervised(loss="hinge", class_weights=(1.0, 1.0, 3.0))
    assert weighted.compute(scores, torch.tensor([0, 2])).item() == pytest.approx((0.5 + 9) / 4)


def test_hinge_of_equal_best_scores_is_the_margin() -> None:
    found = Supervised(loss="hinge").compute(torch.zeros(1, 3), torch.tensor([1]))
    assert found.item() == 1.0


def test_hinge_of_labels_is_torchs() -> None:
    scores, labels = torch.randn(6, 4), torch.randint(2, (6, 4)).float()
    # torch's of distances d, where a pair is unlike, is max(0, margin - d).
    expected = F.hinge_embedding_loss(scores * (2 * labels - 1), -torch.ones(6, 4), margin=1.0)
    torch.testing.assert_close(Supervised(loss="hinge").compute(scores, labels), expected)


def test_focal_without_gamma_is_cross_entropy() -> None:
    logits, ids = torch.randn(7, 3), torch.randint(3, (7,))
    weights = (1.0, 2.0, 0.5)
    found = Supervised(loss="focal", gamma=0.0, class_weights=weights).compute(logits, ids)
    torch.testing.assert_close(found, F.cross_entropy(logits, ids, weight=torch.tensor(weights)))
    labels = torch.randint(2, (7, 3)).float()
    found = Supervised(loss="focal", gamma=0.0, class_weights=weights).compute(logits, labels)
    expected = F.binary_cross_entropy_with_logits(logits, labels, pos_weight=torch.tensor(weights))
    torch.testing.assert_close(found, expected)


def test_focal_by_hand() -> None:
    logits = torch.tensor([[math.log(0.9), math.log(0.1)]])
    found = Supervised(loss="focal").compute(logits, torch.tensor([0]))
    assert found.item() == pytest.approx(0.1**2 * -math.log(0.9), rel=1e-4)
    found = Supervised(loss="focal").compute(torch.tensor([[0.0]]), torch.tensor([[1.0]]))
    assert found.item() == pytest.approx(0.25 * math.log(2), rel=1e-5)


def test_mixed_rows_are_judged_by_their_shares() -> None:
    scores, ids = torch.randn(5, 3), torch.tensor([0, 1, 2, 0, 1])
    for loss in ("hinge", "focal"):
        objective = Supervised(loss=loss, form="multiclass")
        first, second = objective.compute(scores, ids), objective.compute(scores, ids.flip(0))
        shares = 0.3 * F.one_hot(ids, 3) + 0.7 * F.one_hot(ids.flip(0), 3)
        torch.testing.assert_close(objective.compute(scores, shares), 0.3 * first + 0.7 * second)


def test_the_best_constants_by_the_quantile_loss_are_the_quantiles() -> None:
    targets = torch.linspace(0, 1, 101)[:, None]
    objective = Supervised(loss="quantile", quantiles=(0.1, 0.5, 0.9))
    best = objective.compute(torch.tensor([0.1, 0.5, 0.9]).expand(101, 3), targets)
    for at in range(3):
        for off in (-0.05, 0.05):
            other = torch.tensor([0.1, 0.5, 0.9])
            other[at] += off
            assert objective.compute(other.expand(101, 3), targets) > best


def test_the_median_alone_is_half_the_absolute_error() -> None:
    outputs, targets = torch.randn(9, 2), torch.randn(9, 2)
    found = Supervised(loss="quantile", quantiles=(0.5,)).compute(outputs, targets)
    torch.testing.assert_close(found, F.l1_loss(outputs, targets) / 2)


@pytest.mark.parametrize("quantiles", [(0.1, 0.9), (0.5, 0.1), (0.0, 0.5), ()])
def test_quantiles_without_a_median_or_order_are_refused(quantiles: tuple[float, ...]) -> None:
    with pytest.raises(UsageError, match="quantiles is"):
        Supervised(loss="quantile", quantiles=quantiles)


def test_a_loss_of_another_task_is_refused_with_those_that_fit() -> None:
    with pytest.raises(UsageError, match=r"does not judge regression.*mse, mae, huber, quantile"):
        Supervised(loss="hinge", form="regression")
