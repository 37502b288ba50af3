"""What nets that encode and decode share: rows of any shape to a code of numbers, and back."""

import math
from collections.abc import Mapping, Sequence
from itertools import pairwise
from typing import Any

from torch import Tensor, nn
from torch.nn import functional as F

from netwright.nets._layers import activation_layer, channel_norm, choice, output_layer, positive
from netwright.nets._tabular import OneHot


class Rows(nn.Module):
    """A batch of a table, of images or of series -> (batch, *shape), as it is to be rebuilt.

    A table's categories become one-hot beside its numbers, so shape is (columns,). shape: of an
    image (in_channels, height, width), of a series (length, in_channels).
    """

    def __init__(
        self,
        *,
        numeric: int,
        cardinalities: Sequence[int],
        in_channels: int,
        height: int,
        width: int,
        length: int,
    ) -> None:
        super().__init__()
        self.one_hot = OneHot(cardinalities) if cardinalities else None
        columns = numeric + sum(cardinalities)
        self.shape: tuple[int, ...]
        if columns and not in_channels:
            self.shape = (columns,)
        elif in_channels and height and width:
            self.shape = (in_channels, height, width)
        elif in_channels and length:
            self.shape = (length, in_channels)
        else:
            raise ValueError(
                "The net has no inputs. Give numeric or cardinalities (table), or in_channels with "
                "height and width (image) or with length (series)."
            )

    def forward(self, inputs: Tensor, categorical: Tensor | None = None) -> Tensor:
        x = inputs if self.one_hot is None else self.one_hot(inputs, categorical)
        if x.shape[1:] != self.shape:
            raise ValueError(
                f"A row has shape {tuple(x.shape[1:])}; this net was made for {self.shape}. "
                "Bring the rows to that shape, or build a net for theirs."
            )
        return x


def rows_of(shapes: Mapping[str, Any]) -> Rows:
    """Return the rows of data of these shapes, as `encoding.shapes()` gives them."""
    none = {"numeric": 0, "in_channels": 0, "height": 0, "width": 0, "length": 0}
    return Rows(**{**none, "cardinalities": (), **shapes})


def layers_of(layers: str, shape: Sequence[int]) -> str:
    """Return "dense" or "convolutional"; "auto" is convolutional for images."""
    choice("layers", layers, ("auto", "dense", "convolutional"))
    if layers == "convolutional" and len(shape) != 3:
        raise ValueError(
            f"layers is 'convolutional', but a row has shape {tuple(shape)}; only images are read "
            "so. Give layers: dense."
        )
    return layers if layers != "auto" else "convolutional" if len(shape) == 3 else "dense"


def coders(
    shape: Sequence[int],
    *,
    code_size: int,
    described: int,
    layers: str,
    widths: Sequence[int],
    channels: Sequence[int],
    activation: str,
    norm: str,
) -> tuple[nn.Sequential, nn.Sequential]:
    """Return an encoder, (batch, *shape) -> (batch, described), and a decoder, (batch, code_size)
    -> (batch, *shape). described: numbers that the encoder gives of a code."""
    positive(code_size=code_size)
    if layers_of(layers, shape) == "dense":
        dense: dict[str, Any] = {"widths": widths, "activation": activation}
        return dense_encoder(shape, described, **dense), dense_decoder(shape, code_size, **dense)
    rest: dict[str, Any] = {"channels": channels, "activation": activation, "norm": norm}
    return image_encoder(shape, described, **rest), image_decoder(shape, code_size, **rest)


def dense_encoder(
    shape: Sequence[int], outputs: int, *, widths: Sequence[int], activation: str
) -> nn.Sequential:
    """(batch, *shape) -> (batch, outputs)."""
    return nn.Sequential(nn.Flatten(), *_dense([math.prod(shape), *widths, outputs], activation))


def dense_decoder(
    shape: Sequence[int], inputs: int, *, widths: Sequence[int], activation: str
) -> nn.Sequential:
    """(batch, inputs) -> (batch, *shape). widths: of the encoder, so read from its end."""
    sizes = [inputs, *reversed(widths), math.prod(shape)]
    return nn.Sequential(*_dense(sizes, activation), nn.Unflatten(1, tuple(shape)))


