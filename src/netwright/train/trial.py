"""trial: a few steps of Adam on a copy of a net, to see what it can learn at all."""

import copy
import math
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

from torch import Tensor, nn

from netwright.device import seeded
from netwright.train import lean
from netwright.train.freezing import train_mode_

__all__ = ["Trial", "trial"]


@dataclass(frozen=True)
class Trial:
    """net: the trained copy, in train mode. losses: before each step. ended: what ended it."""

    net: nn.Module
    losses: list[float]
    ended: Literal["steps", "time", "goal", "not finite"]


def trial(
    net: nn.Module,
    loss: Callable[[nn.Module], Tensor],
    *,
    lr: float,
    steps: int,
    seconds: float,
    goal: Callable[[nn.Module, float], bool] | None = None,
    seed: int = 0,
) -> Trial:
    """Train a copy of `net` by Adam (Kingma and Ba 2015) until a bound or the goal is reached.

    loss: the mean loss of a net, with its graph. goal: given the net and its loss, whether that is
    enough; asked every ten steps. The first step is taken however short the time.
    """
    net = copy.deepcopy(net)
    train_mode_(net)
    parameters = [p for p in net.parameters() if p.requires_grad]
    fused = True if parameters[0].device.type in ("cpu", "cuda") else None
    optimizer = lean.Adam(parameters, lr=lr, fused=fused)
    end = time.monotonic() + seconds
    losses: list[float] = []
    with seeded(seed):
        while len(losses) < steps:
            optimizer.zero_grad()
            found = loss(net)
            losses.append(float(found.detach()))
            if not math.isfinite(losses[-1]):
                return Trial(net, losses, "not finite")
            if goal is not None and len(losses) % 10 == 1 and goal(net, losses[-1]):
                return Trial(net, losses, "goal")
            if len(losses) > 1 and time.monotonic() > end:
                return Trial(net, losses, "time")
            if found.requires_grad:
                found.backward()
            optimizer.step()
    return Trial(net, losses, "steps")
