"""Ordinary runs of ordinary nets: not one alarm."""

from collections.abc import Callable

import pytest
import torch
from diagnose_runs import Data, Loss, blobs, mlp, train, waves
from torch import Tensor, nn
from torch.nn import functional as F

from netwright.diagnose.diagnose import diagnose
from netwright.diagnose.finding import verdict


class Series(nn.Module):
    """(batch, features) read as a series of length `features`."""

    def __init__(self, cell: type[nn.LSTM | nn.GRU]) -> None:
        super().__init__()
        self.cell, self.out = cell(1, 24, batch_first=True), nn.Linear(24, 3)

    def forward(self, x: Tensor) -> Tensor:
        return self.out(self.cell(x[..., None])[0][:, -1])


class Attention(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.up, self.out = nn.Linear(1, 16), nn.Linear(16, 3)
        self.where = nn.Parameter(torch.randn(8, 16) * 0.1)
        self.layer = nn.TransformerEncoderLayer(16, 2, 32, dropout=0.1, batch_first=True)

    def forward(self, x: Tensor) -> Tensor:
        return self.out(self.layer(self.up(x[..., None]) + self.where).mean(1))


def stack(*between: Callable[[], nn.Module], outputs: int = 3, inputs: int = 8) -> nn.Module:
    layers: list[nn.Module] = []
    for size in (inputs, 32):
        layers += [nn.Linear(size, 32), *(make() for make in between)]
    return nn.Sequential(*layers, nn.Linear(32, outputs))


def convolutions() -> nn.Module:
    return nn.Sequential(
        nn.Unflatten(1, (1, 8)), nn.Conv1d(1, 16, 3, padding=1), nn.BatchNorm1d(16),
        nn.ReLU(inplace=True), nn.MaxPool1d(2), nn.Flatten(), nn.Linear(64, 3),
    )  # fmt: skip


CLASSES: dict[str, Callable[[], nn.Module]] = {
    "relu": lambda: mlp(8, 3),
    "tanh": lambda: mlp(8, 3, act=nn.Tanh),
    "one sigmoid layer": lambda: mlp(8, 3, depth=1, act=nn.Sigmoid),
    "batch norm": lambda: stack(lambda: nn.BatchNorm1d(32), nn.ReLU),
    "layer norm": lambda: stack(lambda: nn.LayerNorm(32), nn.GELU),
    "dropout": lambda: stack(nn.ReLU, lambda: nn.Dropout(0.5)),
    "convolution": convolutions,
    "lstm": lambda: Series(nn.LSTM),
    "gru": lambda: Series(nn.GRU),
    "attention": Attention,
}
OPTIMIZERS: dict[str, Callable[[nn.Module], torch.optim.Optimizer]] = {
    "sgd": lambda net: torch.optim.SGD(net.parameters(), lr=0.05),
    "momentum": lambda net: torch.optim.SGD(net.parameters(), lr=0.02, momentum=0.9),
    "adam": lambda net: torch.optim.Adam(net.parameters(), lr=3e-3),
    "adamw": lambda net: torch.optim.AdamW(net.parameters(), lr=3e-3, weight_decay=0.05),
    "rmsprop": lambda net: torch.optim.RMSprop(net.parameters(), lr=1e-3),
    "adagrad": lambda net: torch.optim.Adagrad(net.parameters(), lr=2e-2),
}


def healthy(
    net: nn.Module,
    data: Data,
    optimizer: torch.optim.Optimizer,
    *,
    loss: Loss = F.cross_entropy,
    epochs: int = 8,
) -> None:
    findings = diagnose(train(net, data, loss=loss, optimizer=optimizer, epochs=epochs))
    # A short run may well stop early; this test is about the alarms that would be false.
    alarms = [f for f in findings if f.fault != "undertrained"]
    assert verdict(alarms) == "healthy", [str(f) for f in alarms]


@pytest.mark.parametrize("net", CLASSES)
def test_nets(net: str) -> None:
    torch.manual_seed(0)
    module = CLASSES[net]()
    healthy(module, blobs(450), OPTIMIZERS["adam"](module))


@pytest.mark.parametrize("optimizer", OPTIMIZERS)
def test_optimizers(optimizer: str) -> None:
    torch.manual_seed(1)
    net = mlp(8, 3)
    healthy(net, blobs(450), OPTIMIZERS[optimizer](net), epochs=10)


@pytest.mark.parametrize("loss", [F.mse_loss, F.l1_loss, F.smooth_l1_loss, nn.MSELoss()])
def test_regression(loss: Loss) -> None:
    torch.manual_seed(2)
    net = mlp(4, 1)
    healthy(net, waves(450), torch.optim.Adam(net.parameters(), lr=3e-3), loss=loss, epochs=25)


def test_targets_that_nothing_predicts() -> None:
    torch.manual_seed(3)
    x, y, x_validation, y_validation = blobs(450)
    shuffled = (x, y[torch.randperm(len(y))], x_validation, y_validation)
    net = mlp(8, 3, width=8, depth=1)
    healthy(net, shuffled, torch.optim.Adam(net.parameters(), lr=1e-3))
