"""The general step: parameter groups in their order, rules that fill gradients themselves."""

from collections.abc import Iterator
from typing import ClassVar

import pytest
import torch
from torch import Tensor, nn

from netwright.data.data import Batch, Data
from netwright.errors import UsageError
from netwright.plan.plan import Recipe
from netwright.train.eager_step import EagerStep


class Pair(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.first, self.second = nn.Linear(1, 1, bias=False), nn.Linear(1, 1, bias=False)
        for layer in (self.first, self.second):
            nn.init.ones_(layer.weight)

    def forward(self, x: Tensor) -> Tensor:
        found: Tensor = self.second(self.first(x))
        return found


class InTurn:
    """Both losses are the net's output: the second is found with the first already stepped."""

    takes: ClassVar[tuple[str, ...]] = ("outputs",)
    groups: ClassVar[tuple[str, ...]] = ("first", "second")

    def batches(self, data: Data, **options: object) -> Iterator[Batch]:
        yield from ()  # a step is given its batch

    def step(
        self, net: nn.Module, batch: Batch, rng: torch.Generator | None = None
    ) -> Iterator[tuple[str, Tensor]]:
        for name in self.groups:
            yield name, net(*batch.inputs).mean()

    def compute(
        self, outputs: Tensor, targets: Tensor, *, members: int = 0, smooth: bool = True
    ) -> Tensor:
        return outputs.mean()


class ByHand(InTurn):
    """A rule without a loss: the gradient is set, the loss is only watched."""

    groups: ClassVar[tuple[str, ...]] = ("net",)

    def step(  # type: ignore[override]
        self, net: nn.Module, batch: Batch, rng: torch.Generator | None = None
    ) -> dict[str, Tensor]:
        for parameter in net.parameters():
            parameter.grad = torch.ones_like(parameter)
        return {"net": torch.tensor(7.0)}


def _step(net: nn.Module, objective: InTurn, recipe: Recipe, lr: float = 0.1) -> Tensor:
    optimizer = torch.optim.AdamW(net.parameters(), lr=lr, weight_decay=0.5)
    if not recipe.weight_decay:
        optimizer = torch.optim.SGD(net.parameters(), lr=lr)  # type: ignore[assignment]
    step = EagerStep(net, objective, recipe, optimizer, torch.Generator())
    return step((torch.ones(2, 1),), torch.zeros(2))


def test_groups_are_stepped_in_turn_and_the_second_sees_the_first() -> None:
    net = Pair()
    total = _step(net, InTurn(), Recipe(lr=0.1))
    first, second = net.first.weight.item(), net.second.weight.item()
    assert first == pytest.approx(0.9)  # 1 - lr * second, stepped once and not again with the other
    assert second == pytest.approx(1 - 0.1 * 0.9)
    assert total.item() == pytest.approx(1.0 + 0.9)


def test_decay_and_moments_touch_the_group_alone_that_is_stepped() -> None:
    net = Pair()
    _step(net, InTurn(), Recipe(lr=0.1, weight_decay=0.5))
    # One AdamW step: decay lr * 0.5, then lr. A group stepped twice would have moved twice.
    expected = 1 * (1 - 0.1 * 0.5) - 0.1
    assert net.first.weight.item() == pytest.approx(expected, rel=1e-4)
    assert net.second.weight.item() == pytest.approx(expected, rel=1e-4)


def test_a_rule_without_a_loss_fills_gradients_itself() -> None:
    net = Pair()
    total = _step(net, ByHand(), Recipe(lr=0.1))
    assert net.first.weight.item() == net.second.weight.item() == pytest.approx(0.9)
    assert total.item() == 7.0


def test_groups_stepped_in_turn_cannot_accumulate() -> None:
    with pytest.raises(UsageError, match="accumulate is 2, but first and second"):
        _step(Pair(), InTurn(), Recipe(lr=0.1, accumulate=2))
