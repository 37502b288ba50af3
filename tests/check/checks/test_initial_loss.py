"""The first loss is that of not knowing, unless the weights or the targets are out of scale."""

import dataclasses
import math

import pytest
import torch
import torch.nn.functional as F
from check_cases import case, mlp, rows, step

from netwright.check.checks.initial_loss import best_constant, initial_loss
from netwright.train import lean


def test_a_fresh_net_knows_nothing() -> None:
    found = initial_loss(case())
    assert found.status == "passed"
    assert found.numbers["loss of zeros"] == pytest.approx(math.log(3), rel=1e-6)


@pytest.mark.parametrize(("factor", "status"), [(5.0, "warning"), (100.0, "failed")])
def test_weights_drawn_too_large_are_seen(factor: float, status: str) -> None:
    net = mlp()
    with torch.no_grad():
        for weight in net.parameters():
            weight *= factor
    found = initial_loss(case(net=net))
    assert (found.status, found.fault) == (status, "wrong-initialization")


def test_targets_far_from_zero_are_seen() -> None:
    x, y = rows(400, form="regression")
    given = dataclasses.replace(
        case(form="regression"), step=step(mlp(outputs=1), x, y + 100, F.mse_loss, "mse")
    )
    assert initial_loss(case(form="regression")).status == "passed"
    found = initial_loss(given)
    assert (found.status, found.fault) == ("warning", "unscaled-inputs")


def test_a_net_that_knows_already_is_a_note() -> None:
    x, y = rows(400)
    net = mlp()
    optimizer = lean.Adam(net.parameters(), lr=0.01)
    for _ in range(200):
        optimizer.zero_grad()
        F.cross_entropy(net(torch.from_numpy(x)), torch.from_numpy(y)).backward()
        optimizer.step()
    assert initial_loss(case((x, y), net=net)).status == "info"


def test_the_best_constant_of_squares_is_the_variance() -> None:
    given = case(form="regression").step
    assert given is not None
    outputs = given.net(*given.many.inputs)
    variance = float(given.many.targets.var(unbiased=False))
    assert best_constant(given, outputs) == pytest.approx(variance, rel=1e-4)
