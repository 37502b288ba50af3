"""Convolutional net for images: blocks of 3x3 convolutions and a max pool, then a small classifier.

block: [conv - norm - activation] x convs - max pool.  head: flatten or average - linear -
activation - linear.

LeCun et al. 1998 with the 3x3 blocks of VGG (Simonyan and Zisserman 2015, arXiv:1409.1556).
Different from VGG: a monotone activation comes after the pool, where it gives exactly the same
numbers at a quarter of the cost.
"""

from collections.abc import Sequence

import torch
from torch import Tensor, nn

from netwright.nets._layers import (
    MONOTONE,
    Dropout,
    activation_layer,
    channel_norm,
    choice,
    output_layer,
    positive,
)

__all__ = ["CNN"]


class CNN(nn.Module):
    """(batch, in_channels, height, width) -> (batch, outputs).

    height, width: of the pictures. channels: of each block's convolutions, so its length is the
    number of blocks. convs: convolutions of every block, or a list with one number a block. pool:
    how the last block's maps are read, "flatten" (keeps places) or "mean" (any place, fewer
    weights). hidden: units of the layer before the outputs, 0 for none.
    """

    def __init__(
        self,
        *,
        in_channels: int,
        height: int,
        width: int,
        outputs: int,
        channels: Sequence[int] = (32, 64, 128),
        convs: int | Sequence[int] = 1,
        hidden: int = 128,
        pool: str = "flatten",
        activation: str = "relu",
        norm: str = "none",
        dropout: float = 0.0,
    ) -> None:
        super().__init__()
        positive(in_channels=in_channels, outputs=outputs, blocks=len(channels))
        counts = [convs] * len(channels) if isinstance(convs, int) else list(convs)
        if len(counts) != len(channels) or min(counts) < 1:
            raise ValueError(
                f"convs is {convs} for {len(channels)} blocks; expected one number of at least 1 a "
                "block. Give a list as long as channels, or one number for all."
            )
        choice("pool", pool, ("flatten", "mean"))
        shrink = 2 ** len(channels)
        if height < shrink or width < shrink:
            raise ValueError(
                f"Pictures of {height}x{width} cannot be halved {len(channels)} times, once a "
                "block. Give larger pictures or a shorter list of channels."
            )
        layers: list[nn.Module] = []
        features = in_channels
        for size, count in zip(channels, counts, strict=True):
            for i in range(count):
                # A norm takes the mean away again, so a bias before it would do nothing.
                layers.append(nn.Conv2d(features, size, 3, padding=1, bias=norm == "none"))
                if norm != "none":
                    layers.append(channel_norm(norm, size, dims=2))
                last = [activation_layer(activation, axis=1)]
                if i == count - 1:
                    last.insert(0 if activation in MONOTONE else 1, nn.MaxPool2d(2))
                layers += last
                features = size
        if pool == "mean":
            layers += [nn.AdaptiveAvgPool2d(1), nn.Flatten()]
        else:
            layers.append(nn.Flatten())
            features *= (height // shrink) * (width // shrink)
        if dropout > 0:
            layers.append(Dropout(dropout))
        if hidden > 0:
            layers += [nn.Linear(features, hidden), activation_layer(activation)]
            if dropout > 0:
                layers.append(Dropout(dropout))
            features = hidden
        self.layers = nn.Sequential(*layers, output_layer(features, outputs))
        # Weights laid out channels-last: measured 1.4 times the default's speed on CPU.
        self.to(memory_format=torch.channels_last)  # type: ignore[call-overload]  # missing in the stub

    def forward(self, images: Tensor) -> Tensor:
        return self.layers(images)
