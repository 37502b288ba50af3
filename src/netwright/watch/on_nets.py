"""Interventions on nets: weights, modes, dropout, normalisation, rows kept apart."""

import weakref
from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from netwright.watch.rewire import Undo, around_nets, rewired, together

__all__ = ["ON_NETS"]


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


def normalize_layers() -> Undo:
    """Give the outputs of linear and convolutional layers mean 0 and deviation 1 in each row, those
    of a net's last one left out."""
    counts: weakref.WeakKeyDictionary[nn.Module, int] = weakref.WeakKeyDictionary()
    number, last = 0, -1  # of the layers of the call under way; of the call before

    def make(original: Any) -> Any:
        def layer(input: Tensor, *args: Any, **kwargs: Any) -> Tensor:
            nonlocal number
            result: Tensor = original(input, *args, **kwargs)
            number += 1
            if number == last or result.ndim < 2 or last < 0:
                return result
            axes = [-1] if original.__name__ == "linear" else list(range(1, result.ndim))
            variance, mean = torch.var_mean(result, axes, correction=0, keepdim=True)
            return (result - mean) / (variance + 1e-5).sqrt()

        return layer

    def before(net: nn.Module, args: tuple[Any, ...]) -> tuple[Any, ...]:
        nonlocal number, last
        number, last = 0, counts.get(net, 0)
        return args

    def after(net: nn.Module, result: Any) -> Any:
        nonlocal last
        counts[net], last = number, -1
        return result

    undo = [rewired(F, name, make) for name in ("linear", "conv1d", "conv2d", "conv3d")]
    return together([*undo, around_nets(before=before, after=after)])


ON_NETS: dict[str, Callable[..., Undo]] = {
    "reinitialize": reinitialize,
    "set-mode": set_mode,
    "scale-dropout": scale_dropout,
    "normalize-layers": normalize_layers,
    "rows-apart": rows_apart,
    "batch-first": batch_first,
}
