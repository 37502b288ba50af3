import torch
from diagnose_runs import curve, mlp, names, train, waves
from torch.nn import functional as F

from netwright.diagnose.diagnose import diagnose
from netwright.watch.trace import Trace


def run(width: int) -> Trace:
    torch.manual_seed(0)
    net = mlp(4, 1, width=width, depth=1)
    trace = train(net, waves(), loss=F.mse_loss, lr=2e-2, epochs=40, batch=64)
    curve(trace, "loss.trivial", [1.0])
    return curve(trace, "loss.baseline", [0.15])


def test_one_unit_where_trees_do_better_and_a_net_that_is_wide_enough() -> None:
    assert "underfitting" in names(run(1))
    assert "underfitting" not in names(run(64))


def test_targets_that_nothing_predicts_are_a_note() -> None:
    torch.manual_seed(0)
    trace = curve(Trace(), "loss", 1 + 0.05 * torch.randn(60).numpy())
    findings = diagnose(curve(trace, "loss.trivial", [1.0]))
    assert [(f.fault, f.severity) for f in findings] == [("underfitting", "info")]
