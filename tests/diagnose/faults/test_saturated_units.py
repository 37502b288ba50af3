import torch
from diagnose_runs import alarms, blobs, mlp, names, train
from torch import nn


def test_inputs_a_hundred_times_too_large_under_tanh_and_the_twin() -> None:
    x, y, x_validation, y_validation = blobs()
    torch.manual_seed(0)
    large = (x * 100, y, x_validation * 100, y_validation)
    found = alarms(train(mlp(8, 3, act=nn.Tanh), large))
    assert found[0].fault == "saturated-units" and found[0].layer == "1"
    assert found[0].evidence["saturated share first"] > 0.5  # type: ignore[operator]
    torch.manual_seed(0)
    assert names(train(mlp(8, 3, act=nn.Tanh), blobs())) == []


def test_sure_answers_of_a_sigmoid_output_are_no_fault() -> None:
    torch.manual_seed(0)
    x, y, x_validation, y_validation = blobs(classes=2, seed=4)
    data = (x, y[:, None].float(), x_validation, y_validation[:, None].float())
    net = nn.Sequential(*mlp(8, 1), nn.Sigmoid())
    with torch.no_grad():
        net[-2].bias.fill_(-9.0)  # saturated from the first step on
    trace = train(net, data, loss=nn.BCELoss(), epochs=10)
    assert trace.values("saturated", "5")[0] == 1.0
    assert "saturated-units" not in names(trace)
