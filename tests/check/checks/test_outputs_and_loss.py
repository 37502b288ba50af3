"""Outputs that the loss cannot take, or was not made for, are named."""

import dataclasses
from collections.abc import Callable

import pytest
import torch
import torch.nn.functional as F
from check_cases import case, mlp, rows, step
from torch import Tensor, nn

from netwright.check.case import Case
from netwright.check.checks.outputs_and_loss import outputs_and_loss

Loss = Callable[[Tensor, Tensor], Tensor]


def _with(net: nn.Module, criterion: Loss, name: str, *, form: str = "multiclass") -> Case:
    whole = case(form=form)  # type: ignore[arg-type]
    x, y = rows(400, form=form)  # type: ignore[arg-type]
    return dataclasses.replace(whole, step=step(net, x, y, criterion, name))


@pytest.mark.parametrize("form", ["multiclass", "regression"])
def test_a_pair_that_fits_passes(form: str) -> None:
    assert outputs_and_loss(case(form=form)).status == "passed"  # type: ignore[arg-type]


def test_too_few_outputs_fail() -> None:
    found = outputs_and_loss(_with(mlp(outputs=2), F.cross_entropy, "cross-entropy"))
    assert (found.status, found.fault) == ("failed", "output-loss-mismatch")
    assert "3 classes" in found.advice


def test_a_loss_for_numbers_on_classes_fails() -> None:
    found = outputs_and_loss(
        _with(mlp(outputs=1), lambda o, t: F.mse_loss(o[:, 0], t.float()), "mse")
    )
    assert (found.status, found.fault) == ("failed", "wrong-loss-for-task")


def test_outputs_against_all_targets_fail() -> None:
    def broadcast(outputs: Tensor, targets: Tensor) -> Tensor:
        return ((outputs[:, 0] - targets) ** 2).mean()  # (rows,) against (rows, 1)

    net = nn.Sequential(mlp(outputs=2))
    found = outputs_and_loss(_with(net, broadcast, "mse", form="regression"))
    assert (found.status, found.fault) == ("failed", "loss-broadcasting")


@pytest.mark.parametrize(
    ("last", "word"), [(nn.Softmax(-1), "softmax"), (nn.Sigmoid(), "sigmoid"), (nn.ReLU(), "ReLU")]
)
def test_a_squashed_output_under_cross_entropy_fails(last: nn.Module, word: str) -> None:
    found = outputs_and_loss(_with(nn.Sequential(mlp(), last), F.cross_entropy, "cross-entropy"))
    assert (found.status, found.fault) == ("failed", "output-loss-mismatch")
    assert word in found.advice + found.words


def test_outputs_that_are_no_numbers_fail() -> None:
    net = mlp()
    with torch.no_grad():
        net[2].bias[0] = float("nan")  # type: ignore[index,operator]
    found = outputs_and_loss(_with(net, F.cross_entropy, "cross-entropy"))
    assert (found.status, found.fault) == ("failed", "numerical-instability")
