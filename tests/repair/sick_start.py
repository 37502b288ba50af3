"""A sick start under the name of a scheme: what a plan cannot ask for, and a script easily does."""

from collections.abc import Callable

import torch
from torch import nn

from netwright.train import building
from netwright.train.init import initialise_

SICK = "constant"  # the scheme whose weights are made sick


def sick_start(std: float | None = None, bias: float | None = None) -> Callable[..., str]:
    """Return what stands in for `building.initialise_`: under the scheme SICK all weights have the
    standard deviation `std`, or hidden biases are `bias`; every other scheme is as ever."""

    def initialise(net: nn.Module, scheme: str, *, activation: str, rng_seed: int) -> str:
        if scheme != SICK:
            return initialise_(net, scheme, activation=activation, rng_seed=rng_seed)
        initialise_(net, "auto", activation=activation, rng_seed=rng_seed)
        rng = torch.Generator().manual_seed(rng_seed)
        layers = [m for m in net.modules() if isinstance(m, nn.Linear | nn.Conv1d | nn.Conv2d)]
        with torch.no_grad():
            for layer in layers:
                if std is not None:
                    layer.weight.normal_(0, std, generator=rng)
                if bias is not None and layer is not layers[-1] and layer.bias is not None:
                    layer.bias.fill_(bias)
        return f"sick: std {std}, bias {bias}"

    return initialise


def patched(std: float | None = None, bias: float | None = None) -> tuple[object, str, object]:
    """Return the arguments of monkeypatch.setattr."""
    return building, "initialise_", sick_start(std, bias)
