"""Reconstruction: a net is asked for its own inputs, through a code too short, too sparse or too
noisy to hold them all.

plain: mean of (rebuilt - x)^2 ("mse") or |rebuilt - x| ("mae"). denoising: the net's `noise` and
`masking` spoil what it sees in training, never what it is asked for (Vincent et al. 2008). sparse:
+ sparsity * penalty of the code, "l1": mean of |code|, or "kl": KL(active || mean activation) of
sigmoid(code), mean over the units (Ng 2011, CS294A). variational: + kl_weight * KL(q(z | x) ||
Normal(0, 1)) / numbers: with "mse" that is, up to a factor, the negative ELBO of a decoder whose
variance is kl_weight / 2 (Kingma and Welling 2014, arXiv:1312.6114); the weight rises from 0 over
the first kl_warmup steps (Bowman et al. 2016, arXiv:1511.06349).
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, ClassVar, Literal

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from netwright.data.data import Batch, Data
from netwright.data.set_aside import ANOMALY
from netwright.errors import UsageError
from netwright.nets.variational_autoencoder import kl_divergence
from netwright.objectives._objective import Epoch
from netwright.objectives._rows import prepared_batches

__all__ = ["Reconstruction", "rebuilt_of", "row_errors"]

LOSSES = {"mse": F.mse_loss, "mae": F.l1_loss}


@dataclass(frozen=True, kw_only=True)
class Reconstruction:
    """loss: of each number. sparsity: weight of the code's penalty; active: share of the time that
    a unit is to be active ("kl"). kl_weight, kl_warmup (steps): of a variational autoencoder."""

    takes: ClassVar[tuple[str, ...]] = ("reconstruction",)
    groups: ClassVar[tuple[str, ...]] = ("net",)

    loss: Literal["mse", "mae"] = "mse"
    sparsity: float = 0.0
    penalty: Literal["l1", "kl"] = "l1"
    active: float = 0.05
    kl_weight: float = 1.0
    kl_warmup: int = 0

    def __post_init__(self) -> None:
        for name, value, choices in (
            ("loss", self.loss, tuple(LOSSES)),
            ("penalty", self.penalty, ("l1", "kl")),
        ):
            if value not in choices:
                raise UsageError(f"objective.{name} is {value!r}; expected {' or '.join(choices)}.")
        if min(self.sparsity, self.kl_weight, self.kl_warmup) < 0 or not 0 < self.active < 1:
            raise UsageError(
                f"objective.sparsity is {self.sparsity}, kl_weight {self.kl_weight}, kl_warmup "
                f"{self.kl_warmup} and active {self.active}; expected weights and steps of at "
                "least 0, and active between 0 and 1."
            )

    def batches(self, data: Data, epoch: Epoch) -> Iterator[Batch]:
        """Yield one shuffled epoch of the training split from batch `start` on."""
        return prepared_batches(data, epoch)

    def step(self, net: Any, batch: Batch, rng: torch.Generator | None = None) -> dict[str, Tensor]:
        """Return {"net": mean loss of the batch}. net: what answers with "reconstruction"."""
        target: Tensor = net.target(*batch.inputs)
        if self.sparsity:
            code = _code_of(net, batch)
            return {"net": self._error(net.decode(code), target) + self.sparsity * self._of(code)}
        answer = net(*batch.inputs)
        if isinstance(answer, Tensor):
            return {"net": self._error(answer, target)}
        rebuilt, mean, log_variance = answer
        warmed = min(1.0, int(net.steps) / self.kl_warmup) if self.kl_warmup else 1.0
        weight = self.kl_weight * warmed
        divergence = kl_divergence(mean, log_variance).mean() / target[0].numel()
        return {"net": self._error(rebuilt, target) + weight * divergence}

    def compute(
        self, outputs: Tensor, targets: Tensor, *, members: int = 0, smooth: bool = True
    ) -> Tensor:
        """Return the mean error. outputs: `row_errors` (rows, 2); rows whose target is ANOMALY do
        not count where there are others."""
        normal = targets != ANOMALY
        kept = outputs[normal] if bool(normal.any()) else outputs
        return kept[:, list(LOSSES).index(self.loss)].mean()

    def _error(self, rebuilt: Tensor, target: Tensor) -> Tensor:
        return LOSSES[self.loss](rebuilt, target)

    def _of(self, code: Tensor) -> Tensor:
        """Return the penalty of a code (batch, code_size)."""
        if self.penalty == "l1":
            return code.abs().mean()
        found = code.sigmoid().mean(0).clamp(1e-6, 1 - 1e-6)
        wanted = torch.full_like(found, self.active)
        return (wanted * (wanted / found).log()).mean() + (
            (1 - wanted) * ((1 - wanted) / (1 - found)).log()
        ).mean()


def _code_of(net: Any, batch: Batch) -> Tensor:
    """Return the code of rows as training spoils them, (batch, code_size)."""
    if not hasattr(net, "spoil"):
        raise UsageError(
            "objective.sparsity needs a code that is a row of numbers: use net.name=autoencoder, "
            "or set it to 0."
        )
    code: Tensor = net.encoder(net.spoil(net.rows(*batch.inputs)))
    return code


def rebuilt_of(net: nn.Module, inputs: tuple[Tensor, ...]) -> Tensor:
    """Return what a net makes of rows, (batch, *shape)."""
    answer = net(*inputs)
    rebuilt: Tensor = answer if isinstance(answer, Tensor) else answer[0]
    return rebuilt


def row_errors(net: Any, inputs: tuple[Tensor, ...]) -> Tensor:
    """Return the mean squared and the mean absolute error of each row, (batch, 2)."""
    off = (rebuilt_of(net, inputs) - net.target(*inputs)).float().flatten(1)
    return torch.stack([off.square().mean(1), off.abs().mean(1)], 1)
