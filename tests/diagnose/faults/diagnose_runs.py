"""Small plain PyTorch trainings under a Probe, to be made sick, and their healthy twins."""

from collections.abc import Callable
from itertools import pairwise

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional as F

from netwright.diagnose.diagnose import diagnose
from netwright.diagnose.finding import Finding
from netwright.watch.probe import Probe
from netwright.watch.trace import Trace

Loss = Callable[[Tensor, Tensor], Tensor]
Data = tuple[Tensor, Tensor, Tensor, Tensor]


def blobs(rows: int = 600, *, features: int = 8, classes: int = 3, seed: int = 0) -> Data:
    """Overlapping clusters: x, y for training, then for validation."""
    generator = torch.Generator().manual_seed(seed)
    centres = torch.randn(classes, features, generator=generator) * 1.5
    y = torch.randint(0, classes, (rows,), generator=generator)
    x = centres[y] + torch.randn(rows, features, generator=generator)
    cut = rows * 2 // 3
    return x[:cut], y[:cut], x[cut:], y[cut:]


def waves(rows: int = 600, *, seed: int = 0) -> Data:
    """A smooth regression with a little noise, standardised."""
    generator = torch.Generator().manual_seed(seed)
    x = torch.rand(rows, 4, generator=generator) * 4 - 2
    y = torch.sin(2 * x[:, :1]) + x[:, 1:2] * x[:, 2:3] * 0.5
    y = (y - y.mean()) / y.std() + 0.1 * torch.randn(rows, 1, generator=generator)
    cut = rows * 2 // 3
    return x[:cut], y[:cut], x[cut:], y[cut:]


def mlp(
    inputs: int, outputs: int, *, width: int = 32, depth: int = 2, act: type[nn.Module] = nn.ReLU
) -> nn.Sequential:
    sizes = [inputs] + [width] * depth
    layers: list[nn.Module] = []
    for a, b in pairwise(sizes):
        layers += [nn.Linear(a, b), act()]
    return nn.Sequential(*layers, nn.Linear(width, outputs))


def train(
    net: nn.Module,
    data: Data,
    *,
    loss: Loss = F.cross_entropy,
    optimizer: torch.optim.Optimizer | None = None,
    lr: float = 3e-3,
    epochs: int = 20,
    batch: int = 32,
    every: int = 10,
    seed: int = 0,
    clip: float | None = None,
) -> Trace:
    """Train as anyone would, with a validation loss per epoch; return the trace."""
    generator = torch.Generator().manual_seed(seed)
    x, y, x_validation, y_validation = data
    optimizer = optimizer or torch.optim.Adam(net.parameters(), lr=lr)
    with Probe(net, optimizer, every=every) as probe:
        for _ in range(epochs):
            net.train()
            total = 0.0
            for rows in torch.randperm(len(x), generator=generator).split(batch):
                optimizer.zero_grad()
                value = loss(net(x[rows]), y[rows])
                value.backward()
                if clip is not None:
                    nn.utils.clip_grad_norm_(net.parameters(), clip)
                optimizer.step()
                total += float(value.detach()) * len(rows)
            net.eval()
            with torch.no_grad():
                probe.record("loss.validation", float(loss(net(x_validation), y_validation)))
            probe.record("loss.train", total / len(x))
    return probe.trace


def names(trace: Trace) -> list[str]:
    """The faults found, notes left out, best explanation first."""
    return [f.fault for f in alarms(trace)]


def alarms(trace: Trace) -> list[Finding]:
    return [f for f in diagnose(trace) if f.severity != "info"]


def curve(trace: Trace, signal: str, values: "np.ndarray | list[float]", place: str = "") -> Trace:
    """Write a series of one's own into a trace."""
    for step, value in enumerate(values):
        trace.record(signal, place, step, float(value))
    return trace
