"""Vision Transformer: a picture is cut into patches, which a Transformer reads like words.

x_0 = [class token, W patch_1, ..., W patch_n] + positions,  then the layers of a Transformer;
outputs = W norm(x)[class token].

Dosovitskiy et al. 2021, arXiv:2010.11929. Different from the paper: the mean of the patches may be
read in place of a class token (as in Zhai et al. 2022, arXiv:2106.04560); positions may be sines of
row and column, which have nothing to learn (Beyer et al. 2022, arXiv:2205.01580); a picture whose
sides are no multiples of the patch is filled up with zeros.
"""

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from netwright.nets._layers import Dropout, choice, norm_layer, output_layer, positive
from netwright.nets.transformer import Block

__all__ = ["VisionTransformer"]

# Up to this many pixels a side, patches of 4 leave enough of them; larger pictures get the paper's.
SMALL_PICTURE, SMALL_PATCH, LARGE_PATCH = 64, 4, 16


class VisionTransformer(nn.Module):
    """(batch, in_channels, height, width) -> (batch, outputs).

    patch: pixels a side of a patch, 0 for 4 up to 64 pixels a side and 16 above. embed_dim: numbers
    a patch; hidden_size: units of the two-layer nets, 0 for four times as many. positions:
    "learned", "sines" or "none". pool: what is read, "token" or "mean".
    """

    sines: Tensor | None

    def __init__(
        self,
        *,
        in_channels: int,
        height: int,
        width: int,
        outputs: int,
        patch: int = 0,
        embed_dim: int = 128,
        depth: int = 4,
        num_heads: int = 4,
        hidden_size: int = 0,
        positions: str = "learned",
        pool: str = "token",
        activation: str = "gelu",
        dropout: float = 0.0,
    ) -> None:
        super().__init__()
        patch = patch or (SMALL_PATCH if min(height, width) <= SMALL_PICTURE else LARGE_PATCH)
        positive(
            in_channels=in_channels, height=height, width=width, outputs=outputs, patch=patch,
            embed_dim=embed_dim, depth=depth, num_heads=num_heads,
        )  # fmt: skip
        choice("positions", positions, ("learned", "sines", "none"))
        self.patch, self.pool = patch, choice("pool", pool, ("token", "mean"))
        self.size = (height, width)
        rows, columns = -(-height // patch), -(-width // patch)
        self.enter = nn.Conv2d(in_channels, embed_dim, patch, stride=patch)
        self.enter.feeds = "attention"  # type: ignore[assignment]  # for init: no activation follows
        self.token = nn.Parameter(torch.zeros(embed_dim)) if pool == "token" else None
        self.positions = (
            nn.Parameter(0.02 * torch.randn(rows * columns, embed_dim))
            if positions == "learned"
            else None
        )
        sines = sines_of(rows, columns, embed_dim) if positions == "sines" else None
        self.register_buffer("sines", sines, persistent=False)
        self.dropout = Dropout(dropout)
        self.blocks = nn.ModuleList(
            Block(
                embed_dim,
                num_heads=num_heads,
                hidden_size=hidden_size or 4 * embed_dim,
                causal=False,
                rotary=False,
                activation=activation,
                norm="layer",
                dropout=dropout,
                depth=depth,
            )
            for _ in range(depth)
        )
        self.norm = norm_layer("layer", embed_dim)
        self.output = output_layer(embed_dim, outputs)

    def forward(self, images: Tensor) -> Tensor:
        x = self.embed(images)
        for block in self.blocks:
            x = block(x, None)
        x = self.norm(x)
        return self.output(self.dropout(x[:, 0] if self.token is not None else x.mean(1)))

    def embed(self, images: Tensor) -> Tensor:
        """(batch, in_channels, height, width) -> (batch, tokens, embed_dim)."""
        height, width = images.shape[2:]
        if (height, width) != self.size:
            raise ValueError(
                f"Pictures are {height}x{width}, but positions were made for "
                f"{self.size[0]}x{self.size[1]}. Resize them, or build a net for their size."
            )
        images = F.pad(images, (0, -width % self.patch, 0, -height % self.patch))
        x = self.enter(images).flatten(2).transpose(1, 2)  # (batch, patches, embed_dim)
        places = self.positions if self.positions is not None else self.sines
        if places is not None:
            x = x + places
        if self.token is not None:
            x = torch.cat([self.token.expand(len(x), 1, -1), x], 1)
        return self.dropout(x)


def sines_of(rows: int, columns: int, embed_dim: int, *, longest: float = 10_000.0) -> Tensor:
    """Return (rows * columns, embed_dim): sines and cosines of the column, then of the row."""
    if embed_dim % 4:
        raise ValueError(
            f"embed_dim is {embed_dim}; positions of sines need a multiple of 4: a sine and a "
            f"cosine for the row and the column. Give embed_dim: {embed_dim + -embed_dim % 4}."
        )
    speeds = longest ** (-torch.arange(embed_dim // 4) / (embed_dim // 4))
    across = torch.arange(columns)[None, :, None] * speeds
    down = torch.arange(rows)[:, None, None] * speeds
    parts = [f(angle).expand(rows, columns, -1) for angle in (across, down)
             for f in (torch.sin, torch.cos)]  # fmt: skip
    return torch.cat(parts, -1).flatten(0, 1)
