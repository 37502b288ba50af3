"""Gradients that are not the loss's slope are found, whatever made them wrong."""

from typing import Any

import pytest
import torch
from check_cases import case, mlp
from torch import Tensor, nn

from netwright.check.checks.gradients import gradients


class _Detached(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.body, self.head = mlp(outputs=8), nn.Linear(8, 3)

    def forward(self, x: Tensor) -> Tensor:
        return self.head(self.body(x).detach())


class _Double(torch.autograd.Function):
    """x -> x, with twice the gradient."""

    @staticmethod
    def forward(ctx: Any, x: Tensor) -> Tensor:
        return x.clone()

    @staticmethod
    def backward(ctx: Any, slope: Tensor) -> Tensor:  # type: ignore[override]
        return 2 * slope


class _Wrong(_Detached):
    def forward(self, x: Tensor) -> Tensor:
        return self.head(_Double.apply(self.body(x)))  # type: ignore[no-untyped-call]


class _StraightThrough(_Detached):
    """Binary units whose gradient is that of the value rounded (Bengio 2013), on purpose."""

    def forward(self, x: Tensor) -> Tensor:
        h = self.body(x)
        return self.head(h + (torch.sign(h) - h).detach())


class _NoGraph(_Detached):
    def forward(self, x: Tensor) -> Tensor:
        return self.head(self.body(x)).detach()


@pytest.mark.parametrize("seed", range(8))
def test_a_bias_that_a_norm_takes_away_again_has_no_slope_but_rounding(seed: int) -> None:
    torch.manual_seed(seed)
    net = nn.Sequential(nn.Linear(6, 16), nn.BatchNorm1d(16), nn.Dropout(0.5), nn.Linear(16, 3))
    assert gradients(case(net=net), seconds=120.0).status == "passed"


@pytest.mark.parametrize(
    "net",
    [mlp(), nn.Sequential(nn.Linear(6, 16), nn.BatchNorm1d(16), nn.Dropout(0.5), nn.Linear(16, 3))],
)
def test_right_gradients_pass(net: nn.Module) -> None:
    found = gradients(case(net=net), seconds=120.0)
    assert found.status == "passed" and found.numbers["parameters"] >= 6


def test_a_detached_part_fails_by_name() -> None:
    found = gradients(case(net=_Detached()), seconds=120.0)
    assert (found.status, found.fault) == ("failed", "disconnected-loss")
    assert found.columns and all(name.startswith("body") for name in found.columns)


def test_a_loss_without_graph_fails() -> None:
    found = gradients(case(net=_NoGraph()), seconds=120.0)
    assert (found.status, found.fault) == ("failed", "disconnected-loss")


def test_a_wrong_backward_fails() -> None:
    found = gradients(case(net=_Wrong()), seconds=120.0)
    assert found.status == "failed" and "backward" in found.words


def test_straight_through_is_a_note() -> None:
    assert gradients(case(net=_StraightThrough())).status == "info"


def test_the_net_is_left_as_it_was() -> None:
    net = mlp()
    before = [p.clone() for p in net.parameters()]
    gradients(case(net=net), seconds=120.0)
    for one, other in zip(before, net.parameters(), strict=True):
        assert torch.equal(one, other) and other.grad is None
