import pytest
import torch
from diagnose_runs import blobs, curve, mlp, names, train

from netwright.watch.trace import Trace


@pytest.mark.parametrize(("lr", "found"), [(1e-6, ["learning-rate-too-low"]), (1e-2, [])])
def test_a_rate_of_a_millionth_and_the_twin(lr: float, found: list[str]) -> None:
    torch.manual_seed(0)
    assert names(train(mlp(8, 3), blobs(), lr=lr)) == found


def test_a_net_that_has_converged_may_move_little() -> None:
    torch.manual_seed(0)
    trace = curve(Trace(), "loss", 0.2 + 0.02 * torch.randn(50).numpy())
    curve(trace, "order", [0], place="0")
    curve(trace, "type:Linear", [1], place="0")
    curve(trace, "weight.norm", [1.0] * 50, place="0.weight")
    assert names(curve(trace, "update.ratio", [1e-6] * 50, place="0.weight")) == []
