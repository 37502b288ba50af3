"""Variational autoencoder: the code is a distribution, so that new rows can be drawn from it.

q(z | x) = Normal(mean(x), exp(log_variance(x))),  z = mean + exp(log_variance / 2) * noise,
reconstruction = decode(z).  Loss (the objective's): reconstruction error + KL(q(z | x) || Normal(0,
1)).

Kingma and Welling 2014, arXiv:1312.6114; Rezende, Mohamed and Wierstra 2014, arXiv:1401.4082.
Different from the papers: convolutions for images; in evaluation z is the mean.
"""

from collections.abc import Sequence

import torch
from torch import Tensor, nn

from netwright.nets._coding import (
    Rows,
    coders,
)

__all__ = ["VariationalAutoencoder", "kl_divergence"]


class VariationalAutoencoder(nn.Module):
    """(batch, *shape) -> reconstruction (batch, *shape), mean and log_variance (batch, code_size).

    Image (batch, in_channels, height, width), series (batch, length, in_channels), or table:
    numeric (batch, numeric) with categorical int64 (batch, columns), rebuilt as numbers and one-hot
    categories side by side. `target` gives what is rebuilt. `decode` of normal noise (batch,
    code_size) draws new rows.

    layers: "dense" (widths: of the hidden layers), "convolutional" (channels: of each halving of an
    image), or "auto", which is convolutional for images. norm: of convolutions.
    """

    answers = "reconstruction"
    steps: Tensor

    def __init__(
        self,
        *,
        numeric: int = 0,
        cardinalities: Sequence[int] = (),
        in_channels: int = 0,
        height: int = 0,
        width: int = 0,
        length: int = 0,
        code_size: int = 16,
        layers: str = "auto",
        widths: Sequence[int] = (256,),
        channels: Sequence[int] = (16, 32),
        activation: str = "relu",
        norm: str = "none",
    ) -> None:
        super().__init__()
        self.code_size = self.noise_size = code_size
        # Of training, for an objective whose weights rise with them.
        self.register_buffer("steps", torch.zeros((), dtype=torch.int64))
        self.rows = Rows(
            numeric=numeric, cardinalities=cardinalities, in_channels=in_channels,
            height=height, width=width, length=length,
        )  # fmt: skip
        self.encoder, self.decoder = coders(
            self.rows.shape,
            code_size=code_size,
            described=2 * code_size,  # mean and log_variance
            layers=layers,
            widths=widths,
            channels=channels,
            activation=activation,
            norm=norm,
        )

    def forward(
        self, inputs: Tensor, categorical: Tensor | None = None
    ) -> tuple[Tensor, Tensor, Tensor]:
        mean, log_variance = self.encode(inputs, categorical)
        code = mean
        if self.training:
            self.steps += 1
            code = mean + torch.exp(log_variance / 2) * torch.randn_like(mean)
        return self.decode(code), mean, log_variance

    def target(self, inputs: Tensor, categorical: Tensor | None = None) -> Tensor:
        """Return what is to be rebuilt."""
        return self.rows(inputs, categorical)

    def encode(self, inputs: Tensor, categorical: Tensor | None = None) -> tuple[Tensor, Tensor]:
        """Return mean and log_variance of the code, each (batch, code_size)."""
        mean, log_variance = self.encoder(self.rows(inputs, categorical)).chunk(2, 1)
        return mean, log_variance

    def decode(self, code: Tensor) -> Tensor:
        """(batch, code_size) -> (batch, *shape)."""
        return self.decoder(code)


def kl_divergence(mean: Tensor, log_variance: Tensor) -> Tensor:
    """Return (batch,): how far each row's code is from Normal(0, 1), in nats.

    KL = sum of (mean^2 + variance - 1 - log_variance) / 2, Kingma and Welling 2014, appendix B.
    """
    return (mean.square() + log_variance.exp() - 1 - log_variance).sum(1) / 2
