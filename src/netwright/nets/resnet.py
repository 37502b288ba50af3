"""Residual net for images: y = x + f(x) in every block, so that depth costs nothing it cannot undo.

basic block: 3x3 conv - norm - act - 3x3 conv - norm, added to the shortcut, then act. bottleneck:
1x1, 3x3 and 1x1 convolutions in their place, the last four times as wide (He et al. 2016,
arXiv:1512.03385). pre-activation: norm - act - conv each time, added to the shortcut (He et al.
2016, arXiv:1603.05027).

Different from the papers: where a block halves the picture, the shortcut averages before its 1x1
convolution ("D" of He et al. 2019, arXiv:1812.01187) and the 3x3 convolution of a bottleneck has
the stride ("B" there); the last norm of each branch starts at zero (Goyal et al. 2017,
arXiv:1706.02677), so the net starts shallow; an optional squeeze-and-excitation gate (Hu et al.
2018, arXiv:1709.01507).

Weights have torchvision's names. Its ResNet-18 is channels [64, 128, 256, 512], blocks 2, stem
"large", shortcut "strided"; its ResNet-50 the same with blocks [3, 4, 6, 3], block "bottleneck".
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

# Kernel size and width of a block's convolutions, in multiples of the stage's channels.
BLOCKS = {"basic": ((3, 1), (3, 1)), "bottleneck": ((1, 1), (3, 1), (1, 4))}


class ResNet(nn.Module):
    """(batch, in_channels, height, width) -> (batch, outputs).

    channels: of each stage (a bottleneck gives four times as many); each stage after the first
    halves the picture. blocks: residual blocks of every stage, or a list with one number a stage.
    block: "basic" or "bottleneck". stem: "small" is one 3x3 convolution, "large" quarters the
    picture first, "auto" takes "large" above 64 pixels. shortcut: how it halves the picture,
    "average" or "strided" (its convolution skips pixels). dropout: before the outputs.
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
        block: str = "basic",
        stem: str = "auto",
        shortcut: str = "average",
        pre_activation: bool = False,
        squeeze: bool = False,
        activation: str = "relu",
        norm: str = "batch",
        dropout: float = 0.0,
    ) -> None:
        super().__init__()
        positive(in_channels=in_channels, outputs=outputs, stages=len(channels))
        choice("block", block, tuple(BLOCKS))
        choice("shortcut", shortcut, ("average", "strided"))
        choice("stem", stem, ("auto", "small", "large"))
        counts = [blocks] * len(channels) if isinstance(blocks, int) else list(blocks)
        if len(counts) != len(channels) or min(counts) < 1:
            raise ValueError(
                f"blocks is {blocks} for {len(channels)} stages; expected one number of at least 1 "
                "a stage. Give a list as long as channels, or one number for all."
            )
        large = stem == "large" or (stem == "auto" and min(height, width) > SMALL_PICTURE)
        smallest = 2 ** (len(channels) - 1) * (4 if large else 1)
        if min(height, width) < smallest:
            raise ValueError(
                f"Pictures of {height}x{width} are too small for {len(channels)} stages with a "
                f"{'large' if large else 'small'} stem; expected at least {smallest}x{smallest}. "
                "Give a shorter list of channels."
            )

        features = channels[0]
        self.conv1 = _conv(
            in_channels, features, 7 if large else 3, norm=norm, stride=2 if large else 1
        )
        # A net of pre-activation blocks norms at their end, not at their start.
        self.bn1 = nn.Identity() if pre_activation else channel_norm(norm, features, dims=2)
        self.act1 = nn.Identity() if pre_activation else activation_layer(activation, axis=1)
        self.maxpool = nn.MaxPool2d(3, stride=2, padding=1) if large else nn.Identity()
        self.stages = [f"layer{stage + 1}" for stage in range(len(channels))]
        for stage, (size, count) in enumerate(zip(channels, counts, strict=True)):
            layers: list[ResidualBlock] = []
            for i in range(count):
                layers.append(
                    ResidualBlock(
                        features,
                        size,
                        stride=2 if stage > 0 and i == 0 else 1,
                        block=block,
                        shortcut=shortcut,
                        pre_activation=pre_activation,
                        squeeze=squeeze,
                        activation=activation,
                        norm=norm,
                    )
                )
                features = layers[-1].out_channels
            self.add_module(self.stages[stage], nn.Sequential(*layers))
        self.last = (
            nn.Sequential(
                channel_norm(norm, features, dims=2), activation_layer(activation, axis=1)
            )
            if pre_activation
            else nn.Identity()
        )
        self.avgpool = nn.AdaptiveAvgPool2d(1)
        self.dropout = Dropout(dropout)
        self.fc = output_layer(features, outputs)
        # Weights laid out channels-last: convolutions then run about 1.4 times as fast on CPU.
        self.to(memory_format=torch.channels_last)  # type: ignore[call-overload]  # not in the stub

    def forward(self, images: Tensor) -> Tensor:
        x = self.maxpool(self.act1(self.bn1(self.conv1(images))))
        for stage in self.stages:
            x = self.get_submodule(stage)(x)
        return self.fc(self.dropout(self.avgpool(self.last(x)).flatten(1)))


