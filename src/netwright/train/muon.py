"""Muon: momentum made orthogonal, for the weights of hidden linear and convolutional layers.

m = beta m + (1 - beta) g;  u = g + beta (m - g);  W = W - lr (0.2 sqrt(max(rows, columns)) orth(u)
+ decay W), where orth brings all singular values of a matrix near 1 (five Newton-Schulz steps). A
convolution's weight is read as (out_channels, everything else), as in its author's image records.

Jordan et al. 2024, "Muon: An optimizer for hidden layers in neural networks"; the factor that gives
updates AdamW's size is of Liu et al. 2025, arXiv:2502.16982. Different from torch.optim.Muon:
convolutions too, and float32 on a CPU, where bfloat16 products are slow.
"""

from collections.abc import Callable, Iterable
from typing import Any

import torch
from torch import Tensor

from netwright.train.lean import Lean

__all__ = ["Muon"]

# Jordan's polynomial: steep at 0, so that small singular values rise fast; it ends within 0.7..1.2,
# which is enough.
A, B, C, STEPS = 3.4445, -4.7750, 2.0315, 5


class Muon(Lean):
    """Steps tensors of 2 axes or more."""

    def __init__(
        self,
        params: Iterable[Tensor],
        *,
        lr: float,
        momentum: float = 0.95,
        weight_decay: float = 0.0,
    ) -> None:
        super().__init__(params, {"lr": lr, "momentum": momentum, "weight_decay": weight_decay})

    @torch.no_grad()
    def step(self, closure: Callable[[], Any] | None = None) -> None:  # type: ignore[override]
        """Step every parameter that has a gradient. A closure is not supported."""
        assert closure is None
        for group in self.param_groups:
            for p in group["params"]:
                if p.grad is None:
                    continue
                state = self.state[p]
                if not state:
                    state["momentum"] = torch.zeros_like(p)
                m = state["momentum"]
                m.lerp_(p.grad, 1 - group["momentum"])
                update = p.grad.lerp(m, group["momentum"]).flatten(1)
                size = 0.2 * max(update.shape) ** 0.5
                p.mul_(1 - group["lr"] * group["weight_decay"])
                p.add_(orthogonal(update).view(p.shape), alpha=-group["lr"] * size)


def orthogonal(matrix: Tensor) -> Tensor:
    """Return the matrix, or each of several (..., rows, columns), with its singular values brought
    near 1."""
    x = matrix if matrix.device.type == "cpu" else matrix.bfloat16()
    wide = x.shape[-2] <= x.shape[-1]
    x = x if wide else x.mT
    x = x / (x.norm(dim=(-2, -1), keepdim=True) + 1e-7)
    for _ in range(STEPS):
        gram = x @ x.mT
        x = A * x + (B * gram + C * gram @ gram) @ x
    return (x if wide else x.mT).to(matrix.dtype)
