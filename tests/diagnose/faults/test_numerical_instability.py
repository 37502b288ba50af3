import torch
from diagnose_runs import alarms, blobs, names, train
from torch import Tensor, nn


class Logarithm(nn.Module):
    """log(x), or log(x + eps)."""

    def __init__(self, eps: float) -> None:
        super().__init__()
        self.eps = eps

    def forward(self, x: Tensor) -> Tensor:
        return torch.log(x.clamp(min=0) + self.eps)


def net(eps: float) -> nn.Sequential:
    torch.manual_seed(0)
    return nn.Sequential(
        nn.Linear(8, 16), nn.Tanh(), nn.Linear(16, 8), nn.Softplus(10), Logarithm(eps),
        nn.Linear(8, 3),
    )  # fmt: skip


def test_the_logarithm_of_zero_is_found_where_it_is() -> None:
    sick = nn.Sequential(*net(0.0)[:3], nn.ReLU(), Logarithm(0.0), nn.Linear(8, 3))
    best = alarms(train(sick, blobs(), epochs=3))[0]
    assert (best.fault, best.layer, best.step) == ("numerical-instability", "4", 0)
    assert names(train(net(1e-3), blobs(), epochs=10)) == []


def test_a_loss_that_stops_being_finite_between_samples_is_found_without_a_place() -> None:
    class Breaks(nn.Module):
        calls = 0

        def forward(self, x: Tensor) -> Tensor:
            self.calls += self.training
            return x / 0 if self.calls == 15 else x

    best = alarms(train(nn.Sequential(nn.Linear(8, 3), Breaks()), blobs(), epochs=3))[0]
    assert (best.fault, best.layer, best.step) == ("numerical-instability", "", 14)
