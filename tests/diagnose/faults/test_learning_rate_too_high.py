import math

import pytest
import torch
from diagnose_runs import alarms, blobs, curve, mlp, names, train, waves
from torch.nn import functional as F

from netwright.watch.trace import Trace


@pytest.mark.parametrize("seed", range(2))
def test_adam_at_one(seed: int) -> None:
    torch.manual_seed(seed)
    best = alarms(train(mlp(8, 3), blobs(), lr=1.0, epochs=10))[0]
    assert best.fault == "learning-rate-too-high"
    torch.manual_seed(seed)
    assert names(train(mlp(8, 3), blobs(), lr=0.01, epochs=10)) == []


def test_sgd_that_diverges_is_the_rate_first_and_then_the_numbers() -> None:
    torch.manual_seed(0)
    net = mlp(4, 1)
    sgd = torch.optim.SGD(net.parameters(), lr=3.0)
    trace = train(net, waves(), loss=F.mse_loss, optimizer=sgd, epochs=10)
    assert math.isnan(trace.values("loss")[-1])
    found = names(trace)
    assert found[0] == "learning-rate-too-high" and "numerical-instability" in found


def test_a_large_rate_that_learns_is_no_fault() -> None:
    torch.manual_seed(0)
    net = mlp(8, 3)
    sgd = torch.optim.SGD(net.parameters(), lr=0.5)
    assert names(train(net, blobs(), optimizer=sgd, epochs=10)) == []


def test_a_loss_that_grew_until_it_broke_needs_no_sampled_updates() -> None:
    trace = curve(Trace(), "loss", [2.4])
    curve(trace, "loss.train", [4e16, math.nan])
    assert names(trace) == ["learning-rate-too-high", "numerical-instability"]
    broken = curve(curve(Trace(), "loss", [2.4]), "loss.train", [2.1, math.nan])
    assert names(broken) == ["numerical-instability"]
