"""Interventions on nets: weights, inputs, modes, activations."""

import weakref
from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from netwright.watch.rewire import Undo, around_nets, rewired, together

__all__ = ["ON_NETS"]

ENOUGH_ROWS = 512  # for the mean and the deviation of a feature
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


def standardize_inputs() -> Undo:
    """Subtract from a net's first input the mean of the first rows, divide by their deviation.

    Of every feature: a column of (batch, features), the last axis of three, a channel of four or
    more. Numbers that are not finite become the mean.
    """
    scales: weakref.WeakKeyDictionary[nn.Module, _Scale] = weakref.WeakKeyDictionary()

    def before(net: nn.Module, args: tuple[Any, ...]) -> tuple[Any, ...]:
        if not args or not isinstance(args[0], Tensor) or not args[0].is_floating_point():
            return args
        if args[0].ndim < 2:
            return args
        scale = scales.setdefault(net, _Scale())
        return (scale(args[0]), *args[1:])

    return around_nets(before=before)


class _Scale:
    """The running mean and deviation of each feature, fixed once enough rows were seen."""

    def __init__(self) -> None:
        self.rows = 0
        self.sums: Tensor | None = None
        self.squares: Tensor | None = None
        self.counts: Tensor | None = None

    def __call__(self, x: Tensor) -> Tensor:
        feature = -1 if x.ndim == 3 else 1
        shape = [1] * x.ndim
        shape[feature] = x.shape[feature]
        if self.rows < ENOUGH_ROWS and torch.is_grad_enabled():
            self._learn(x.detach().movedim(feature, -1).flatten(0, -2).double())
        if self.sums is None or self.squares is None or self.counts is None:
            return x
        mean = self.sums / self.counts
        deviation = (self.squares / self.counts - mean**2).clamp(min=0).sqrt()
        deviation[deviation < 1e-9 * mean.abs() + 1e-30] = 1.0  # a constant feature
        mean, deviation = mean.to(x.dtype).view(shape), deviation.to(x.dtype).view(shape)
        return torch.nan_to_num((x - mean) / deviation, nan=0.0, posinf=0.0, neginf=0.0)

    def _learn(self, rows: Tensor) -> None:
        known = torch.isfinite(rows)
        filled = torch.where(known, rows, 0.0)
        sums, squares, counts = filled.sum(0), (filled**2).sum(0), known.sum(0).clamp(min=1)
        if self.sums is None or self.squares is None or self.counts is None:
            self.sums, self.squares, self.counts = sums, squares, counts
        elif self.sums.shape == sums.shape:
            self.sums, self.squares = self.sums + sums, self.squares + squares
            self.counts = self.counts + counts
        self.rows += len(rows)


def impute() -> Undo:
    """Put 0 where a net's first input is no finite number."""

    def before(net: nn.Module, args: tuple[Any, ...]) -> tuple[Any, ...]:
        if args and isinstance(args[0], Tensor) and args[0].is_floating_point():
            clean = torch.nan_to_num(args[0], nan=0.0, posinf=0.0, neginf=0.0)
            return (clean, *args[1:])
        return args

    return around_nets(before=before)


def set_mode() -> Undo:
    """Put a net into train mode where gradients are on, into eval mode elsewhere."""

    def before(net: nn.Module, args: tuple[Any, ...]) -> tuple[Any, ...]:
        net.train(torch.is_grad_enabled())
        return args

    return around_nets(before=before)


def raw_outputs() -> Undo:
    """Return a net's output as it was before its last activation."""
    last: list[tuple[Tensor, Tensor]] = []

    def make(original: Any) -> Any:
        def activation(input: Tensor, *args: Any, **kwargs: Any) -> Any:
            result = original(input, *args, **kwargs)
            last[:] = [(input, result)]
            return result

        return activation

    def after(net: nn.Module, result: Any) -> Any:
        found, last[:] = last[:], []
        if not found or not isinstance(result, Tensor):
            return result
        before, activated = found[0]
        if result is activated:
            return before
        if result._base is activated and result.numel() == activated.numel():
            return before.reshape(result.shape)  # squeezed
        return result

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


def keep_graph() -> Undo:
    """Let `detach` inside a net return what it was called on."""
    calling = 0

    def make_detach(original: Any) -> Any:
        def detach(self: Tensor) -> Tensor:
            return self if calling and torch.is_grad_enabled() else original(self)

        return detach

    def before(net: nn.Module, args: tuple[Any, ...]) -> tuple[Any, ...]:
        nonlocal calling
        calling = 1
        return args

    def after(net: nn.Module, result: Any) -> Any:
        nonlocal calling
        calling = 0
        return result

    return together(
        [rewired(Tensor, "detach", make_detach), around_nets(before=before, after=after)]
    )


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
    "standardize-inputs": standardize_inputs,
    "impute": impute,
    "set-mode": set_mode,
    "raw-outputs": raw_outputs,
    "softmax-of-one": softmax_of_one,
    "softmax-of-row": softmax_of_row,
    "leaky-relu": leaky_relu,
    "relu-inside": relu_inside,
    "keep-graph": keep_graph,
    "stable-operations": stable_operations,
}