class ResidualBlock(nn.Module):
    """(batch, in_channels, height, width) -> (batch, out_channels, height', width').

    Each side is divided by stride, rounded up. out_channels: `channels`, of a bottleneck four times
    as many.
    """

    def __init__(
        self,
        in_channels: int,
        channels: int,
        *,
        stride: int = 1,
        block: str = "basic",
        shortcut: str = "average",
        pre_activation: bool = False,
        squeeze: bool = False,
        activation: str = "relu",
        norm: str = "batch",
    ) -> None:
        super().__init__()
        self.pre_activation, self.depth = pre_activation, len(BLOCKS[block])
        features, last = in_channels, nn.Module()
        for i, (kernel_size, multiple) in enumerate(BLOCKS[block], 1):
            size = channels * multiple
            last = _conv(
                features, size, kernel_size, norm=norm, stride=stride if i == self.depth - 1 else 1
            )
            self.add_module(f"conv{i}", last)
            normed = channel_norm(norm, features if pre_activation else size, dims=2)
            if norm != "none" and not pre_activation:
                last = normed
            self.add_module(f"bn{i}", normed)
            self.add_module(f"act{i}", activation_layer(activation, axis=1))
            features = size
        # A purpose-built start, marked so that initialisation leaves it: the branch begins as
        # nothing.
        for p in last.parameters():
            nn.init.zeros_(p)
        last.own_init = True  # type: ignore[assignment]  # a mark on the module, no sub-module
        self.squeeze = (
            Squeeze(features, hidden=max(features // 8, 4), activation=activation)
            if squeeze
            else nn.Identity()
        )
        self.out_channels = features
        average = stride > 1 and shortcut == "average"
        self.pool = (
            nn.AvgPool2d(stride, ceil_mode=True, count_include_pad=False)
            if average
            else nn.Identity()
        )
        self.downsample = nn.Sequential()
        if in_channels != features or (stride > 1 and not average):
            self.downsample.append(
                _conv(in_channels, features, 1, norm=norm, stride=1 if average else stride)
            )
            if norm != "none" and not pre_activation:
                self.downsample.append(channel_norm(norm, features, dims=2))

    def forward(self, x: Tensor) -> Tensor:
        y = x
        for i in range(1, self.depth + 1):
            conv, norm, act = (self.get_submodule(f"{part}{i}") for part in ("conv", "bn", "act"))
            if self.pre_activation:
                y = conv(act(norm(y)))
            else:
                y = norm(conv(y))
                y = act(y) if i < self.depth else y
        y = self.downsample(self.pool(x)) + self.squeeze(y)
        return y if self.pre_activation else self.get_submodule(f"act{self.depth}")(y)


class Squeeze(nn.Module):
    """(batch, channels, height, width) -> the same: channels times gates read from their means."""

    def __init__(self, channels: int, *, hidden: int, activation: str) -> None:
        super().__init__()
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
