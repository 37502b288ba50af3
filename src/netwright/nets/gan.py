"""Generative adversarial net for points: one net draws samples, another tells them from real rows.

min over G, max over D:  mean of log D(x) + mean of log(1 - D(G(noise))),  D = sigmoid(logit).

Goodfellow et al. 2014, arXiv:1406.2661; classes as in Mirza and Osindero 2014, arXiv:1411.1784.
Different from the papers: leaky ReLU in both, no maxout, no dropout. Without norms the
discriminator judges each row alone, so it is fit to be a critic with a gradient penalty (Gulrajani
et al. 2017, arXiv:1704.00028).
"""

from collections.abc import Sequence
from itertools import pairwise

from torch import Tensor, nn

from netwright.nets._adversarial import NoiseInput, Verdict
from netwright.nets._layers import activation_layer, output_layer, positive

__all__ = ["GAN"]


class GAN(nn.Module):
    """noise (batch, noise_size) -> samples (batch, numeric).

    With classes, also int64 (batch,): the class to draw. generator: what `forward` calls;
    discriminator: samples (batch, numeric), classes -> logits (batch, 1), above 0 for "real". Each
    is trained by its own loss. widths: hidden units of both. classes: how many, 0 for none.
    """

    answers = "samples"

    def __init__(
        self,
        *,
        numeric: int,
        cardinalities: Sequence[int] = (),
        noise_size: int = 16,
        widths: Sequence[int] = (128, 128),
        classes: int = 0,
        activation: str = "leaky-relu",
    ) -> None:
        super().__init__()
        positive(numeric=numeric, noise_size=noise_size, hidden_layers=len(widths))
        if cardinalities:
            raise ValueError(
                f"cardinalities is {list(cardinalities)}, but this net draws numbers alone. Leave "
                "categorical columns out of the data."
            )
        self.noise_size, self.classes = noise_size, classes
        self.generator = Generator(numeric, noise_size, widths, classes, activation)
        self.discriminator = Discriminator(numeric, widths, classes, activation)

    def forward(self, noise: Tensor, classes: Tensor | None = None) -> Tensor:
        return self.generator(noise, classes)


class Generator(nn.Module):
    """noise (batch, noise_size), classes int64 (batch,) or None -> (batch, numeric)."""

    def __init__(
        self, numeric: int, noise_size: int, widths: Sequence[int], classes: int, activation: str
    ) -> None:
        super().__init__()
        self.inputs = NoiseInput(noise_size, classes)
        self.layers = _hidden([self.inputs.out_features, *widths], activation)
        self.output = output_layer(widths[-1], numeric)

    def forward(self, noise: Tensor, classes: Tensor | None = None) -> Tensor:
        return self.output(self.layers(self.inputs(noise, classes)))


class Discriminator(nn.Module):
    """(batch, numeric), classes int64 (batch,) or None -> logits (batch, 1)."""

    def __init__(self, numeric: int, widths: Sequence[int], classes: int, activation: str) -> None:
        super().__init__()
        self.layers = _hidden([numeric, *widths], activation)
        self.verdict = Verdict(widths[-1], classes)

    def forward(self, samples: Tensor, classes: Tensor | None = None) -> Tensor:
        return self.verdict(self.layers(samples), classes)


def _hidden(sizes: Sequence[int], activation: str) -> nn.Sequential:
    layers: list[nn.Module] = []
    for before, size in pairwise(sizes):
        layers += [nn.Linear(before, size), activation_layer(activation)]
    return nn.Sequential(*layers)
