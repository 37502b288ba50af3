"""draw: new rows from a net that draws them of noise; as they would be read from a source."""

from typing import Any

import torch
from torch import Tensor, nn

from netwright.data.image_encoding import ImageEncoding
from netwright.data.table_encoding import TableEncoding
from netwright.errors import UsageError
from netwright.model.model import Model

__all__ = ["as_raw", "draw", "example_noise"]

AT_ONCE = 512  # rows


@torch.no_grad()
def draw(model: Model, count: int, *, seed: int = 0, classes: Tensor | None = None) -> Tensor:
    """Return `count` rows drawn from normal noise, in eval mode, on the CPU and in the range that
    the encoding's `prepare` gives.

    classes: int64 (count,) of a conditional net; evenly all of them where left out.
    """
    net, rng = model.net, torch.Generator().manual_seed(seed)
    make, size = _maker(net, model.spec.get("name", type(net).__name__))
    place = next(net.parameters())
    noise = torch.randn(count, size, generator=rng)
    number = int(getattr(net, "classes", 0))
    if number and classes is None:
        classes = torch.arange(count) % number
    was_training = net.training
    net.eval()
    try:
        pieces = []
        for at in range(0, count, AT_ONCE):
            some = noise[at : at + AT_ONCE].to(place)
            asked = (classes[at : at + AT_ONCE].to(place.device),) if number else ()  # type: ignore[index]
            pieces.append(make(some, *asked).float().cpu())
    finally:
        net.train(was_training)
    return torch.cat(pieces)


def example_noise(net: nn.Module) -> tuple[Tensor, ...]:
    """Return what a net that is called with noise may be called with, of one row; () for others."""
    if getattr(net, "answers", "") != "samples":
        return ()
    noise = torch.zeros(1, int(net.noise_size))  # type: ignore[arg-type]
    return (noise, torch.zeros(1, dtype=torch.int64)) if net.classes else (noise,)


def as_raw(model: Model, rows: Tensor) -> Any:
    """Return drawn rows as a DataFrame, or as pictures uint8 (rows, channels, height, width)."""
    encoding = model.encoding
    if isinstance(encoding, ImageEncoding | TableEncoding):
        return encoding.restore(rows)
    return rows


def _maker(net: nn.Module, name: str) -> tuple[nn.Module | Any, int]:
    """Return what makes rows of noise (batch, size), and the size."""
    size = getattr(net, "noise_size", None)
    if size is None:
        raise UsageError(
            f"The net {name!r} draws no rows: its code follows no distribution. Use gan, dcgan or "
            "variational-autoencoder."
        )
    return getattr(net, "generator", None) or net.decode, int(size)
