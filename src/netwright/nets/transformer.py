"""Transformer: layers of attention and of a two-layer net, each added to what came before.

x = x + attention(norm(x)),  x = x + W_2 act(W_1 norm(x)).

Vaswani et al. 2017, arXiv:1706.03762; decoder-only language model as GPT-2 (Radford et al. 2019).
Different from the paper: norms come first (Xiong et al. 2020, arXiv:2002.04745), positions may be
rotary or learned, branches end with weights scaled down by depth as in GPT-2, and a series may be
read in patches of steps (Nie et al. 2023, arXiv:2211.14730).
"""

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from netwright.nets._layers import (
    Dropout,
    activation_layer,
    choice,
    norm_layer,
    output_layer,
    positive,
)
from netwright.nets._positions import Positions
from netwright.nets._sequence import SequenceInput, SequencePool
from netwright.nets.attention import MultiHeadAttention, Past

__all__ = ["Transformer"]


class Transformer(nn.Module):
    """Text int64 (batch, time) or series (batch, time, in_channels) -> (batch, outputs).

    Token 0 is padding and changes nothing; nor does that of series whose lengths, int64 (batch,),
    are a second input.

    With outputs 0 it is a language model, (batch, time) -> (batch, time, vocab), which scores the
    next token at every step (give causal: true); its last layer is the embedding's weights. length:
    steps a row, needed for learned positions alone. width: numbers a step; hidden_size: units of
    the two-layer nets, 0 for four times the width. positions: "rotary", "learned", "sinusoidal" or
    "none". patch: steps of a series read as one. pool: "mean", "max" or "last" over the real steps,
    or "none" for an answer at every step (every patch), (batch, time, outputs).
    """

    def __init__(
        self,
        *,
        outputs: int = 0,
        vocab: int = 0,
        in_channels: int = 0,
        length: int = 0,
        width: int = 128,
        depth: int = 2,
        num_heads: int = 4,
        hidden_size: int = 0,
        causal: bool = False,
        positions: str = "rotary",
        patch: int = 1,
        pool: str = "mean",
        activation: str = "gelu",
        norm: str = "layer",
        dropout: float = 0.0,
    ) -> None:
        super().__init__()
        positive(patch=patch)
        if outputs == 0 and vocab == 0:
            raise ValueError(
                "outputs is 0 and vocab is 0; a language model (outputs 0) needs tokens. "
                "Give outputs, or vocab."
            )
        if patch > 1 and vocab:
            raise ValueError(
                f"patch is {patch}, but texts are read token by token. Leave patch out."
            )
        self.patch, self.outputs = patch, outputs
        self.inputs = SequenceInput(vocab=vocab, in_channels=in_channels, width=width, std=0.02)
        self.enter = nn.Linear(in_channels * patch, width) if in_channels else nn.Identity()
        if isinstance(self.enter, nn.Linear):
            self.enter.feeds = "attention"  # type: ignore[assignment]  # for init: no activation follows
        self.positions = Positions(positions, length=-(-length // patch), width=width)
        self.dropout = Dropout(dropout)
        self.blocks = nn.ModuleList(
            blocks(
                depth,
                width=width,
                num_heads=num_heads,
                hidden_size=hidden_size,
                causal=causal,
                positions=positions,
                activation=activation,
                norm=norm,
                dropout=dropout,
            )
        )
        self.norm = norm_layer(norm, width)
        self.pool = SequencePool(pool if outputs else "none")
        self.output = output_layer(width, outputs) if outputs else None

    def forward(self, inputs: Tensor, lengths: Tensor | None = None) -> Tensor:
        x, real = self.inputs(inputs, lengths)
        if self.patch > 1:
            missing = -x.shape[1] % self.patch
            if real is None:  # the first patch is filled up with its own first step
                x = torch.cat([x[:, :1].expand(-1, missing, -1), x], 1)
            else:  # padding stands at the end: so do zeros in a row's last patch
                x, real = F.pad(x, (0, 0, 0, missing)), F.pad(real, (0, missing))
                real = real.unflatten(1, (-1, self.patch)).any(2)
            x = x.unflatten(1, (-1, self.patch)).flatten(2)  # (batch, patches, patch * channels)
        x = self.dropout(self.positions(self.enter(x)))
        for block in self.blocks:
            x = block(x, real)
        x = self.norm(x)
        if self.output is None:
            assert self.inputs.embedding is not None
            return F.linear(x, self.inputs.embedding.weight)
        return self.output(self.dropout(self.pool(x, real)))


def blocks(
    depth: int,
    *,
    width: int,
    num_heads: int,
    hidden_size: int,
    causal: bool,
    positions: str,
    activation: str,
    norm: str,
    dropout: float,
) -> "list[Block]":
    """Return `depth` blocks of one kind. hidden_size: 0 for four times the width."""
    positive(width=width, depth=depth)
    choice("norm", norm, ("layer", "rms", "none"))
    return [
        Block(
            width,
            num_heads=num_heads,
            hidden_size=hidden_size or 4 * width,
            causal=causal,
            rotary=positions == "rotary",
            activation=activation,
            norm=norm,
            dropout=dropout,
            depth=depth,
        )
        for _ in range(depth)
    ]


class Block(nn.Module):
    """(batch, time, width), real bool (batch, time) or None -> (batch, time, width)."""

    def __init__(
        self,
        width: int,
        *,
        num_heads: int,
        hidden_size: int,
        causal: bool,
        rotary: bool,
        activation: str,
        norm: str,
        dropout: float,
        depth: int,
    ) -> None:
        super().__init__()
        self.norm1 = norm_layer(norm, width)
        self.attention = MultiHeadAttention(
            width=width, num_heads=num_heads, causal=causal, rotary=rotary, dropout=dropout
        )
        self.norm2 = norm_layer(norm, width)
        self.expand = nn.Linear(width, hidden_size)
        self.activation = activation_layer(activation)
        self.contract = nn.Linear(hidden_size, width)
        self.dropout = Dropout(dropout)
        for last in (self.attention.out, self.contract):
            # 2 branches a layer add up: GPT-2's scale keeps their sum the same at any depth.
            nn.init.normal_(last.weight, std=0.02 / (2 * depth) ** 0.5)
            nn.init.zeros_(last.bias)
            last.own_init = True  # type: ignore[assignment]  # a mark on the module, no sub-module

    def forward(self, x: Tensor, real: Tensor | None) -> Tensor:
        return self.transform(x + self.dropout(self.attention(self.norm1(x), real)))

    def step(self, x: Tensor, past: Past | None, mask: Tensor, at: Tensor) -> tuple[Tensor, Past]:
        """Answer for new steps that see those of `past` too (`MultiHeadAttention.step`)."""
        x, past = self.gather(x, past, mask, at)
        return self.transform(x), past

    def gather(self, x: Tensor, past: Past | None, mask: Tensor, at: Tensor) -> tuple[Tensor, Past]:
        """The first half of `step`: attention, added to what came before."""
        gathered, past = self.attention.step(self.norm1(x), past, mask, at)
        return x + self.dropout(gathered), past

    def transform(self, x: Tensor) -> Tensor:
        """The second half: the two-layer net, added to what came before."""
        return x + self.dropout(self.contract(self.activation(self.expand(self.norm2(x)))))
