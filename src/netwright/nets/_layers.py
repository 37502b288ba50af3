"""Activations and normalisations by name: the pieces that most nets of the catalogue share."""

import difflib

import torch
from torch import Tensor, nn


class Step(nn.Module):
    """Any shape -> the same: 1 from 0 on, else 0. Its gradient is 0, so that nothing before it
    learns by descent.

    McCulloch and Pitts 1943.
    """

    def forward(self, x: Tensor) -> Tensor:
        # Made of functions that autograd knows to be flat, so that it answers 0 and not an error.
        return torch.floor(torch.sign(x) / 2 + 1)


ACTIVATIONS: dict[str, type[nn.Module]] = {
    "relu": nn.ReLU,
    "leaky-relu": nn.LeakyReLU,
    "prelu": nn.PReLU,
    "elu": nn.ELU,
    "selu": nn.SELU,
    "gelu": nn.GELU,
    "silu": nn.SiLU,
    "mish": nn.Mish,
    "tanh": nn.Tanh,
    "sigmoid": nn.Sigmoid,
    "softplus": nn.Softplus,
    "softmax": nn.Softmax,
    "step": Step,
}

# max(f(a), f(b)) = f(max(a, b)): these may follow a max pool and touch a quarter of the numbers.
MONOTONE = frozenset({"relu", "leaky-relu", "elu", "selu", "tanh", "sigmoid", "softplus", "step"})

NORMS = ("none", "batch", "layer", "group", "rms")


def choice(what: str, name: str, options: tuple[str, ...]) -> str:
    """Return `name` if it is one of `options`; else raise a ValueError with the nearest one."""
    if name in options:
        return name
    near = difflib.get_close_matches(name, options, n=1)
    hint = f"Did you mean {near[0]!r}?" if near else f"Expected one of: {', '.join(options)}."
    raise ValueError(f"{what} is {name!r}. {hint}")


def positive(**sizes: int) -> None:
    """Raise a ValueError that names the first of `sizes` that is not at least 1."""
    for name, size in sizes.items():
        if size < 1:
            raise ValueError(f"{name} is {size}; expected at least 1. Give a larger {name}.")


def activation_layer(name: str, *, axis: int = -1) -> nn.Module:
    """Return the activation called `name`. axis: of the units, which softmax makes sum to 1."""
    kind = ACTIVATIONS[choice("activation", name, tuple(ACTIVATIONS))]
    return nn.Softmax(axis) if kind is nn.Softmax else kind()


def norm_layer(name: str, features: int) -> nn.Module:
    """Return a normalisation over the last axis: (..., features) -> the same shape.

    "batch" normalises each feature over the batch and takes (batch, features) only.
    """
    match choice("norm", name, NORMS):
        case "batch":
            return nn.BatchNorm1d(features)
        case "layer":
            return nn.LayerNorm(features)
        case "group":
            return nn.GroupNorm(groups_of(features), features)
        case "rms":
            return nn.RMSNorm(features)
        case _:
            return nn.Identity()


def channel_norm(name: str, channels: int, *, dims: int) -> nn.Module:
    """Return a normalisation of (batch, channels, ...); `dims` axes follow the channels (1 to 3).

    "layer" normalises each row over channels and positions together (GroupNorm with one group), as
    is usual for convolutions.
    """
    match choice("norm", name, NORMS):
        case "batch":
            return {1: nn.BatchNorm1d, 2: nn.BatchNorm2d, 3: nn.BatchNorm3d}[dims](channels)
        case "layer":
            return nn.GroupNorm(1, channels)
        case "group":
            return nn.GroupNorm(groups_of(channels), channels)
        case "rms":
            return ChannelRMSNorm(channels)
        case _:
            return nn.Identity()


def groups_of(features: int) -> int:
    """Return the largest group count up to 32 (Wu and He 2018) with at least 4 features a group."""
    return max(g for g in range(1, 33) if features % g == 0 and (g == 1 or features // g >= 4))


class Dropout(nn.Dropout):
    """torch.nn.Dropout, whose masks are cheaper to draw on a CPU (see `dropout_bits`)."""

    def forward(self, x: Tensor) -> Tensor:
        if not self.training or self.p in (0.0, 1.0) or x.device.type != "cpu":
            return super().forward(x)
        keep = kept_of(self.p)
        bits = dropout_bits(x.numel())
        return x * (bits < keep - HALF).view(x.shape).to(x.dtype).mul_(2 * HALF / keep)


HALF = 32_768  # half of what 16 bits can say


def kept_of(share: float) -> int:
    """Return at how many among 65,536 equally likely numbers an entry is kept: neither at none
    nor at all."""
    return min(max(round((1 - share) * 2 * HALF), 1), 2 * HALF - 1)


def dropout_bits(count: int, generator: torch.Generator | None = None) -> Tensor:
    """Return `count` random int16, four of each 64-bit word that the CPU's generator gives.

    torch's own dropout draws a double for each entry, which takes ten times as long for large
    masks and most of the time of a small net's step.
    """
    words = torch.empty((count + 3) // 4, dtype=torch.int64)
    return words.random_(-(2**63), None, generator=generator).view(torch.int16)[:count]


class ChannelRMSNorm(nn.Module):
    """(batch, channels, ...) -> the same. y = weight * x / rms of x over channels."""

    def __init__(self, channels: int, *, eps: float = 1e-6) -> None:
        super().__init__()
        self.eps = eps
        self.weight = nn.Parameter(torch.ones(channels))

    def forward(self, x: Tensor) -> Tensor:
        scale = torch.rsqrt(x.square().mean(1, keepdim=True) + self.eps)
        return x * scale * self.weight.view(-1, *[1] * (x.ndim - 2))


def output_layer(in_features: int, out_features: int) -> nn.Linear:
    """Return the last linear layer. `feeds` tells initialisation that no activation follows it.

    PyTorch's own start keeps first logits near 0, so the first loss is near that of a uniform
    guess.
    """
    layer = nn.Linear(in_features, out_features)
    nn.init.zeros_(layer.bias)
    layer.feeds = "outputs"  # type: ignore[assignment]  # a mark on the module, no sub-module
    return layer
