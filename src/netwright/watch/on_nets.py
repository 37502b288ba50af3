"""Interventions on nets: weights, modes, activations, dropout, rows kept apart."""

import weakref
from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from netwright.watch.rewire import Undo, around_nets, rewired, together

__all__ = ["ON_NETS"]

# Where torch keeps them; modules and methods end there or are named here too.
ACTIVATIONS = [
    (owner, name) for owner in (torch, F, Tensor) for name in ("relu", "sigmoid", "tanh", "softmax")
] + [(F, "elu"), (F, "leaky_relu"), (F, "softplus")]


def reinitialize() -> Undo:
    """Draw the weights anew, as torch's layers do, before a net's first call."""
    seen: weakref.WeakSet[nn.Module] = weakref.WeakSet()
    loaded: weakref.WeakSet[nn.Module] = weakref.WeakSet()

    def before(net: nn.Module, args: tuple[Any, ...]) -> tuple[Any, ...]:
        if net not in seen:
            seen.add(net)
            for module in net.modules():
                reset = getattr(module, "reset_parameters", None)
                if reset is not None and module not in loaded:
                    with torch.no_grad():
                        reset()
        return args

    def make_load(original: Any) -> Any:
        def load_state_dict(self: nn.Module, *args: Any, **kwargs: Any) -> Any:
            loaded.update(self.modules())
            return original(self, *args, **kwargs)

        return load_state_dict

    return together([rewired(nn.Module, "load_state_dict", make_load), around_nets(before=before)])


def set_mode() -> Undo:
    """Put a net into train mode where gradients are on, into eval mode elsewhere."""

    def before(net: nn.Module, args: tuple[Any, ...]) -> tuple[Any, ...]:
        net.train(torch.is_grad_enabled())
        return args

    return around_nets(before=before)


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
    """Make the sigmoid and tanh modules of a net ReLUs, its last module left out."""
    seen: weakref.WeakSet[nn.Module] = weakref.WeakSet()

    def before(net: nn.Module, args: tuple[Any, ...]) -> tuple[Any, ...]:
        if net not in seen:
            seen.add(net)
            last = list(net.modules())[-1]
            for module in net.modules():
                for name, child in module.named_children():
                    if isinstance(child, nn.Sigmoid | nn.Tanh) and child is not last:
                        setattr(module, name, nn.ReLU())
        return args

    return around_nets(before=before)


def scale_dropout(factor: float) -> Undo:
    """Leave out `factor` times the share of units, in layers, functions and recurrent nets."""
    saved: list[tuple[nn.RNNBase, float]] = []

    def make(original: Any) -> Any:
        def dropout(input: Tensor, p: float = 0.5, *args: Any, **kwargs: Any) -> Tensor:
            return original(input, p * factor, *args, **kwargs)

        return dropout

    def before(net: nn.Module, args: tuple[Any, ...]) -> tuple[Any, ...]:
        for module in net.modules():
            if isinstance(module, nn.RNNBase) and all(module is not one for one, _ in saved):
                saved.append((module, module.dropout))
                module.dropout *= factor
        return args

    def put_back() -> None:
        for module, share in saved:
            module.dropout = share

    names = ("dropout", "dropout1d", "dropout2d", "dropout3d", "alpha_dropout")
    undo = [rewired(F, name, make) for name in names]
    return together([put_back, *undo, around_nets(before=before)])


def rows_apart() -> Undo:
    """Put each row through a net by itself, as a batch of one: nothing of one reaches another."""
    inside = False

    def make(original: Any) -> Any:
        def __call__(self: nn.Module, *args: Any, **kwargs: Any) -> Any:
            nonlocal inside
            ours = not inside and len(args) == 1 and isinstance(args[0], Tensor)
            if not ours or kwargs or len(args[0]) < 2 or next(self.parameters(), None) is None:
                return original(self, *args, **kwargs)
            inside = True
            try:
                return torch.vmap(
                    lambda row: original(self, row[None]).squeeze(0), randomness="different"
                )(args[0])
            finally:
                inside = False

        return __call__

    return rewired(nn.Module, "__call__", make)


def batch_first() -> Undo:
    """Let recurrent and attention layers take the first axis for the batch, where it was not."""

    def before(net: nn.Module, args: tuple[Any, ...]) -> tuple[Any, ...]:
        for module in net.modules():
            if isinstance(module, nn.RNNBase | nn.MultiheadAttention):
                module.batch_first = True
        return args

    return around_nets(before=before)


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


ON_NETS: dict[str, Callable[..., Undo]] = {
    "reinitialize": reinitialize,
    "set-mode": set_mode,
    "raw-outputs": raw_outputs,
    "softmax-outputs": softmax_outputs,
    "scale-dropout": scale_dropout,
    "rows-apart": rows_apart,
    "batch-first": batch_first,
    "softmax-of-one": softmax_of_one,
    "softmax-of-row": softmax_of_row,
    "leaky-relu": leaky_relu,
    "relu-inside": relu_inside,
    "stable-operations": stable_operations,
}
