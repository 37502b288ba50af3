"""Siamese net: one tower reads two inputs, and their distance says whether they are of one kind.

e = tower(x),  logit of "the same" = w |e_1 - e_2| + b, or minus the distance ||e_1 - e_2||.

Bromley et al. 1993 (NIPS); the weighted distance of Koch, Zemel and Salakhutdinov 2015. Different
from them: w starts below 0 (far apart means "different"); embeddings may be brought to length 1, as
losses on triplets ask for (Schroff, Kalenichenko and Philbin 2015, arXiv:1503.03832).
"""

from collections.abc import Sequence

from torch import Tensor, nn
from torch.nn import functional as F

from netwright.nets._layers import choice, positive
from netwright.nets.cnn import CNN
from netwright.nets.mlp import MLP

__all__ = ["Siamese"]


class Siamese(nn.Module):
    """first, second (batch, *shape) -> (batch, 1), the logit of "the same"; first alone ->
    (batch, embed_dim), its embedding.

    Rows are images (batch, in_channels, height, width), read by a CNN of `channels` with `convs`
    convolutions a block, or numbers (batch, numeric), read by an MLP of `widths`. normalise: bring
    embeddings to length 1. compare: "weighted" learns w and b; "distance" has nothing to learn, for
    objectives on embeddings.
    """

    answers = "likeness"

    def __init__(
        self,
        *,
        numeric: int = 0,
        cardinalities: Sequence[int] = (),
        in_channels: int = 0,
        height: int = 0,
        width: int = 0,
        embed_dim: int = 64,
        channels: Sequence[int] = (32, 64, 64),
        convs: int | Sequence[int] = 1,
        widths: Sequence[int] = (128, 128),
        activation: str = "relu",
        norm: str = "batch",
        dropout: float = 0.0,
        normalise: bool = False,
        compare: str = "weighted",
    ) -> None:
        super().__init__()
        positive(embed_dim=embed_dim)
        choice("compare", compare, ("weighted", "distance"))
        if cardinalities or bool(numeric) == bool(in_channels):
            raise ValueError(
                f"numeric is {numeric}, in_channels is {in_channels} and cardinalities is "
                f"{list(cardinalities)}; a Siamese net reads either numbers or images. Give "
                "numeric, or in_channels with height and width, and leave categories out."
            )
        self.tower: CNN | MLP
        if in_channels:
            self.tower = CNN(
                in_channels=in_channels, height=height, width=width, outputs=embed_dim,
                channels=channels, convs=convs, hidden=0, activation=activation, norm=norm,
                dropout=dropout,
            )  # fmt: skip
        else:
            self.tower = MLP(
                numeric=numeric, outputs=embed_dim, widths=widths, activation=activation,
                norm=norm, dropout=dropout,
            )  # fmt: skip
        # The same for both, so no distance would see it.
        self.tower.layers[-1].register_parameter("bias", None)
        self.normalise = normalise
        self.compare: nn.Linear | None = None
        if compare == "distance":
            return
        self.compare = nn.Linear(embed_dim, 1)
        nn.init.constant_(self.compare.weight, -(embed_dim**-0.5))
        nn.init.zeros_(self.compare.bias)
        self.compare.own_init = True  # type: ignore[assignment]  # a mark on the module, no sub-module

    def forward(self, first: Tensor, second: Tensor | None = None) -> Tensor:
        if second is None:
            return self.embed(first)
        apart = self.embed(first) - self.embed(second)
        if self.compare is None:
            return -apart.norm(dim=1, keepdim=True)
        return self.compare(apart.abs())

    def embed(self, x: Tensor) -> Tensor:
        """(batch, *shape) -> (batch, embed_dim)."""
        vectors = self.tower(x)
        return F.normalize(vectors) if self.normalise else vectors
