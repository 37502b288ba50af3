"""Encoder-decoder transformer: one reads the source, the other writes the target and looks back.

encoder: x = x + attention(norm(x)), x = x + W_2 act(W_1 norm(x)).
decoder: the same with causal attention, and between both x = x + cross_attention(norm(x), memory).
logits = E x + b, E the target's embedding.

Vaswani et al. 2017, arXiv:1706.03762. Different from the paper: norms come first (Xiong et al.
2020, arXiv:2002.04745), positions are rotary unless asked otherwise, branches end with weights
scaled down by depth as in GPT-2.
"""

from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from netwright.nets._layers import Dropout, norm_layer, positive
from netwright.nets._positions import Positions
from netwright.nets._sequence import SequenceInput
from netwright.nets.attention import CrossAttention, Past, earlier
from netwright.nets.transformer import Block, blocks

__all__ = ["TransformerSeq2Seq"]

# What the encoder leaves: its steps (batch, time, width) and which of them are real (batch, time).
Memory = tuple[Tensor, Tensor]
# Each block's keys and values, of the target's steps so far and of the memory.
State = tuple[tuple[Past, Past], ...]


class TransformerSeq2Seq(nn.Module):
    """source int64 (batch, time), given int64 (batch, steps) -> (batch, steps, vocab).

    given: the target moved one step to the right, a start token first; 0 is padding in both. The
    scores at a step are those of the token after it. source_vocab and vocab: tokens of source and
    target; shared: both read by one embedding. length: steps of the longest row, needed for learned
    positions alone. depth: blocks of the encoder and of the decoder. width, num_heads, hidden_size,
    positions: as in transformer.
    """

    def __init__(
        self,
        *,
        source_vocab: int,
        vocab: int,
        shared: bool = False,
        length: int = 0,
        width: int = 128,
        depth: int = 3,
        num_heads: int = 4,
        hidden_size: int = 0,
        positions: str = "rotary",
        activation: str = "gelu",
        norm: str = "layer",
        dropout: float = 0.1,
    ) -> None:
        super().__init__()
        positive(source_vocab=source_vocab, vocab=vocab, width=width)
        if shared and source_vocab != vocab:
            raise ValueError(
                f"shared asks for one embedding, but source_vocab is {source_vocab} and vocab is "
                f"{vocab}. Give both the same vocabulary, or shared: false."
            )
        start = width**-0.5
        self.target = SequenceInput(vocab=vocab, in_channels=0, width=width, std=start)
        self.source = (
            self.target
            if shared
            else SequenceInput(vocab=source_vocab, in_channels=0, width=width, std=start)
        )
        self.scale = width**0.5  # the paper's: of unit size as inputs, small as output weights
        self.positions = Positions(positions, length=length, width=width)
        self.dropout = Dropout(dropout)

        same: dict[str, Any] = {
            "width": width,
            "num_heads": num_heads,
            "hidden_size": hidden_size,
            "positions": positions,
            "activation": activation,
            "norm": norm,
            "dropout": dropout,
        }
        self.encoder = nn.ModuleList(blocks(depth, causal=False, **same))
        self.encoder_norm = norm_layer(norm, width)
        self.decoder = nn.ModuleList(
            DecoderBlock(block, width, num_heads=num_heads, norm=norm, dropout=dropout, depth=depth)
            for block in blocks(depth, causal=True, **same)
        )
        self.norm = norm_layer(norm, width)
        self.bias = nn.Parameter(torch.zeros(vocab))

    def forward(self, source: Tensor, given: Tensor) -> Tensor:
        return self.decode(self.encode(source), given)[0]

    def encode(self, source: Tensor) -> Memory:
        """Return what the decoder looks back at; rows of it may be picked, the batch is first."""
        x, real = self.source(source)
        x = self.dropout(self.positions(x * self.scale))
        for block in self.encoder:
            x = block(x, real)
        return self.encoder_norm(x), real

    def decode(
        self, memory: Memory, given: Tensor, state: State | None = None
    ) -> tuple[Tensor, State]:
        """The target's next tokens, one or more or all -> (batch, steps, vocab), state to go on
        from, whose tensors have the batch first."""
        states, real = memory
        x, _ = self.target(given)
        before = 0 if state is None else state[0][0][0].shape[2]
        at = torch.arange(before, before + x.shape[1], device=x.device)[None]
        mask = earlier(before + x.shape[1], x.device)[before:].expand(len(x), 1, -1, -1)
        x = self.dropout(self.positions(x * self.scale, at))
        kept = []
        for number, block in enumerate(self.decoder):
            assert isinstance(block, DecoderBlock)
            past, keys = (None, block.cross.keys(states)) if state is None else state[number]
            x, past = block(x, past, keys, real, mask, at)
            kept.append((past, keys))
        assert self.target.embedding is not None
        scores = F.linear(self.norm(x), self.target.embedding.weight, self.bias)
        return scores, tuple(kept)


class DecoderBlock(nn.Module):
    """A causal block of the transformer that looks at the memory before its two-layer net.

    x (batch, steps, width) -> the same, and the keys and values of all steps so far.
    """

    def __init__(
        self,
        block: Block,
        width: int,
        *,
        num_heads: int,
        norm: str,
        dropout: float,
        depth: int,
    ) -> None:
        super().__init__()
        self.block = block
        self.norm = norm_layer(norm, width)
        self.cross = CrossAttention(width=width, num_heads=num_heads, dropout=dropout)
        self.dropout = Dropout(dropout)
        nn.init.normal_(self.cross.out.weight, std=0.02 / (3 * depth) ** 0.5)
        nn.init.zeros_(self.cross.out.bias)
        self.cross.out.own_init = True  # type: ignore[assignment]  # a mark on the module

    def forward(
        self, x: Tensor, past: Past | None, keys: Past, real: Tensor, mask: Tensor, at: Tensor
    ) -> tuple[Tensor, Past]:
        x, past = self.block.gather(x, past, mask, at)
        x = x + self.dropout(self.cross.read(self.norm(x), keys, real))
        return self.block.transform(x), past
