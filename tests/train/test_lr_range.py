"""The range test answers always, gives a reason and leaves the net and the streams alone."""

import itertools
from collections.abc import Iterator

import pytest
import torch
from torch import Tensor, nn

from netwright.data.data import Batch
from netwright.plan.plan import Recipe
from netwright.train.lr_range import USUAL_LR, find_lr


def _batches(seed: int = 0) -> Iterator[Batch]:
    rng = torch.Generator().manual_seed(seed)
    for _ in itertools.count():
        x = torch.randn(32, 4, generator=rng)
        yield Batch((x,), x.sum(1, keepdim=True))


def _loss(net: nn.Module, batch: Batch) -> Tensor:
    return (net(*batch.inputs) - batch.targets).square().mean()


def test_the_net_is_left_as_it_was() -> None:
    net = nn.Linear(4, 1)
    before = {k: v.clone() for k, v in net.state_dict().items()}
    find_lr(net, _loss, _batches(), Recipe())
    assert all(torch.equal(before[k], v) for k, v in net.state_dict().items())
    assert all(p.grad is None for p in net.parameters())


@pytest.mark.parametrize("optimizer", ["adamw", "momentum", "muon"])
def test_the_rate_lowers_the_loss_and_stays_near_the_usual(optimizer: str) -> None:
    torch.manual_seed(0)
    net = nn.Sequential(nn.Linear(4, 16), nn.ReLU(), nn.Linear(16, 1))
    rate, reason = find_lr(net, _loss, _batches(), Recipe(optimizer=optimizer))  # type: ignore[arg-type]
    assert USUAL_LR[optimizer] / 3.01 <= rate <= USUAL_LR[optimizer] * 3.01
    assert "range test" in reason


def test_hard_batches_at_the_start_are_not_taken_for_learning() -> None:
    """Their losses are large at the lowest rates, and fall without any step having helped."""

    def hard_first() -> Iterator[Batch]:
        for number, batch in enumerate(_batches()):
            yield Batch(batch.inputs, batch.targets * (8 if number < 3 else 1))

    torch.manual_seed(0)
    net = nn.Sequential(nn.Linear(4, 16), nn.ReLU(), nn.Linear(16, 1))
    rate, reason = find_lr(net, _loss, hard_first(), Recipe(optimizer="adamw"))
    assert rate >= USUAL_LR["adamw"] and "range test" in reason


def test_a_loss_that_does_not_move_gives_the_usual_rate_and_says_so() -> None:
    net = nn.Linear(4, 1)

    def flat(net: nn.Module, batch: Batch) -> Tensor:
        return net(*batch.inputs).sum() * 0 + 1.0

    rate, reason = find_lr(net, flat, _batches(), Recipe())
    assert rate == USUAL_LR["adamw"] and "hardly moved" in reason


def test_without_time_there_is_an_answer_too() -> None:
    rate, reason = find_lr(nn.Linear(4, 1), _loss, _batches(), Recipe(), seconds=0.0)
    assert rate == USUAL_LR["adamw"] and "too long" in reason


def test_an_exploding_loss_gives_the_usual_rate() -> None:
    net = nn.Linear(4, 1)

    def exploding(net: nn.Module, batch: Batch) -> Tensor:
        return net(*batch.inputs).sum() * float("inf")

    rate, reason = find_lr(net, exploding, _batches(), Recipe())
    assert rate == USUAL_LR["adamw"] and "broke off" in reason
