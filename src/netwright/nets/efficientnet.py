"""EfficientNet: cheap convolutions, places and channels mixed apart; scaled in three ways at once.

MBConv block: 1x1 conv (expand) - depthwise conv - squeeze-and-excitation - 1x1 conv (project),
norms and activations between, added to its input where shapes agree. Compound scaling: depth 1.2^p,
width 1.1^p and pixels a side 1.15^p for about 2^p times the work.

Tan and Le 2019, arXiv:1905.11946; MBConv of Sandler et al. 2018, arXiv:1801.04381; gates of Hu et
al. 2018, arXiv:1709.01507; whole branches dropped as in Huang et al. 2016, arXiv:1603.09382.
Different from the paper: pictures too small to be halved five times skip the first halvings, so
that at least 4 pixels a side are left.
"""

import math
from collections.abc import Sequence

import torch
from torch import Tensor, nn

from netwright.nets._layers import (
    Dropout,
    activation_layer,
    channel_norm,
    output_layer,
    positive,
)
from netwright.nets.resnet import Squeeze

__all__ = ["EfficientNet", "compound_scaling"]

# The paper's B0, found by search: expansion, kernel size, stride, channels, blocks of each stage.
B0 = (
    (1, 3, 1, 16, 1), (6, 3, 2, 24, 2), (6, 5, 2, 40, 2), (6, 3, 2, 80, 3), (6, 5, 1, 112, 3),
    (6, 5, 2, 192, 4), (6, 3, 1, 320, 1),
)  # fmt: skip
STEM = 32  # channels of the first convolution
LEFT = 4  # pixels a side that are not halved again


class EfficientNet(nn.Module):
    """(batch, in_channels, height, width) -> (batch, outputs).

    stages: expansion, kernel size, stride, channels and blocks of each. width_factor, depth_factor:
    by which channels and blocks are multiplied (`compound_scaling` gives both). dropout: before the
    outputs. drop_path: share of rows for which the last block's branch is left out in training,
    less in blocks before it.
    """

    def __init__(
        self,
        *,
        in_channels: int,
        height: int,
        width: int,
        outputs: int,
        width_factor: float = 1.0,
        depth_factor: float = 1.0,
        stages: Sequence[Sequence[int]] = B0,
        activation: str = "silu",
        norm: str = "batch",
        dropout: float = 0.0,
        drop_path: float = 0.0,
    ) -> None:
        super().__init__()
        positive(
            in_channels=in_channels, height=height, width=width, outputs=outputs, stages=len(stages)
        )
        for i, stage in enumerate(stages):
            if len(stage) != 5 or min(stage) < 1:
                raise ValueError(
                    f"stages[{i}] is {list(stage)}; expected five numbers of at least 1: "
                    "expansion, kernel size, stride, channels, blocks."
                )
        strides = _strides([2, *(stage[2] for stage in stages)], min(height, width))
        counts = [math.ceil(stage[4] * depth_factor) for stage in stages]
        features = _rounded(STEM * width_factor)
        layers = _conv(
            in_channels, features, 3, stride=strides[0], norm=norm, activation=activation
        )
        done = 0
        for stage, count, stride in zip(stages, counts, strides[1:], strict=True):
            expansion, kernel_size, _, channels, _ = stage
            channels = _rounded(channels * width_factor)
            for i in range(count):
                layers.append(
                    MBConv(
                        features,
                        channels,
                        expansion=expansion,
                        kernel_size=kernel_size,
                        stride=stride if i == 0 else 1,
                        activation=activation,
                        norm=norm,
                        drop_path=drop_path * done / max(sum(counts) - 1, 1),
                    )
                )
                features, done = channels, done + 1
        layers += _conv(features, 4 * features, 1, norm=norm, activation=activation)
        layers += [nn.AdaptiveAvgPool2d(1), nn.Flatten(), Dropout(dropout)]
        self.layers = nn.Sequential(*layers, output_layer(4 * features, outputs))
        # Weights laid out channels-last: convolutions then run about 1.4 times as fast on CPU.
        self.to(memory_format=torch.channels_last)  # type: ignore[call-overload]  # not in the stub

    def forward(self, images: Tensor) -> Tensor:
        return self.layers(images)


class MBConv(nn.Module):
    """(batch, in_channels, height, width) -> (batch, channels, height / stride, width / stride)."""

    def __init__(
        self,
        in_channels: int,
        channels: int,
        *,
        expansion: int,
        kernel_size: int,
        stride: int = 1,
        activation: str = "silu",
        norm: str = "batch",
        drop_path: float = 0.0,
    ) -> None:
        super().__init__()
        wide = in_channels * expansion
        layers: list[nn.Module] = []
        if expansion > 1:
            layers += _conv(in_channels, wide, 1, norm=norm, activation=activation)
        layers += _conv(
            wide, wide, kernel_size, stride=stride, groups=wide, norm=norm, activation=activation
        )
        layers.append(Squeeze(wide, hidden=max(in_channels // 4, 1), activation=activation))
        self.branch = nn.Sequential(*layers, *_conv(wide, channels, 1, norm=norm))
        self.adds = stride == 1 and in_channels == channels
        self.drop_path = Dropout(drop_path)

    def forward(self, x: Tensor) -> Tensor:
        y = self.branch(x)
        return x + y * self.drop_path(y.new_ones(len(y), 1, 1, 1)) if self.adds else y


def compound_scaling(factor: float) -> tuple[float, float, float]:
    """Return by what to multiply depth, width and the pixels of a side for 2^factor times the work.

    B1 is about factor 0.5 or 1, B7 about 6.
    """
    return 1.2**factor, 1.1**factor, 1.15**factor


def _strides(strides: Sequence[int], side: int) -> list[int]:
    """Drop the first halvings of pictures that are too small for all of them."""
    missing = sum(s > 1 for s in strides) - max(int(math.log2(max(side / LEFT, 1))), 0)
    kept = []
    for stride in strides:
        kept.append(1 if stride > 1 and missing > 0 else stride)
        missing -= stride > 1
    return kept


def _rounded(channels: float) -> int:
    """Return the nearest multiple of 8 that is no less than 0.9 times as many."""
    near = max(8, int(channels + 4) // 8 * 8)
    return near if near >= 0.9 * channels else near + 8


def _conv(
    in_channels: int,
    channels: int,
    kernel_size: int,
    *,
    norm: str,
    activation: str = "",
    stride: int = 1,
    groups: int = 1,
) -> list[nn.Module]:
    # A norm after it takes the mean away again, so a bias would do nothing.
    layers: list[nn.Module] = [
        nn.Conv2d(
            in_channels,
            channels,
            kernel_size,
            stride=stride,
            padding=kernel_size // 2,
            groups=groups,
            bias=norm == "none",
        )
    ]
    if norm != "none":
        layers.append(channel_norm(norm, channels, dims=2))
    return [*layers, activation_layer(activation, axis=1)] if activation else layers
