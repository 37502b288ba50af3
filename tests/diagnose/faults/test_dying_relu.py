import pytest
import torch
from diagnose_runs import alarms, blobs, curve, mlp, names, train
from torch import nn

from netwright.diagnose.diagnose import diagnose
from netwright.watch.trace import Trace


def biased(bias: float) -> nn.Sequential:
    torch.manual_seed(0)
    net = mlp(8, 3)
    for layer in (net[0], net[2]):
        nn.init.constant_(layer.bias, bias)
    return net


def test_units_switched_off_by_their_bias_and_the_twin() -> None:
    sick = alarms(train(biased(-8.0), blobs()))
    assert [f.fault for f in sick[:1]] == ["dying-relu"] and sick[0].layer == "1"
    assert sick[0].evidence["dead share"] == 1.0 and sick[0].remedies[0] == "reinitialize"
    assert names(train(biased(0.0), blobs())) == []


def test_units_killed_by_the_rate_are_explained_by_the_rate() -> None:
    torch.manual_seed(0)
    found = names(train(mlp(8, 3, depth=3), blobs(), lr=1.0))
    assert found[0] == "learning-rate-too-high" and "dying-relu" in found


@pytest.mark.parametrize(("share", "found"), [(0.7, []), (0.9, ["info"])])
def test_dead_units_in_a_net_that_learns_are_at_most_a_note(share: float, found: list[str]) -> None:
    trace = curve(Trace(), "dead", [0.1, 0.3, *[share] * 20], place="relu")
    curve(trace, "loss", [1 / (1 + i) for i in range(22)])
    assert [f.severity for f in diagnose(trace)] == found
