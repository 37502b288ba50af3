"""Residual net for images: y = x + f(x) in every block, so that depth costs nothing it cannot undo.

basic block: conv - norm - act - conv - norm, added to the shortcut, then act (He et al. 2016,
arXiv:1512.03385). pre-activation block: norm - act - conv - norm - act - conv, added to the
shortcut (He et al. 2016, arXiv:1603.05027).

Different from the papers: where a block halves the picture, the shortcut averages before its 1x1
convolution ("D" of He et al. 2019, arXiv:1812.01187); the last norm of each branch starts at zero
(Goyal et al. 2017, arXiv:1706.02677), so the net starts shallow; an optional squeeze-and-excitation
gate (Hu et al. 2018, arXiv:1709.01507).
"""

from collections.abc import Sequence

import torch
from torch import Tensor, nn

from netwright.nets._layers import (
    Dropout,
    activation_layer,
    channel_norm,
    choice,
    output_layer,
    positive,
)

__all__ = ["ResNet"]

# Pictures up to this many pixels a side lose too much in a stem that quarters them (CIFAR nets do
# without).
SMALL_PICTURE = 64


class ResNet(nn.Module):
    """(batch, in_channels, height, width) -> (batch, outputs).

    channels: of each stage; each stage after the first halves the picture. blocks: residual blocks
    of every stage, or a list with one number a stage. stem: "small" is one 3x3 convolution, "large"
    quarters the picture first, "auto" takes "large" above 64 pixels. dropout: before the outputs.
    """

    def __init__(
        self,
        *,
        in_channels: int,
        height: int,
        width: int,
        outputs: int,
        channels: Sequence[int] = (32, 64, 128),
        blocks: int | Sequence[int] = 1,
        stem: str = "auto",
        pre_activation: bool = False,
        squeeze: bool = False,
        activation: str = "relu",
        norm: str = "batch",
        dropout: float = 0.0,
    ) -> None:
        super().__init__()
        positive(in_channels=in_channels, outputs=outputs, stages=len(channels))
        counts = [blocks] * len(channels) if isinstance(blocks, int) else list(blocks)
        if len(counts) != len(channels) or min(counts) < 1:
            raise ValueError(
                f"blocks is {blocks} for {len(channels)} stages; expected one number of at least 1 "
                "a stage. Give a list as long as channels, or one number for all."
            )
        choice("stem", stem, ("auto", "small", "large"))
        if stem == "auto":
            stem = "large" if min(height, width) > SMALL_PICTURE else "small"
        smallest = 2 ** (len(channels) - 1) * (4 if stem == "large" else 1)
        if min(height, width) < smallest:
            raise ValueError(
                f"Pictures of {height}x{width} are too small for {len(channels)} stages with a "
                f"{stem} stem; expected at least {smallest}x{smallest}. "
                "Give a shorter list of channels."
            )

        start = 7 if stem == "large" else 3
        layers: list[nn.Module] = [
            _conv(in_channels, channels[0], start, norm=norm, stride=2 if stem == "large" else 1)
        ]
        if not pre_activation:
            layers += _norm_act(norm, activation, channels[0])
        if stem == "large":
            layers.append(nn.MaxPool2d(3, stride=2, padding=1))
        features = channels[0]
        for stage, (size, count) in enumerate(zip(channels, counts, strict=True)):
            for i in range(count):
                layers.append(
                    ResidualBlock(
                        features,
                        size,
                        stride=2 if stage > 0 and i == 0 else 1,
                        pre_activation=pre_activation,
                        squeeze=squeeze,
                        activation=activation,
                        norm=norm,
                    )
                )
                features = size
        if pre_activation:
            layers += _norm_act(norm, activation, features)
        layers += [nn.AdaptiveAvgPool2d(1), nn.Flatten()]
        if dropout > 0:
            layers.append(Dropout(dropout))
        self.layers = nn.Sequential(*layers, output_layer(features, outputs))
        # Weights laid out channels-last: convolutions then run about 1.4 times as fast on CPU.
        self.to(memory_format=torch.channels_last)  # type: ignore[call-overload]  # not in the stub

    def forward(self, images: Tensor) -> Tensor:
        return self.layers(images)


class ResidualBlock(nn.Module):
    """(batch, in_channels, height, width) -> (batch, channels, height / stride, width / stride)."""

    def __init__(
        self,
        in_channels: int,
        channels: int,
        *,
        stride: int,
        pre_activation: bool,
        squeeze: bool,
        activation: str,
        norm: str,
    ) -> None:
        super().__init__()
        first = _conv(in_channels, channels, 3, norm=norm, stride=stride)
        second = _conv(channels, channels, 3, norm=norm)
        if pre_activation:
            branch = [
                *_norm_act(norm, activation, in_channels), first,
                *_norm_act(norm, activation, channels), second,
            ]  # fmt: skip
        else:
            branch = [first, *_norm_act(norm, activation, channels), second]
            if norm != "none":
                branch.append(channel_norm(norm, channels, dims=2))
        last = branch[-1]
        # A purpose-built start, marked so that initialisation leaves it: the branch begins as
        # nothing.
        for p in last.parameters():
            nn.init.zeros_(p)
        last.own_init = True  # type: ignore[assignment]  # a mark on the module, no sub-module
        if squeeze:
            branch.append(Squeeze(channels, activation=activation))
        self.branch = nn.Sequential(*branch)

        shortcut: list[nn.Module] = []
        if stride > 1:
            shortcut.append(nn.AvgPool2d(stride, ceil_mode=True, count_include_pad=False))
        if in_channels != channels:
            shortcut.append(nn.Conv2d(in_channels, channels, 1, bias=norm == "none"))
            if norm != "none" and not pre_activation:
                shortcut.append(channel_norm(norm, channels, dims=2))
        self.shortcut = nn.Sequential(*shortcut)
        self.activation = nn.Identity() if pre_activation else activation_layer(activation)

    def forward(self, x: Tensor) -> Tensor:
        return self.activation(self.shortcut(x) + self.branch(x))


class Squeeze(nn.Module):
    """(batch, channels, height, width) -> the same: channels times gates read from their means."""

    def __init__(self, channels: int, *, activation: str, reduction: int = 8) -> None:
        super().__init__()
        hidden = max(channels // reduction, 4)
        self.gate = nn.Sequential(
            nn.Linear(channels, hidden), activation_layer(activation), nn.Linear(hidden, channels)
        )

    def forward(self, x: Tensor) -> Tensor:
        gate = torch.sigmoid(self.gate(x.mean((2, 3))))
        return x * gate[:, :, None, None]


def _conv(
    in_channels: int, channels: int, kernel_size: int, *, norm: str, stride: int = 1
) -> nn.Conv2d:
    # A norm after it takes the mean away again, so a bias would do nothing.
    return nn.Conv2d(
        in_channels,
        channels,
        kernel_size,
        stride=stride,
        padding=kernel_size // 2,
        bias=norm == "none",
    )


def _norm_act(norm: str, activation: str, channels: int) -> list[nn.Module]:
    layers = [] if norm == "none" else [channel_norm(norm, channels, dims=2)]
    return [*layers, activation_layer(activation)]
