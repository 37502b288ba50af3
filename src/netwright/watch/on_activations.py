"""Interventions on functions of nets: activations inside, and what their outputs go through."""

from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from netwright.watch.rewire import Undo, around_nets, rewired, together

__all__ = ["ON_ACTIVATIONS"]

# Where torch keeps them; modules and methods end there or are named here too.
ACTIVATIONS = [
    (owner, name) for owner in (torch, F, Tensor) for name in ("relu", "sigmoid", "tanh", "softmax")
] + [(F, "elu"), (F, "leaky_relu"), (F, "softplus")]


def raw_outputs() -> Undo:
    """Return a net's output as it was before its last activation."""
    return _outputs(lambda before: before, only_activated=True)


def softmax_outputs() -> Undo:
    """Return probabilities: the softmax of a net's output, in place of its last activation."""
    return _outputs(lambda before: torch.softmax(before, -1), only_activated=False)


def _outputs(change: Callable[[Tensor], Tensor], *, only_activated: bool) -> Undo:
    """Change a net's output as it was before its last activation, or as it is without one."""
    last: list[tuple[Tensor, Tensor]] = []

    def make(original: Any) -> Any:
        def activation(input: Tensor, *args: Any, **kwargs: Any) -> Any:
            result = original(input, *args, **kwargs)
            last[:] = [(input, result)]
            return result

        return activation

    def after(net: nn.Module, result: Any) -> Any:
        found, last[:] = last[:], []
        if not isinstance(result, Tensor):
            return result
        if found:
            before, activated = found[0]
            if result is activated:
                return change(before)
            if result._base is activated and result.numel() == activated.numel():
                return change(before.reshape(result.shape))  # squeezed
        return result if only_activated else change(result)

    undo = [rewired(owner, name, make) for owner, name in ACTIVATIONS]
    return together([*undo, around_nets(after=after)])


def softmax_of_one() -> Undo:
    """Make a softmax over a single column, which is 1 for every row, a sigmoid."""

    def make(original: Any) -> Any:
        def softmax(input: Tensor, *args: Any, **kwargs: Any) -> Any:
            dim = kwargs.get("dim", args[0] if args else None)
            if isinstance(dim, int) and input.ndim > 1 and input.shape[dim] == 1:
                return torch.sigmoid(input)
            return original(input, *args, **kwargs)

        return softmax

    return together([rewired(owner, "softmax", make) for owner in (torch, F, Tensor)])


def softmax_of_row() -> Undo:
    """Take a softmax over the batch along the last axis in its place."""

    def make(original: Any) -> Any:
        def softmax(input: Tensor, *args: Any, **kwargs: Any) -> Any:
            dim = kwargs.pop("dim", None)
            if args:
                dim, args = args[0], args[1:]
            if dim == 0 and input.ndim > 1:
                dim = -1
            return original(input, *args, dim=dim, **kwargs)

        return softmax

    owners = [(o, n) for o in (torch, F, Tensor) for n in ("softmax", "log_softmax")]
    return together([rewired(owner, name, make) for owner, name in owners])


def leaky_relu(slope: float = 0.01) -> Undo:
    """Give every ReLU a slope below 0."""

    def make(original: Any) -> Any:
        def relu(input: Tensor, *args: Any, **kwargs: Any) -> Tensor:
            return F.leaky_relu(input, slope)

        return relu

    return together([rewired(owner, "relu", make) for owner in (torch, F, Tensor)])


def relu_inside() -> Undo:
    """Make sigmoid and tanh inside of nets ReLUs; one that a net ends in stays."""
    calling = False
    last: list[tuple[Any, Tensor, Tensor]] = []

    def make(original: Any) -> Any:
        def activation(input: Tensor, *args: Any, **kwargs: Any) -> Tensor:
            if not calling:
                result: Tensor = original(input, *args, **kwargs)
                return result
            result = F.relu(input)
            last[:] = [(original, input, result)]
            return result

        return activation

    def before(net: nn.Module, args: tuple[Any, ...]) -> tuple[Any, ...]:
        nonlocal calling
        calling = True
        return args

    def after(net: nn.Module, result: Any) -> Any:
        nonlocal calling
        found, last[:], calling = last[:], [], False
        if found and result is found[0][2]:
            original, input, _ = found[0]
            return original(input)
        return result

    owners = [(owner, name) for owner in (torch, F, Tensor) for name in ("sigmoid", "tanh")]
    undo = [rewired(owner, name, make) for owner, name in owners]
    return together([*undo, around_nets(before=before, after=after)])


def stable_operations(epsilon: float) -> Undo:
    """Keep what `log` and `sqrt` are given at `epsilon` or above."""

    def make(original: Any) -> Any:
        def operation(input: Tensor, *args: Any, **kwargs: Any) -> Tensor:
            if input.is_floating_point():
                input = input.clamp(min=epsilon)
            return original(input, *args, **kwargs)

        return operation

    owners = [(owner, name) for owner in (torch, Tensor) for name in ("log", "sqrt")]
    return together([rewired(owner, name, make) for owner, name in owners])


ON_ACTIVATIONS: dict[str, Callable[..., Undo]] = {
    "raw-outputs": raw_outputs,
    "softmax-outputs": softmax_outputs,
    "softmax-of-one": softmax_of_one,
    "softmax-of-row": softmax_of_row,
    "leaky-relu": leaky_relu,
    "relu-inside": relu_inside,
    "stable-operations": stable_operations,
}
