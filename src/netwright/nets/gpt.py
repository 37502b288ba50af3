"""GPT: a transformer that sees earlier steps alone and tells what token comes next.

x = E[tokens];  x = x + attention(norm(x)), x = x + W_2 act(W_1 norm(x)) in each block;
logits = E norm(x), E the embedding (Press and Wolf 2017, arXiv:1608.05859).

Radford et al. 2018 and 2019 (GPT-2). Different from GPT-2: positions are rotary unless asked
otherwise (Su et al. 2021, arXiv:2104.09864), the linear layers start as PyTorch's do, and the
embedding's row of padding is one of its rows.
"""

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from netwright.nets._layers import Dropout, norm_layer, output_layer, positive
from netwright.nets._positions import Positions
from netwright.nets._sequence import SequenceInput, SequencePool
from netwright.nets.attention import Past, earlier
from netwright.nets.transformer import Block, blocks

__all__ = ["GPT"]

# Which steps so far are real, bool (batch, steps), and each block's keys and values.
State = tuple[Tensor, tuple[Past, ...]]


class GPT(nn.Module):
    """int64 tokens (batch, time), 0 is padding -> (batch, time, vocab): scores of what comes next.

    With outputs it answers for the row, (batch, outputs), from the last real step (GPT-1's
    fine-tuning). length: steps a row, needed for learned positions alone. width, depth, num_heads,
    hidden_size: of the blocks, as in transformer. positions: "rotary", "learned", "sinusoidal" or
    "none".
    """

    def __init__(
        self,
        *,
        vocab: int,
        outputs: int = 0,
        length: int = 0,
        width: int = 128,
        depth: int = 4,
        num_heads: int = 4,
        hidden_size: int = 0,
        positions: str = "rotary",
        activation: str = "gelu",
        norm: str = "layer",
        dropout: float = 0.1,
    ) -> None:
        super().__init__()
        positive(vocab=vocab)
        self.inputs = SequenceInput(vocab=vocab, in_channels=0, width=width, std=0.02)
        self.positions = Positions(positions, length=length, width=width)
        self.dropout = Dropout(dropout)
        self.blocks = nn.ModuleList(
            blocks(
                depth,
                width=width,
                num_heads=num_heads,
                hidden_size=hidden_size,
                causal=True,
                positions=positions,
                activation=activation,
                norm=norm,
                dropout=dropout,
            )
        )
        self.norm = norm_layer(norm, width)
        self.pool = SequencePool("last")
        self.output = output_layer(width, outputs) if outputs else None

    def forward(self, tokens: Tensor) -> Tensor:
        x, real = self.inputs(tokens)
        x = self.dropout(self.positions(x))
        for block in self.blocks:
            x = block(x, None)  # padding comes after the text, where no step looks
        x = self.norm(x)
        if self.output is not None:
            return self.output(self.dropout(self.pool(x, real)))
        return self._scores(x)

    def step(self, tokens: Tensor, state: State | None = None) -> tuple[Tensor, State]:
        """The next tokens of rows, one or more -> (batch, time, vocab), state to go on from.

        What earlier steps gave is kept, so that a token costs one step and not the whole row again.
        Padding takes no position: rows of unequal lengths go on as if each were alone. The state's
        tensors have the batch first.
        """
        if self.output is not None:
            raise ValueError(
                "This net answers for whole rows, so there is nothing to generate step by step. "
                "Build it with outputs: 0."
            )
        x, new = self.inputs(tokens, first=state is None)
        seen, pasts = (new[:, :0], (None,) * len(self.blocks)) if state is None else state
        real = torch.cat([seen, new], 1)
        at = (real.cumsum(1) - 1).clamp_min(0)[:, -new.shape[1] :]
        mask = earlier(real.shape[1], x.device)[-new.shape[1] :] & real[:, None]
        x = self.dropout(self.positions(x, at))
        kept = []
        for block, past in zip(self.blocks, pasts, strict=True):
            assert isinstance(block, Block)
            x, past = block.step(x, past, mask.unsqueeze(1), at)
            kept.append(past)
        return self._scores(self.norm(x)), (real, tuple(kept))

    def _scores(self, x: Tensor) -> Tensor:
        assert self.inputs.embedding is not None
        return F.linear(x, self.inputs.embedding.weight)
