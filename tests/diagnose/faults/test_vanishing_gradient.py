import torch
from diagnose_runs import alarms, blobs, mlp, names, train
from torch import nn


def test_eight_sigmoid_layers_and_their_tanh_twin() -> None:
    torch.manual_seed(0)
    sick = mlp(8, 3, depth=8, act=nn.Sigmoid)
    trace = train(sick, blobs(), optimizer=torch.optim.SGD(sick.parameters(), lr=0.1))
    best = alarms(trace)[0]
    assert best.fault == "vanishing-gradient"
    assert best.layer == "0" and best.evidence["ratio"] < 1e-3  # type: ignore[operator]
    torch.manual_seed(0)
    healthy = mlp(8, 3, depth=8, act=nn.Tanh)
    trace = train(healthy, blobs(), optimizer=torch.optim.SGD(healthy.parameters(), lr=0.1))
    assert names(trace) == []


def test_a_cut_graph_is_not_a_vanishing_gradient() -> None:
    torch.manual_seed(0)

    class Cut(nn.Sequential):
        def forward(self, x: torch.Tensor) -> torch.Tensor:
            return self[2](self[1](self[0](x)).detach() * 0)

    net = Cut(nn.Linear(8, 8), nn.Linear(8, 8), nn.Linear(8, 3))
    assert "vanishing-gradient" not in names(train(net, blobs(), epochs=5))
