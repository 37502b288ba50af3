"""Alignment: which parameter of each net lies where in a stack.

Nets of equal shapes are aligned name by name. MLPs may differ in width, depth, activation and
dropout: a narrower layer takes the first units of a padded one, whose other units stay 0, and a
shallower net passes by the layers that it does not have.
"""

import copy
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import torch
from torch import Tensor, nn

from netwright.nets._audio import LogMel
from netwright.nets.from_scratch import FromScratch
from netwright.nets.mlp import MLP
from netwright.train.stack_layers import StackedActivation, replace_layers_
from netwright.train.stacked_dropout import StackedDropout

__all__ = ["Alignment", "Embedding", "StackedMLP", "align", "why_not_aligned"]


@dataclass
class Alignment:
    """base: called with the stacked tensors in place of its own. parameters, buffers: of each net,
    by the base's names. shapes: of the base's parameters. extra: buffers (members, ...) that the
    base alone has. Frozen parameters are among `parameters`, with requires_grad False.
    """

    base: nn.Module
    parameters: list[dict[str, nn.Parameter]]
    buffers: list[dict[str, Tensor]]
    shapes: dict[str, torch.Size]
    extra: dict[str, Tensor] = field(default_factory=dict)

    def fills(self, own: Mapping[str, Tensor]) -> bool:
        """Whether a net of these parameters is as large as the base."""
        return all(name in own and own[name].shape == s for name, s in self.shapes.items())

    @property
    def padded(self) -> bool:
        """Whether some member is smaller than the base."""
        return not all(self.fills(own) for own in self.parameters)


def why_not_aligned(nets: Sequence[nn.Module]) -> str:
    """Say why the nets cannot be aligned; "" if they can."""
    first = nets[0]
    if any(type(net) is not type(first) for net in nets):
        return "the nets are of different kinds"
    if isinstance(first, MLP):
        return _why_not_mlps([net for net in nets if isinstance(net, MLP)])
    if hasattr(first, "remember_"):
        return "it answers from the training rows, which a stack does not hold"
    for layer in first.modules():
        if isinstance(layer, FromScratch):
            return "its passes are written out in NumPy"
        if isinstance(layer, LogMel):
            return "torch's short-time Fourier transform has no batching rule"
        if isinstance(layer, nn.RNN):
            return "torch's fused RNN has no batching rule"
        if isinstance(layer, nn.LSTM | nn.GRU) and (not layer.batch_first or layer.proj_size):
            return "recurrent layers are stacked batch first and without projection only"
    shapes, switches = _shapes(first), _switches(first)
    if any(_shapes(net) != shapes for net in nets):
        return "their parameters differ in shape"
    if any(_switches(net) != switches for net in nets):
        return "their layers differ"
    return ""


def align(nets: Sequence[nn.Module], streams: Sequence[torch.Generator]) -> Alignment:
    """Return the alignment of nets that have one. streams: for the nets' dropout, one each."""
    reason = why_not_aligned(nets)
    if reason:
        raise ValueError(f"These nets cannot be stacked: {reason}.")
    if isinstance(nets[0], MLP):
        return _mlps([net for net in nets if isinstance(net, MLP)], streams)
    base = copy.deepcopy(nets[0])
    replace_layers_(base, nets, streams)
    return Alignment(
        base,
        [dict(net.named_parameters()) for net in nets],
        [dict(net.named_buffers()) for net in nets],
        {name: p.shape for name, p in nets[0].named_parameters()},
    )


def _shapes(net: nn.Module) -> list[tuple[str, torch.Size, bool]]:
    return [(name, p.shape, p.requires_grad) for name, p in net.named_parameters()]


def _switches(net: nn.Module) -> list[tuple[str, str]]:
    """What tells layers without parameters apart; rates of dropout may differ."""
    return [
        (name, "Dropout" if isinstance(m, nn.Dropout) else repr(m))
        for name, m in net.named_modules()
        if not list(m.children())
    ]


# -------------------------------------------------------------------------------------------- MLPs


@dataclass
class _Block:
    linear: nn.Linear
    norm: nn.Module | None
    activation: nn.Module
    rate: float


def _blocks(net: MLP) -> tuple[list[_Block], nn.Linear]:
    found: list[_Block] = []
    *hidden, output = net.layers
    assert isinstance(output, nn.Linear)
    for layer in hidden:
        if isinstance(layer, nn.Linear):
            found.append(_Block(layer, None, nn.Identity(), 0.0))
        elif isinstance(layer, nn.Dropout):
            found[-1].rate = layer.p
        elif list(layer.parameters()):
            found[-1].norm = layer
        else:
            found[-1].activation = layer
    return found, output


def _why_not_mlps(nets: Sequence[MLP]) -> str:
    parts = [_blocks(net) for net in nets]
    if any(not blocks for blocks, _ in parts):
        return "an MLP without hidden layers is not stacked"
    embeddings = [[s for s in _shapes(net) if not s[0].startswith("layers.")] for net in nets]
    if any(shapes != embeddings[0] for shapes in embeddings):
        return "their embeddings differ in shape"
    if any(not p.requires_grad for net in nets for p in net.layers.parameters()):
        return "some of their layers are frozen"
    if any(isinstance(m, nn.PReLU | nn.Softmax) for net in nets for m in net.layers):
        return "PReLU has weights of its own and softmax reads padded units; neither is stacked"
    norms = {type(block.norm) for blocks, _ in parts for block in blocks}
    widths = {tuple(block.linear.out_features for block in blocks) for blocks, _ in parts}
    if len(norms) > 1:
        return "their normalisations differ"
    if len(widths) > 1 and norms != {type(None)}:
        return "normalised layers of different widths or numbers are not stacked"
    return ""


