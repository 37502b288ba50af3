"""What tells a net that reads all steps at once where each of them stands.

learned: a vector a step. sinusoidal: sines and cosines of the step, of wavelengths from 2 pi to
10000 * 2 pi (Vaswani et al. 2017). rotary and none add nothing here: rotary ones turn queries and
keys (`attention.rotate`).
"""

import torch
from torch import Tensor, nn

from netwright.nets._layers import choice

POSITIONS = ("learned", "sinusoidal", "rotary", "none")


class Positions(nn.Module):
    """(batch, time, width) -> the same with a vector for its position added to each step."""

    weight: nn.Parameter | None

    def __init__(self, kind: str, *, length: int, width: int) -> None:
        super().__init__()
        self.kind, self.width = choice("positions", kind, POSITIONS), width
        if kind == "learned" and length < 1:
            raise ValueError(
                "Learned positions need to know how many steps there are, but length is 0. "
                "Give length, or positions: rotary."
            )
        weight = nn.Parameter(torch.empty(length, width)) if kind == "learned" else None
        self.register_parameter("weight", weight)
        if weight is not None:
            nn.init.normal_(weight, std=0.02)

    def forward(self, x: Tensor, at: Tensor | None = None) -> Tensor:
        """at: int64 (batch, time), the position of each step where it is not its place."""
        if self.kind in ("rotary", "none"):
            return x
        steps = torch.arange(x.shape[1], device=x.device) if at is None else at
        if self.weight is None:
            return x + sinusoids(steps, self.width).to(x.dtype)
        longest = x.shape[1] if at is None else int(at.max()) + 1
        if longest > len(self.weight):
            raise ValueError(
                f"A row has {longest} steps, but positions were learned for {len(self.weight)}. "
                "Cut the row, or use positions: rotary."
            )
        return x + self.weight[steps]


def sinusoids(at: Tensor, width: int) -> Tensor:
    """int64 (..., time) -> (..., time, width): sines of rising wavelength, then their cosines."""
    half = (width + 1) // 2
    speeds = 10_000.0 ** (-torch.arange(half, device=at.device) / half)
    angles = at.unsqueeze(-1) * speeds
    return torch.cat([angles.sin(), angles.cos()], -1)[..., :width]