def _dense(sizes: Sequence[int], activation: str) -> list[nn.Module]:
    positive(**{f"widths[{i}]": size for i, size in enumerate(sizes[1:-1])})
    layers: list[nn.Module] = []
    for before, size in pairwise(sizes[:-1]):
        layers += [nn.Linear(before, size), activation_layer(activation)]
    return [*layers, output_layer(sizes[-2], sizes[-1])]


def image_encoder(
    shape: Sequence[int], outputs: int, *, channels: Sequence[int], activation: str, norm: str
) -> nn.Sequential:
    """(batch, *shape) -> (batch, outputs). Each convolution halves the picture, rounded up."""
    positive(convolutions=len(channels))
    layers: list[nn.Module] = []
    for before, size in zip([shape[0], *channels[:-1]], channels, strict=True):
        layers.append(nn.Conv2d(before, size, 3, stride=2, padding=1))
        layers += [channel_norm(norm, size, dims=2), activation_layer(activation, axis=1)]
    height, width = halves(shape[1:], len(channels))[-1]
    return nn.Sequential(
        *layers, nn.Flatten(), output_layer(channels[-1] * height * width, outputs)
    )


def image_decoder(
    shape: Sequence[int], inputs: int, *, channels: Sequence[int], activation: str, norm: str
) -> nn.Sequential:
    """(batch, inputs) -> (batch, *shape). channels: of the encoder, so read from its end.

    Pixels are repeated before each convolution: a transposed one would leave a checkerboard (Odena
    et al. 2016, doi:10.23915/distill.00003).
    """
    *larger, smallest = halves(shape[1:], len(channels))
    layers: list[nn.Module] = [
        nn.Linear(inputs, channels[-1] * math.prod(smallest)),
        activation_layer(activation),
        nn.Unflatten(1, (channels[-1], *smallest)),
    ]
    sizes = list(reversed(channels))
    for before, size, pixels in zip(sizes, sizes[1:], larger[:0:-1], strict=False):
        layers += [nn.Upsample(size=pixels), nn.Conv2d(before, size, 3, padding=1)]
        layers += [channel_norm(norm, size, dims=2), activation_layer(activation, axis=1)]
    last = nn.Conv2d(channels[0], shape[0], 3, padding=1)
    last.feeds = "outputs"  # type: ignore[assignment]  # for init: no activation follows
    return nn.Sequential(*layers, nn.Upsample(size=tuple(shape[1:])), last)


def halves(size: Sequence[int], count: int) -> list[tuple[int, int]]:
    """Return `count` + 1 sizes (height, width), each half of the one before, rounded up."""
    height, width = size
    return [(-(-height // 2**i), -(-width // 2**i)) for i in range(count + 1)]


class TiedDecoder(nn.Module):
    """code (batch, code_size), the encoder -> (batch, *shape), by the encoder's weights transposed.

    Only the biases are its own.
    """

    def __init__(self, encoder: nn.Sequential, shape: Sequence[int], *, activation: str) -> None:
        super().__init__()
        sizes = [layer.in_features for layer in _linears(encoder)]
        self.biases = nn.ParameterList(output_layer(1, size).bias for size in sizes)
        self.activations = nn.ModuleList(activation_layer(activation) for _ in sizes[:-1])
        self.activations.append(nn.Unflatten(1, tuple(shape)))

    def forward(self, code: Tensor, encoder: nn.Sequential) -> Tensor:
        x = code
        for layer, bias, activation in zip(
            _linears(encoder), self.biases, self.activations, strict=True
        ):
            x = activation(F.linear(x, layer.weight.t(), bias))
        return x


def _linears(encoder: nn.Sequential) -> list[nn.Linear]:
    """Return the encoder's linear layers, the last one first."""
    return [layer for layer in encoder if isinstance(layer, nn.Linear)][::-1]
