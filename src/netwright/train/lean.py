"""torch's optimisers without the wrappers that concern its compiler alone.

torch.optim imports torch._dynamo at the first use of an optimiser, to keep the compiler out of four
methods: 1.5 s of every run, none of which compiles an optimiser. Behind the wrappers
(`__wrapped__`) lie the same methods; only `differentiable=True` is not offered.
"""

from collections.abc import Callable
from typing import Any

import torch
from torch import optim

__all__ = ["SGD", "Adagrad", "Adam", "AdamW", "Lean", "RMSprop"]


def _plain(method: Callable[..., Any]) -> Callable[..., Any]:
    inner: Callable[..., Any] = getattr(method, "__wrapped__", method)
    return inner


def _step(kind: type[optim.Optimizer]) -> Any:
    return torch.no_grad()(_plain(kind.step))


class Lean(optim.Optimizer):
    """The base of ours."""

    add_param_group = _plain(optim.Optimizer.add_param_group)
    zero_grad = _plain(optim.Optimizer.zero_grad)
    state_dict = _plain(optim.Optimizer.state_dict)
    load_state_dict = _plain(optim.Optimizer.load_state_dict)


class SGD(Lean, optim.SGD):
    """torch.optim.SGD."""

    step = _step(optim.SGD)


class Adam(Lean, optim.Adam):
    """torch.optim.Adam."""

    step = _step(optim.Adam)


class AdamW(Lean, optim.AdamW):
    """torch.optim.AdamW."""

    step = _step(optim.AdamW)


class RMSprop(Lean, optim.RMSprop):
    """torch.optim.RMSprop."""

    step = _step(optim.RMSprop)


class Adagrad(Lean, optim.Adagrad):
    """torch.optim.Adagrad."""

    step = _step(optim.Adagrad)
