"""What adversarial nets share: classes given to a generator and asked of a discriminator."""

import torch
from torch import Tensor, nn


class NoiseInput(nn.Module):
    """noise (batch, noise_size), classes int64 (batch,) or None -> (batch, out_features).

    A class is an embedding of noise_size numbers beside the noise (Mirza and Osindero 2014,
    arXiv:1411.1784).
    """

    def __init__(self, noise_size: int, classes: int) -> None:
        super().__init__()
        self.embedding = nn.Embedding(classes, noise_size) if classes else None
        self.out_features = noise_size * (2 if classes else 1)

    def forward(self, noise: Tensor, classes: Tensor | None) -> Tensor:
        if self.embedding is None:
            return noise
        return torch.cat([noise, self.embedding(_known(classes))], 1)


class Verdict(nn.Module):
    """features (batch, features), classes int64 (batch,) or None -> logits (batch, 1).

    logit = w h + b, with classes + v_class h: whether it is real, and of its class (projection
    discriminator, Miyato and Koyama 2018, arXiv:1802.05637).
    """

    def __init__(self, features: int, classes: int) -> None:
        super().__init__()
        self.linear = nn.Linear(features, 1)
        self.linear.feeds = "outputs"  # type: ignore[assignment]  # for init: no activation follows
        self.embedding = nn.Embedding(classes, features) if classes else None
        if self.embedding is not None:
            nn.init.normal_(self.embedding.weight, std=features**-0.5)

    def forward(self, features: Tensor, classes: Tensor | None) -> Tensor:
        logits = self.linear(features)
        if self.embedding is None:
            return logits
        return logits + (self.embedding(_known(classes)) * features).sum(1, keepdim=True)


def _known(classes: Tensor | None) -> Tensor:
    if classes is None:
        raise ValueError(
            "This net is conditional, but was called without classes. Give a class id for each "
            "row, int64 (batch,)."
        )
    return classes
