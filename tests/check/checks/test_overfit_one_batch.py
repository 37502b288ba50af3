"""A net that can learn passes; one that cannot says why."""

import dataclasses

import numpy as np
import pytest
import torch
from check_cases import case, mlp, rows, step
from torch import Tensor, nn

from netwright.check.checks.overfit_one_batch import overfit_one_batch


class _Narrow(nn.Module):
    """All that comes in goes through one unit."""

    def __init__(self, features: int = 30, outputs: int = 5) -> None:
        super().__init__()
        self.neck, self.head = nn.Linear(features, 1), nn.Linear(1, outputs)

    def forward(self, x: Tensor) -> Tensor:
        return self.head(torch.relu(self.neck(x)))


def _wide() -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(0)
    return rng.normal(size=(200, 30)).astype(np.float32), rng.integers(0, 5, 200)


@pytest.mark.parametrize("form", ["multiclass", "regression"])
def test_a_net_learns_a_batch_by_heart(form: str) -> None:
    found = overfit_one_batch(case(form=form), seconds=120.0)  # type: ignore[arg-type]
    assert found.status == "passed" and found.numbers["rows"] == 32


def test_random_labels_are_learned_by_heart_too() -> None:
    assert overfit_one_batch(case(_wide()), seconds=120.0).status == "passed"


def test_a_neck_that_is_too_narrow_fails() -> None:
    torch.manual_seed(0)
    found = overfit_one_batch(case(_wide(), net=_Narrow()), seconds=120.0)
    assert (found.status, found.fault) == ("failed", "underfitting")
    assert "linear model" in found.words


def test_a_linear_net_on_what_no_line_parts_is_a_warning() -> None:
    x, y = rows(200)
    y = np.random.default_rng(0).integers(0, 3, 200)
    found = overfit_one_batch(case((x[:, :2], y), net=nn.Linear(2, 3)), seconds=120.0)
    assert (found.status, found.fault) == ("warning", "underfitting")


def test_a_net_that_does_not_move_fails() -> None:
    net = mlp()
    with torch.no_grad():
        net[0].bias.fill_(-100.0)  # type: ignore[union-attr,operator]  # every unit is dead
        net[2].weight.zero_()  # type: ignore[union-attr,operator]
    net[2].bias.requires_grad_(False)  # type: ignore[union-attr,union-attr]
    found = overfit_one_batch(case(net=net), seconds=120.0)
    assert (found.status, found.fault) == ("failed", "disconnected-loss")


def test_a_loss_that_breaks_fails() -> None:
    def fragile(outputs: Tensor, targets: Tensor) -> Tensor:
        return -torch.log(outputs.softmax(-1)[range(len(targets)), targets] - 0.4).mean()

    x, y = rows(200)
    given = dataclasses.replace(case(), step=step(mlp(), x, y, fragile, "own"))
    assert overfit_one_batch(given, seconds=120.0).fault == "numerical-instability"


def test_rows_that_contradict_each_other_are_left_out() -> None:
    x, y = rows(64)
    x[:] = np.repeat(x[:32], 2, axis=0)
    y[:] = np.tile([0, 1], 32)
    found = overfit_one_batch(case((x, y), net=mlp(outputs=2)), seconds=120.0)
    assert found.status == "passed" and "left out" in found.words


def test_dropout_does_not_stand_in_the_way() -> None:
    net = nn.Sequential(nn.Linear(6, 32), nn.ReLU(), nn.Dropout(0.9), nn.Linear(32, 3))
    assert overfit_one_batch(case(net=net), seconds=120.0).status == "passed"
    assert net[2].p == 0.9
