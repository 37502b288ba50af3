from collections.abc import Callable
from pathlib import Path

import pytest
import torch
from diagnose_runs import alarms, blobs, mlp, names, train, waves
from torch import Tensor, nn
from torch.nn import functional as F
from watched_scripts import alarms as of_script

from netwright.diagnose.diagnose import diagnose
from netwright.diagnose.symptoms import started_flat
from netwright.watch.trace import Trace


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


@pytest.mark.parametrize("where", [(1,), (2, 4), (0,), (1, 2)])
def test_small_weights_that_a_signal_must_pass(where: tuple[int, ...]) -> None:
    """As at the ends of residual branches single ones of a sixth of the spread are a known start,
    two in a row are not, nor are tiny ones."""
    trace = Trace()
    for at in range(6):
        trace.record("order", str(at), 0, at)
        trace.record("type:Linear", str(at), 0, 1)
        for signal, value in {"init.off": 7.0 if at in where else 1.0, "init.high": 0.0,
                              "init.std": 0.01, "weight.norm": 1.0}.items():  # fmt: skip
            trace.record(signal, f"{at}.weight", 0, value)
    for step in range(100):  # the first quarter goes by in vain
        trace.record("loss", "", step, 2.0 if step < 25 else 2.0 * 0.95 ** (step - 25))
    chained = where in [(0,), (1, 2)]
    assert ("wrong-initialization" in {f.fault for f in diagnose(trace)}) == chained


def test_first_steps_that_are_watched_closely_are_not_the_first_part_of_a_run() -> None:
    trace = Trace()
    for step in (0, 1, 4, 16, *range(100, 2000, 100)):
        trace.record("loss", "", step, 2.0 * 0.9 ** (step / 100))
    assert not started_flat(trace)


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
