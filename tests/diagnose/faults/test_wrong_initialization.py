from collections.abc import Callable
from pathlib import Path

import pytest
import torch
from diagnose_runs import alarms, blobs, mlp, names, train, waves
from torch import Tensor, nn
from torch.nn import functional as F
from watched_scripts import alarms as of_script


def with_weights(change: Callable[[Tensor], object], depth: int = 4) -> nn.Sequential:
    torch.manual_seed(0)
    net = mlp(8, 3, depth=depth)
    for module in net:
        if isinstance(module, nn.Linear):
            change(module.weight)
    return net


SICK: dict[str, Callable[[Tensor], object]] = {
    "std 3": lambda w: nn.init.normal_(w, std=3.0),
    "std 1e-4": lambda w: nn.init.normal_(w, std=1e-4),
    "constant": lambda w: nn.init.constant_(w, 0.1),
    "zeros": nn.init.zeros_,
}
HEALTHY: dict[str, Callable[[Tensor], object]] = {
    "default": lambda w: w,
    "He": lambda w: nn.init.kaiming_normal_(w, nonlinearity="relu"),
    "Xavier": nn.init.xavier_uniform_,
    "orthogonal": nn.init.orthogonal_,
}


@pytest.mark.parametrize("how", SICK)
def test_weights_that_no_recipe_gives(how: str) -> None:
    assert alarms(train(with_weights(SICK[how]), blobs()))[0].fault == "wrong-initialization"


@pytest.mark.parametrize("how", HEALTHY)
def test_the_known_recipes(how: str) -> None:
    assert names(train(with_weights(HEALTHY[how]), blobs())) == []


def test_a_last_layer_and_the_ends_of_residual_branches_may_be_zero() -> None:
    class Residual(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.first, self.last = nn.Linear(4, 32), nn.Linear(32, 1)
            self.up = nn.ModuleList(nn.Linear(32, 32) for _ in range(3))
            self.down = nn.ModuleList(nn.Linear(32, 32) for _ in range(3))
            for layer in (*self.down, self.last):
                nn.init.zeros_(layer.weight)

        def forward(self, x: Tensor) -> Tensor:
            x = self.first(x)
            for up, down in zip(self.up, self.down, strict=True):
                x = x + down(F.relu(up(x)))
            return self.last(x)

    torch.manual_seed(0)
    assert names(train(Residual(), waves(), loss=F.mse_loss, epochs=30)) == []


@pytest.mark.parametrize("start", [0.0, 1 / 4])
def test_equal_weights_that_the_loss_tells_apart(start: float) -> None:
    class Sum(nn.Module):
        """As DLinear: both layers make the outputs, and the first starts as zeros or a mean."""

        def __init__(self) -> None:
            super().__init__()
            self.trend, self.season = nn.Linear(4, 3), nn.Linear(4, 3)
            nn.init.constant_(self.trend.weight, start)

        def forward(self, x: Tensor) -> Tensor:
            return self.trend(x) + self.season(x)

    torch.manual_seed(0)
    x = torch.randn(256, 4)
    y = x @ torch.randn(4, 3)
    data = (x[:192], y[:192], x[192:], y[192:])
    assert "wrong-initialization" not in names(train(Sum(), data, loss=F.mse_loss))


OWN = """
import torch
from torch import nn
from torch.nn import functional as F
torch.manual_seed(0)
y = torch.randint(0, 3, (600,))
x = torch.randn(3, 40)[y] + torch.randn(600, 40)
class Dense(nn.Module):
    def __init__(self, a, b):
        super().__init__()
        self.w = nn.Parameter(torch.randn(a, b){})
    def forward(self, x):
        return x @ self.w
net = nn.Sequential(Dense(40, 64), nn.Tanh(), Dense(64, 64), nn.Tanh(), Dense(64, 3))
opt = torch.optim.SGD(net.parameters(), lr=0.01)
for epoch in range(2):
    for rows in torch.randperm(600).split(30):
        loss = F.cross_entropy(net(x[rows]), y[rows])
        opt.zero_grad()
        loss.backward()
        opt.step()
"""


def test_layers_of_the_users_own_that_begin_too_large(tmp_path: Path) -> None:
    assert of_script(OWN.format(""), tmp_path)[0] == "wrong-initialization"
    assert "wrong-initialization" not in of_script(OWN.format(" / a**0.5"), tmp_path)
