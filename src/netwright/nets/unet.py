"""U-Net: a class for every pixel; the picture is read smaller and smaller, then drawn larger again.

down: [3x3 conv - norm - act] x 2, then a max pool.  up: 2x2 transposed conv, beside it the maps of
the same size from the way down (the skip), then [3x3 conv - norm - act] x 2.  outputs: 1x1 conv.

Ronneberger, Fischer and Brox 2015, arXiv:1505.04597. Different from the paper: convolutions are
padded and sizes that cannot be halved are rounded up and cut back, so that the answer is as large
as the picture, whatever its size; norms.
"""

from collections.abc import Sequence

import torch
from torch import Tensor, nn

from netwright.nets._layers import Dropout, activation_layer, channel_norm, choice, positive

__all__ = ["UNet"]


class UNet(nn.Module):
    """(batch, in_channels, height, width) -> (batch, outputs, height, width).

    height, width: of the pictures, as the data gives them; any size works. channels: of each level;
    each level after the first halves the picture. up: how it is doubled, "transposed" or
    "bilinear". dropout: at the lowest level.
    """

    answers = "maps"

    def __init__(
        self,
        *,
        in_channels: int,
        outputs: int,
        height: int = 0,
        width: int = 0,
        channels: Sequence[int] = (16, 32, 64, 128),
        up: str = "transposed",
        activation: str = "relu",
        norm: str = "batch",
        dropout: float = 0.0,
    ) -> None:
        super().__init__()
        positive(in_channels=in_channels, outputs=outputs, levels=len(channels))
        choice("up", up, ("transposed", "bilinear"))
        sizes = [in_channels, *channels]
        self.down = nn.ModuleList(
            _twice(a, b, norm=norm, activation=activation)
            for a, b in zip(sizes, channels, strict=False)
        )
        self.pool = nn.MaxPool2d(2, ceil_mode=True)
        self.dropout = Dropout(dropout)
        upwards = list(zip(channels[:0:-1], channels[-2::-1], strict=True))
        self.enlarge = nn.ModuleList(
            nn.ConvTranspose2d(low, high, 2, stride=2)
            if up == "transposed"
            else nn.Sequential(
                nn.Upsample(scale_factor=2, mode="bilinear"), nn.Conv2d(low, high, 1)
            )
            for low, high in upwards
        )
        self.up = nn.ModuleList(
            _twice(2 * high, high, norm=norm, activation=activation) for _, high in upwards
        )
        self.output = nn.Conv2d(channels[0], outputs, 1)
        self.output.feeds = "outputs"  # type: ignore[assignment]  # for init: no activation follows
        # Weights laid out channels-last: convolutions then run about 1.4 times as fast on CPU.
        self.to(memory_format=torch.channels_last)  # type: ignore[call-overload]  # not in the stub

    def forward(self, images: Tensor) -> Tensor:
        x, skips = images, []
        for level, block in enumerate(self.down):
            x = block(x if level == 0 else self.pool(x))
            skips.append(x)
        x = self.dropout(skips.pop())
        for enlarge, block in zip(self.enlarge, self.up, strict=True):
            skip = skips.pop()
            height, width = skip.shape[2:]
            x = block(torch.cat([skip, enlarge(x)[:, :, :height, :width]], 1))
        return self.output(x)


def _twice(in_channels: int, channels: int, *, norm: str, activation: str) -> nn.Sequential:
    """(batch, in_channels, height, width) -> (batch, channels, height, width)."""
    layers: list[nn.Module] = []
    for features in (in_channels, channels):
        # A norm after it takes the mean away again, so a bias would do nothing.
        layers.append(nn.Conv2d(features, channels, 3, padding=1, bias=norm == "none"))
        if norm != "none":
            layers.append(channel_norm(norm, channels, dims=2))
        layers.append(activation_layer(activation, axis=1))
    return nn.Sequential(*layers)
