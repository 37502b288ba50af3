"""Video CNN: convolutions over time as well as over the picture, so that motion is seen.

block: 3x3x3 conv - norm - act - max pool;  outputs = W mean(x) + b, the mean over time and places.

C3D: Tran et al. 2015, arXiv:1412.0767. factored: a convolution over the picture and one over time
in place of each, with an activation between ("(2+1)D", Tran et al. 2018, arXiv:1711.11248).
Different from C3D: a mean in place of two large linear layers, norms.
"""

from collections.abc import Sequence

from torch import Tensor, nn

from netwright.nets._layers import (
    Dropout,
    activation_layer,
    channel_norm,
    output_layer,
    positive,
)

__all__ = ["VideoCNN"]


class VideoCNN(nn.Module):
    """(batch, frames, in_channels, height, width) -> (batch, outputs).

    frames, height, width: as the data gives them; any numbers work. channels: of each block, which
    halves height and width, and all but the first also time (rounded up). factored: convolve over
    the picture, then over time.
    """

    def __init__(
        self,
        *,
        in_channels: int,
        outputs: int,
        frames: int,
        height: int = 0,
        width: int = 0,
        channels: Sequence[int] = (16, 32, 64),
        factored: bool = False,
        activation: str = "relu",
        norm: str = "batch",
        dropout: float = 0.0,
    ) -> None:
        super().__init__()
        positive(in_channels=in_channels, outputs=outputs, blocks=len(channels))
        kernels = [(1, 3, 3), (3, 1, 1)] if factored else [(3, 3, 3)]
        layers: list[nn.Module] = []
        features = in_channels
        for i, size in enumerate(channels):
            for kernel_size in kernels:
                # A norm after it takes the mean away again, so a bias would do nothing.
                layers.append(
                    nn.Conv3d(features, size, kernel_size, padding="same", bias=norm == "none")
                )
                if norm != "none":
                    layers.append(channel_norm(norm, size, dims=3))
                layers.append(activation_layer(activation, axis=1))
                features = size
            layers.append(nn.MaxPool3d((2 if i else 1, 2, 2), ceil_mode=True))
        self.layers = nn.Sequential(*layers)
        self.dropout = Dropout(dropout)
        self.output = output_layer(features, outputs)

    def forward(self, video: Tensor) -> Tensor:
        if video.ndim != 5:
            raise ValueError(
                "VideoCNN needs inputs of shape (batch, frames, channels, height, width), but got "
                f"{tuple(video.shape)}. For a single clip add a batch axis: video.unsqueeze(0)."
            )
        x = self.layers(video.transpose(1, 2))  # (batch, channels, frames, height, width)
        return self.output(self.dropout(x.mean((2, 3, 4))))
