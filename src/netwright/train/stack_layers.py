"""Layers that know that they are stacked: what torch.func.vmap alone would get wrong or slow.

Activations may differ between members. torch's fused LSTM and GRU and its attention kernels have no
batching rule: the first are written out step by step, attention takes the members as more rows of
the batch. For dropout see `stacked_dropout.py`.
"""

from collections.abc import Sequence
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from netwright.nets.attention import ScaledDotProduct
from netwright.train.for_each import for_each
from netwright.train.stacked_dropout import StackedDropout, torch_masks

__all__ = [
    "StackedActivation",
    "StackedAttention",
    "StackedRecurrent",
    "replace_layers_",
]


def replace_layers_(
    base: nn.Module, nets: Sequence[nn.Module], streams: Sequence[torch.Generator]
) -> None:
    """Exchange layers of `base`, a copy of each of the nets, for ones that know their members."""
    for name, layer in list(base.named_modules()):
        new = _replacement(layer, [net.get_submodule(name) for net in nets], streams)
        if new is not None:
            base.set_submodule(name, new)


def _replacement(
    layer: nn.Module, ones: Sequence[Any], streams: Sequence[torch.Generator]
) -> nn.Module | None:
    if isinstance(layer, nn.Dropout):
        return StackedDropout([one.p for one in ones], streams)
    if isinstance(layer, ScaledDotProduct):
        return StackedAttention(layer.causal, [one.dropout for one in ones], streams)
    if isinstance(layer, nn.LSTM | nn.GRU):
        return StackedRecurrent(layer, [one.dropout for one in ones], streams)
    return None


class StackedActivation(nn.Module):
    """An activation for each member."""

    def __init__(self, activations: Sequence[nn.Module]) -> None:
        super().__init__()
        self.kinds = [type(one) for one in activations]
        kinds = [repr(one) for one in activations]
        self._groups = [
            (next(one for one in activations if repr(one) == kind),
             torch.tensor([i for i, other in enumerate(kinds) if other == kind]))
            for kind in dict.fromkeys(kinds)
        ]  # fmt: skip
        order = torch.cat([index for _, index in self._groups])
        self._back = order.argsort()

    def forward(self, x: Tensor) -> Tensor:
        if len(self._groups) == 1:
            found: Tensor = self._groups[0][0](x)
            return found
        return for_each(self._apply, x)

    def _apply(self, x: Tensor) -> Tensor:  # type: ignore[override] # nn.Module's is another
        parts = [f(x.index_select(0, index.to(x.device))) for f, index in self._groups]
        return torch.cat(parts).index_select(0, self._back.to(x.device))


class StackedAttention(nn.Module):
    """Scaled dot-product attention: members are more rows of the batch."""

    def __init__(
        self, causal: bool, rates: Sequence[float], streams: Sequence[torch.Generator]
    ) -> None:
        super().__init__()
        self.causal, self.rates, self.streams = causal, rates, streams

    def forward(self, query: Tensor, key: Tensor, value: Tensor, mask: Tensor | None) -> Tensor:
        return for_each(self._attend, query, key, value, mask)

    def _attend(self, query: Tensor, key: Tensor, value: Tensor, mask: Tensor | None) -> Tensor:
        members = query.shape[0]
        causal = self.causal and mask is None
        if self.training and any(self.rates):
            return self._written_out(query, key, value, mask, causal)
        query, key, value = (x.flatten(0, 1) for x in (query, key, value))
        mask = None if mask is None else mask.flatten(0, 1)
        heads = F.scaled_dot_product_attention(query, key, value, attn_mask=mask, is_causal=causal)
        return heads.unflatten(0, (members, -1))

    def _written_out(
        self, query: Tensor, key: Tensor, value: Tensor, mask: Tensor | None, causal: bool
    ) -> Tensor:
        scores = query @ key.transpose(-1, -2) * query.shape[-1] ** -0.5
        if causal:
            mask = torch.ones(scores.shape[-2:], dtype=torch.bool, device=scores.device).tril()
        if mask is not None:
            scores = scores.masked_fill(~mask, float("-inf"))
        weights = scores.softmax(-1)
        drawn = torch_masks(weights.shape[1:], weights, self.rates, self.streams)
        return weights * drawn @ value


class StackedRecurrent(nn.Module):
    """torch.nn.LSTM or GRU written out: the same parameters, names and outputs, batch first.

    LSTM: i, f, g, o = W x + U h + b; c' = s(f) c + s(i) tanh(g); h' = s(o) tanh(c').
    GRU: r, z = s(W x + U h + b); n = tanh(W x + b + r (U h + b)); h' = (1 - z) n + z h.
    """

    def __init__(
        self,
        layer: nn.LSTM | nn.GRU,
        rates: Sequence[float],
        streams: Sequence[torch.Generator],
    ) -> None:
        super().__init__()
        self.is_lstm = isinstance(layer, nn.LSTM)
        self.hidden_size, self.num_layers = layer.hidden_size, layer.num_layers
        self.bidirectional = layer.bidirectional
        self.between = StackedDropout(rates, streams, as_torch=True)
        for name, p in layer.named_parameters():
            self.register_parameter(name, p)

    def forward(self, x: Tensor) -> tuple[Tensor, tuple[Tensor, Tensor]]:
        ends: list[tuple[Tensor, Tensor]] = []
        for layer in range(self.num_layers):
            if layer:
                x = self.between(x)
            outputs = []
            for suffix in (f"l{layer}", f"l{layer}_reverse")[: 2 if self.bidirectional else 1]:
                out, end = self._run(x, suffix)
                outputs.append(out)
                ends.append(end)
            x = torch.cat(outputs, -1)
        hidden, cell = (torch.stack(some) for some in zip(*ends, strict=True))
        return x, (hidden, cell)

    def _run(self, x: Tensor, suffix: str) -> tuple[Tensor, tuple[Tensor, Tensor]]:
        weight, recurrent = (
            getattr(self, f"weight_ih_{suffix}"),
            getattr(self, f"weight_hh_{suffix}"),
        )
        bias = getattr(self, f"bias_ih_{suffix}", None)
        bias_h: Tensor | None = getattr(self, f"bias_hh_{suffix}", None)
        gates = F.linear(x, weight, bias).unbind(1)
        h = c = x.new_zeros(x.shape[0], self.hidden_size)
        outputs = []
        for given in reversed(gates) if suffix.endswith("_reverse") else gates:
            inner = F.linear(h, recurrent, bias_h)
            if self.is_lstm:
                i, f, g, o = (given + inner).chunk(4, -1)
                c = torch.sigmoid(f) * c + torch.sigmoid(i) * torch.tanh(g)
                h = torch.sigmoid(o) * torch.tanh(c)
            else:
                (r, z, n), (hr, hz, hn) = given.chunk(3, -1), inner.chunk(3, -1)
                z = torch.sigmoid(z + hz)
                h = (1 - z) * torch.tanh(n + torch.sigmoid(r + hr) * hn) + z * h
            outputs.append(h)
        if suffix.endswith("_reverse"):
            outputs.reverse()
        return torch.stack(outputs, 1), (h, c)
