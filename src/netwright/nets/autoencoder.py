"""Autoencoder: a net that rebuilds its input from a short code, so the code keeps what matters.

code = encode(x),  reconstruction = decode(code),  trained to make |reconstruction - x|^2 small.

Rumelhart, Hinton and Williams 1986; Hinton and Salakhutdinov 2006. With no hidden layers it is
linear, and its best code is the principal components' subspace (Baldi and Hornik 1989). With noise
or masking it sees a spoilt input and rebuilds the clean one (denoising: Vincent et al. 2008). Tied
weights as in Bengio et al. 2007. A code smaller than the input compresses; a larger one needs a
penalty on the code (sparse), which is the objective's.
"""

from collections.abc import Sequence

import torch
from torch import Tensor, nn

from netwright.nets._coding import (
    Rows,
    TiedDecoder,
    coders,
    layers_of,
)

__all__ = ["Autoencoder"]


class Autoencoder(nn.Module):
    """(batch, *shape) -> its reconstruction, (batch, *shape).

    Image (batch, in_channels, height, width), series (batch, length, in_channels), or table:
    numeric (batch, numeric) with categorical int64 (batch, columns), rebuilt as numbers and one-hot
    categories side by side, (batch, numeric + sum of cardinalities). `target` gives what is to be
    rebuilt.

    layers: "dense" (widths: of the hidden layers, [] for a linear net), "convolutional" (channels:
    of each halving of an image), or "auto", which is convolutional for images. tied: decode by the
    encoder's weights transposed, dense only. norm: of convolutions. noise: standard deviation of
    what is added to the inputs in training; masking: share of them set to 0.
    """

    answers = "reconstruction"

    def __init__(
        self,
        *,
        numeric: int = 0,
        cardinalities: Sequence[int] = (),
        in_channels: int = 0,
        height: int = 0,
        width: int = 0,
        length: int = 0,
        code_size: int = 32,
        layers: str = "auto",
        widths: Sequence[int] = (256,),
        channels: Sequence[int] = (16, 32),
        tied: bool = False,
        activation: str = "relu",
        norm: str = "none",
        noise: float = 0.0,
        masking: float = 0.0,
    ) -> None:
        super().__init__()
        _check_share(noise=noise, masking=masking)
        self.noise, self.masking, self.tied = noise, masking, tied
        self.rows = Rows(
            numeric=numeric, cardinalities=cardinalities, in_channels=in_channels,
            height=height, width=width, length=length,
        )  # fmt: skip
        shape = self.rows.shape
        if tied and layers_of(layers, shape) != "dense":
            raise ValueError(
                "tied is true, but convolutions are not tied. Give layers: dense, or leave it out."
            )
        self.decoder: nn.Module
        self.encoder, self.decoder = coders(
            shape,
            code_size=code_size,
            described=code_size,
            layers=layers,
            widths=widths,
            channels=channels,
            activation=activation,
            norm=norm,
        )
        if tied:
            self.decoder = TiedDecoder(self.encoder, shape, activation=activation)

    def forward(self, inputs: Tensor, categorical: Tensor | None = None) -> Tensor:
        return self.decode(self.encoder(self.spoil(self.rows(inputs, categorical))))

    def target(self, inputs: Tensor, categorical: Tensor | None = None) -> Tensor:
        """Return what `forward` is to give: the clean rows."""
        return self.rows(inputs, categorical)

    def encode(self, inputs: Tensor, categorical: Tensor | None = None) -> Tensor:
        """Return the code (batch, code_size) of clean rows."""
        return self.encoder(self.rows(inputs, categorical))

    def decode(self, code: Tensor) -> Tensor:
        """(batch, code_size) -> (batch, *shape)."""
        return self.decoder(code, self.encoder) if self.tied else self.decoder(code)

    def spoil(self, x: Tensor) -> Tensor:
        """Return x with noise and masking in training, as it is otherwise."""
        if self.training and self.noise:
            x = x + self.noise * torch.randn_like(x)
        if self.training and self.masking:
            x = x * (torch.rand_like(x) >= self.masking)
        return x


def _check_share(*, noise: float, masking: float) -> None:
    if noise < 0 or not 0 <= masking < 1:
        raise ValueError(
            f"noise is {noise} and masking is {masking}; expected noise of at least 0 and masking "
            "from 0 to below 1. Give 0 for neither."
        )
