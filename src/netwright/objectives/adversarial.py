"""Adversarial learning: a discriminator tells real rows from drawn ones, a generator deceives it.

"non-saturating", D the discriminator's logit: discriminator mean softplus(-D(x)) + mean
softplus(D(G(z))), generator mean softplus(-D(G(z))) (Goodfellow et al. 2014, arXiv:1406.2661), with
gradient_penalty / 2 * mean |dD/dx|^2 at real rows ("R1", Mescheder et al. 2018, arXiv:1801.04406).

"wasserstein": critic mean D(G(z)) - mean D(x) + gradient_penalty * mean (|dD/dx| - 1)^2 at rows
between both, generator -mean D(G(z)) (WGAN-GP, Gulrajani et al. 2017, arXiv:1704.00028), with
several critic steps for one of the generator, each on its own part of the batch.

Classes are given to both where the net has them (Mirza and Osindero 2014, arXiv:1411.1784).
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, ClassVar, Literal

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from netwright.data.data import Batch, Data
from netwright.errors import UsageError
from netwright.objectives._energy import energy_distance
from netwright.objectives._objective import Epoch
from netwright.objectives._rows import prepared_batches

__all__ = ["Adversarial"]

LOSSES = ("non-saturating", "wasserstein")


@dataclass(frozen=True, kw_only=True)
class Adversarial:
    """gradient_penalty: its weight, 0 for none. critic_steps: of the discriminator, for one of the
    generator."""

    takes: ClassVar[tuple[str, ...]] = ("samples",)
    groups: ClassVar[tuple[str, ...]] = ("discriminator", "generator")

    loss: Literal["non-saturating", "wasserstein"] = "non-saturating"
    gradient_penalty: float = 0.0
    critic_steps: int = 1

    def __post_init__(self) -> None:
        if self.loss not in LOSSES:
            raise UsageError(f"objective.loss is {self.loss!r}; expected {' or '.join(LOSSES)}.")
        if self.critic_steps < 1 or self.gradient_penalty < 0:
            raise UsageError(
                f"objective.critic_steps is {self.critic_steps} and gradient_penalty "
                f"{self.gradient_penalty}; expected at least one step and a weight of at least 0."
            )

    def batches(self, data: Data, epoch: Epoch) -> Iterator[Batch]:
        """Yield one shuffled epoch of the training split from batch `start` on. A batch is shared
        out among the critic's steps."""
        return prepared_batches(data, epoch)

    def step(
        self, net: Any, batch: Batch, rng: torch.Generator | None = None
    ) -> Iterator[tuple[str, Tensor]]:
        """Yield ("discriminator", its mean loss) as often as the critic steps, then ("generator",
        its mean loss). net: what answers with "samples"."""
        rows = batch.inputs[0]
        classes = batch.targets if net.classes else None
        parts = torch.arange(len(rows), device=rows.device).chunk(self.critic_steps)
        for part in parts:
            real, asked = rows[part], None if classes is None else classes[part]
            with torch.no_grad():
                drawn = net.generator(_noise(net, real, rng), asked)
            yield "discriminator", self._critic_loss(net.discriminator, real, drawn, asked, rng)
        real, asked = rows[parts[0]], None if classes is None else classes[parts[0]]
        logits = net.discriminator(net.generator(_noise(net, real, rng), asked), asked)
        yield (
            "generator",
            (F.softplus(-logits).mean() if self.loss == "non-saturating" else -logits.mean()),
        )

    def compute(
        self, outputs: Tensor, targets: Tensor, *, members: int = 0, smooth: bool = True
    ) -> Tensor:
        """Return the energy distance. outputs (rows, 2, numbers): a drawn row and a real one. The
        net's own losses say who leads, not how good either is."""
        return energy_distance(outputs[:, 0], outputs[:, 1])

    def _critic_loss(
        self,
        critic: nn.Module,
        real: Tensor,
        drawn: Tensor,
        classes: Tensor | None,
        rng: torch.Generator | None,
    ) -> Tensor:
        wasserstein, weight = self.loss == "wasserstein", self.gradient_penalty
        if weight and not wasserstein:
            real = real.detach().requires_grad_()
        of_real, of_drawn = critic(real, classes), critic(drawn, classes)
        if not wasserstein:
            loss = F.softplus(-of_real).mean() + F.softplus(of_drawn).mean()
            return loss + weight / 2 * _slope(of_real, real).square().mean() if weight else loss
        loss = of_drawn.mean() - of_real.mean()
        if not weight:
            return loss
        share = torch.rand(len(real), *[1] * (real.dim() - 1), generator=rng).to(real)
        between = torch.lerp(drawn, real, share).requires_grad_()
        return loss + weight * (_slope(critic(between, classes), between) - 1).square().mean()


def _slope(logits: Tensor, rows: Tensor) -> Tensor:
    """Return the norm of each row's gradient, (batch,)."""
    (slopes,) = torch.autograd.grad(logits.sum(), rows, create_graph=True)
    # The root has no slope at 0, where a critic without a say starts.
    return (slopes.flatten(1).square().sum(1) + 1e-12).sqrt()


def _noise(net: Any, rows: Tensor, rng: torch.Generator | None) -> Tensor:
    """Return noise (batch, noise_size) for as many rows, drawn on the CPU so that devices agree."""
    return torch.randn(len(rows), int(net.noise_size), generator=rng).to(rows)
