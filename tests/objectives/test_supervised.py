"""Losses against hand-computed cases; batches that resume where they stopped."""

import math

import pytest
import torch
import torch.nn.functional as F
from torch import nn

from netwright.data.data import Batch
from netwright.errors import UsageError
from netwright.objectives.supervised import Supervised


def test_cross_entropy_smoothing_and_weights_are_torchs() -> None:
    logits, ids = torch.randn(5, 3), torch.tensor([0, 2, 1, 1, 0])
    objective = Supervised(label_smoothing=0.1, class_weights=(1.0, 2.0, 0.5))
    expected = F.cross_entropy(
        logits, ids, weight=torch.tensor([1.0, 2.0, 0.5]), label_smoothing=0.1
    )
    torch.testing.assert_close(objective.compute(logits, ids), expected)
    plain = F.cross_entropy(logits, ids, weight=torch.tensor([1.0, 2.0, 0.5]))
    torch.testing.assert_close(objective.compute(logits, ids, smooth=False), plain)


def test_the_members_of_an_ensemble_are_each_asked_for_the_target() -> None:
    tokens, ids = torch.randn(2, 3, 4, 5), torch.randint(5, (2, 4))  # (batch, members, time, vocab)
    alone = [Supervised().compute(tokens[:, member], ids) for member in range(3)]
    together = Supervised().compute(tokens, ids, members=3)
    torch.testing.assert_close(together, torch.stack(alone).mean())


def test_cumulative_grades_by_hand() -> None:
    # Grade 1 of three: above threshold 0, not above threshold 1.
    loss = Supervised(loss="cumulative").compute(torch.tensor([[2.0, -1.0]]), torch.tensor([1]))
    by_hand = (math.log(1 + math.exp(-2.0)) + math.log(1 + math.exp(-1.0))) / 2
    assert loss.item() == pytest.approx(by_hand, rel=1e-6)


def test_an_ensembles_loss_is_the_mean_of_its_members() -> None:
    logits, ids = torch.randn(4, 3, 2), torch.tensor([0, 1, 1, 0])  # (batch, members, classes)
    each = [F.cross_entropy(logits[:, m], ids) for m in range(3)]
    torch.testing.assert_close(Supervised().compute(logits, ids, members=3), sum(each) / 3)


def test_tokens_are_scored_at_every_position() -> None:
    logits, tokens = torch.randn(2, 5, 7), torch.randint(7, (2, 5))
    expected = F.cross_entropy(logits.reshape(-1, 7), tokens.reshape(-1))
    torch.testing.assert_close(Supervised().compute(logits, tokens), expected)


def test_targets_that_would_broadcast_are_refused() -> None:
    with pytest.raises(ValueError, match=r"\(4, 1\) and \(4,\)"):
        Supervised(loss="mse").compute(torch.zeros(4, 1), torch.zeros(4))


def test_an_unknown_loss_is_an_error_with_a_suggestion() -> None:
    with pytest.raises(UsageError, match="Did you mean 'huber'"):
        Supervised(loss="hubert")


def test_step_gives_one_loss_for_the_net() -> None:
    net = nn.Linear(3, 2)
    batch = Batch((torch.randn(4, 3),), torch.tensor([0, 1, 0, 1]))
    losses = Supervised().step(net, batch)
    assert list(losses) == ["net"]
    losses["net"].backward()
    assert net.weight.grad is not None and net.weight.grad.abs().sum() > 0