def _mlps(nets: Sequence[MLP], streams: Sequence[torch.Generator]) -> Alignment:
    parts = [_blocks(net) for net in nets]
    base = StackedMLP(nets, parts, streams)
    return Alignment(
        base,
        [_parameters(net, *part) for net, part in zip(nets, parts, strict=True)],
        [_buffers(net, *part) for net, part in zip(nets, parts, strict=True)],
        base.shapes,
        {"alive": base.alive_of_members} if base.uneven else {},
    )


def _parameters(net: MLP, blocks: Sequence[_Block], output: nn.Linear) -> dict[str, nn.Parameter]:
    own = {f"embedding.{n}": p for n, p in net.named_parameters() if not n.startswith("layers.")}
    for level, block in enumerate(blocks):
        own |= {f"hidden.{level}.{n}": p for n, p in block.linear.named_parameters()}
        if block.norm is not None:
            own |= {f"norms.{level}.{n}": p for n, p in block.norm.named_parameters()}
    return own | {f"output.{n}": p for n, p in output.named_parameters()}


def _buffers(net: MLP, blocks: Sequence[_Block], output: nn.Linear) -> dict[str, Tensor]:
    own = {f"embedding.{n}": b for n, b in net.named_buffers() if not n.startswith("layers.")}
    for level, block in enumerate(blocks):
        if block.norm is not None:
            own |= {f"norms.{level}.{n}": b for n, b in block.norm.named_buffers()}
    return own


class Embedding(nn.Module):
    """What an MLP does before its first linear layer."""

    def __init__(self, net: MLP) -> None:
        super().__init__()
        self.embed_numeric = copy.deepcopy(net.embed_numeric)
        self.embed_categories = copy.deepcopy(net.embed_categories)

    def forward(self, numeric: Tensor, categorical: Tensor | None = None) -> Tensor:
        x = numeric if self.embed_numeric is None else self.embed_numeric(numeric)
        if self.embed_categories is not None:
            x = torch.cat([x, self.embed_categories(categorical)], 1)
        return x


class StackedMLP(nn.Module):
    """What an MLP computes, for members of different widths and depths; called under vmap.

    `alive` (levels,) is a member's: whether it has the hidden layer, which is passed by otherwise.
    """

    alive: Tensor

    def __init__(
        self,
        nets: Sequence[MLP],
        parts: Sequence[tuple[list[_Block], nn.Linear]],
        streams: Sequence[torch.Generator],
    ) -> None:
        super().__init__()
        self.embedding = Embedding(nets[0])
        levels = max(len(blocks) for blocks, _ in parts)
        uneven = min(len(blocks) for blocks, _ in parts) < levels
        sizes = [
            max(b[level].linear.out_features for b, _ in parts if level < len(b))
            for level in range(levels)
        ]
        if uneven:  # what passes by a layer must fit behind it
            sizes = [max(sizes)] * levels
        self.sizes = [parts[0][0][0].linear.in_features, *sizes]
        deepest = max((blocks for blocks, _ in parts), key=len)
        outputs = parts[0][1].out_features
        with torch.device("meta"):  # only their names and settings are used
            self.hidden = nn.ModuleList(
                [nn.Linear(a, b) for a, b in zip(self.sizes, self.sizes[1:], strict=False)]
            )
            self.output = nn.Linear(self.sizes[-1], outputs)
        norms = [block.norm for block in deepest]
        self.norms = nn.ModuleList(copy.deepcopy(n) for n in norms if n is not None)
        self.activations = nn.ModuleList()
        self.dropouts = nn.ModuleList()
        for level in range(levels):
            ones = [blocks[level] if level < len(blocks) else None for blocks, _ in parts]
            some = next(one for one in ones if one is not None)
            kinds = [(one or some).activation for one in ones]
            self.activations.append(StackedActivation(kinds))
            rates = [None if one is None else one.rate for one in ones]
            widths = [0 if one is None else one.linear.out_features for one in ones]
            self.dropouts.append(StackedDropout(rates, streams, widths))
        self.alive_of_members = torch.tensor(
            [[level < len(blocks) for level in range(levels)] for blocks, _ in parts]
        )
        if uneven:
            self.register_buffer("alive", torch.ones(levels, dtype=torch.bool))
        self.uneven = uneven
        self.shapes = self._shapes()

    def _shapes(self) -> dict[str, torch.Size]:
        own = {f"embedding.{n}": p.shape for n, p in self.embedding.named_parameters()}
        for name, p in self.named_parameters():
            if not name.startswith("embedding."):
                own[name] = p.shape
        return own

    def forward(self, numeric: Tensor, categorical: Tensor | None = None) -> Tensor:
        x = self.embedding(numeric, categorical)
        for level, linear in enumerate(self.hidden):
            y = linear(x)
            if self.norms:
                y = self.norms[level](y)
            y = self.dropouts[level](self.activations[level](y))
            x = torch.where(self.alive[level], y, x) if self.uneven and level else y
        found: Tensor = self.output(x)
        return found
