"""What every net must show: built from JSON arguments, all of it learns, it can learn one batch."""

import json
from collections.abc import Callable, Mapping
from typing import Any

import pytest
import torch
from torch import Tensor, nn
from torch.nn import functional as F

from netwright import catalogue

Loss = Callable[[Tensor, Tensor], Tensor]


class Check:
    """The shared checks of a net."""

    def build(self, name: str, arguments: Mapping[str, Any], *, seed: int = 0) -> nn.Module:
        """Build a net through the catalogue from arguments that went through JSON."""
        torch.manual_seed(seed)
        return catalogue.build(
            "netwright.nets", name, json.loads(json.dumps(dict(arguments))), what="net"
        )

    def gradient_reaches_every_parameter(self, net: nn.Module, inputs: tuple[Tensor, ...]) -> None:
        """Fail with the names of parameters that no output depends on."""
        net.train()
        outputs = net(*inputs)
        weights = torch.randn(outputs.shape, generator=torch.Generator().manual_seed(0))
        (outputs * weights).sum().backward()
        without = [
            name
            for name, p in net.named_parameters()
            if p.grad is None or not bool(torch.isfinite(p.grad).all()) or not bool(p.grad.any())
        ]
        assert not without

    def overfits(
        self,
        net: nn.Module,
        inputs: tuple[Tensor, ...],
        targets: Tensor,
        *,
        lr: float = 3e-3,
        steps: int = 150,
        loss: Loss = F.cross_entropy,
        below: float = 0.05,
    ) -> None:
        """Fail unless the loss on one batch falls below `below`."""
        net.train()
        optimizer = torch.optim.Adam(net.parameters(), lr=lr)
        value = torch.tensor(float("inf"))
        for _ in range(steps):
            value = loss(net(*inputs), targets)
            optimizer.zero_grad()
            value.backward()
            optimizer.step()
            if value < below / 2:
                return
        assert value < below


@pytest.fixture
def check() -> Check:
    return Check()


@pytest.fixture
def rng() -> torch.Generator:
    return torch.Generator().manual_seed(0)
