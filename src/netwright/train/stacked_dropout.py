"""Dropout of a stack's members: each draws from its own stream, at its own rate, what it would draw
if it were trained alone. Members whose draws are the same ones share a stream, and a draw."""

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from netwright.nets._layers import HALF, dropout_bits, kept_of
from netwright.train.for_each import for_each

__all__ = ["StackedDropout", "torch_masks"]

# x where another tensor is above a threshold, else 0
_where_positive = torch.ops.aten.threshold_backward.default


@dataclass(frozen=True)
class _Alike:
    """Members with dropout whose layers are equally wide. below, scale (members, 1): which bits
    keep an entry, and what it is multiplied by then. place: whose draw each takes; None: of
    streams[i] the i-th, or all the only one."""

    width: int | None
    numbers: Tensor
    streams: list[torch.Generator]
    place: Tensor | None
    below: Tensor
    scale: Tensor

    def draw(self, shape: Sequence[int], like: Tensor) -> Tensor:
        """Return the masks (members, *shape)."""
        count = math.prod(shape)
        bits = torch.stack([dropout_bits(count, stream) for stream in self.streams])
        if self.place is not None:
            bits = bits[self.place]
        # bits < below, in the vectorised kernels: comparisons and products with truth values are
        # several times slower.
        above = self.below.to(like.dtype) - bits.to(like.dtype)
        scale = self.scale.to(like.dtype).expand_as(above)
        return _where_positive(scale, above, 0).view(len(above), *shape)


class StackedDropout(nn.Module):
    """Dropout with a rate and a stream for each member.

    A rate of 0 or None (no dropout there) draws nothing. streams: one object for several members
    where their draws are the same ones, up to the rate. widths: how far a member's last axis goes;
    beyond it the mask is 0. as_torch: draw as torch's own dropout does.
    """

    def __init__(
        self,
        rates: Sequence[float | None],
        streams: Sequence[torch.Generator],
        widths: Sequence[int] | None = None,
        *,
        as_torch: bool = False,
    ) -> None:
        super().__init__()
        self.rates, self.streams, self.widths = rates, streams, widths
        self.as_torch = as_torch
        self._alike = list(_alike(rates, streams, widths))

    def forward(self, x: Tensor) -> Tensor:
        if not self.training or not any(self.rates):
            return x
        return for_each(lambda x: x * self.draw(x.shape[1:], x), x)

    def draw(self, shape: Sequence[int], like: Tensor) -> Tensor:
        """Return masks (members, *shape), scaled up."""
        if self.as_torch or like.device.type != "cpu":
            return torch_masks(shape, like, self.rates, self.streams, self.widths)
        found: Tensor | None = None
        for some in self._alike:
            width = shape[-1] if some.width is None else some.width
            drawn = some.draw((*shape[:-1], width), like)
            drawn = drawn if width == shape[-1] else F.pad(drawn, (0, shape[-1] - width))
            if len(drawn) == len(self.rates):
                return drawn
            found = like.new_ones((len(self.rates), *shape)) if found is None else found
            found.index_copy_(0, some.numbers, drawn)
        return like.new_ones((len(self.rates), *shape)) if found is None else found


def _alike(
    rates: Sequence[float | None],
    streams: Sequence[torch.Generator],
    widths: Sequence[int] | None,
) -> Iterator[_Alike]:
    for width in [None] if widths is None else sorted({*widths}):
        numbers = [
            number
            for number, rate in enumerate(rates)
            if rate and (widths is None or widths[number] == width)
        ]
        if not numbers:
            continue
        different = {id(streams[n]): streams[n] for n in numbers}
        order = {key: at for at, key in enumerate(different)}
        shared = 1 < len(different) < len(numbers)
        keep = [kept_of(rates[n] or 0.0) for n in numbers]
        yield _Alike(
            width,
            torch.tensor(numbers),
            list(different.values()),
            torch.tensor([order[id(streams[n])] for n in numbers]) if shared else None,
            torch.tensor([k - HALF for k in keep], dtype=torch.int16)[:, None],
            torch.tensor([2 * HALF / k for k in keep], dtype=torch.float64)[:, None],
        )


def torch_masks(
    shape: Sequence[int],
    like: Tensor,
    rates: Sequence[float | None],
    streams: Sequence[torch.Generator],
    widths: Sequence[int] | None = None,
) -> Tensor:
    """Return masks as torch's own dropout draws them: in attention and between recurrent layers."""
    found = like.new_ones((len(rates), *shape))
    before: dict[int, Tensor] = {}  # of streams that were drawn from for another member
    for number, (rate, stream) in enumerate(zip(rates, streams, strict=True)):
        if not rate:
            continue
        if id(stream) in before:
            stream.set_state(before[id(stream)])
        elif sum(other is stream for other in streams) > 1:
            before[id(stream)] = stream.get_state()
        own = found[number] if widths is None else found[number].narrow(-1, 0, widths[number])
        mask = torch.empty_like(own, memory_format=torch.contiguous_format)
        mask.bernoulli_(1 - rate, generator=stream).div_(1 - rate)
        if own.shape != found.shape[1:]:
            found[number].zero_()
        own.copy_(mask)
    return found
