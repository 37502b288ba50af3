"""What flows through the layers in one forward pass: moments, zeros, dead and saturated units.

Modules are seen through forward hooks, activations written as functions (`F.relu(self.fc(x))`)
through a torch function mode; both exist during the watched pass only. Of each layer's output a
strided sample is copied at once (a later in-place ReLU must not change it); all samples of a pass
leave the device in one read, and the figures are made on the CPU.
"""

import math
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.nn import functional as F
from torch.overrides import TorchFunctionMode
from torch.utils.hooks import RemovableHandle

# Activations whose units can fall silent (output exactly 0) or saturate (a derivative near 0).
_FUNCTIONS: dict[Any, str] = {
    **dict.fromkeys((F.relu, torch.relu, torch.relu_, Tensor.relu, Tensor.relu_, F.relu6), "relu"),
    **dict.fromkeys((F.tanh, torch.tanh, torch.tanh_, Tensor.tanh, Tensor.tanh_), "tanh"),
    **dict.fromkeys(
        (F.sigmoid, torch.sigmoid, torch.sigmoid_, Tensor.sigmoid, Tensor.sigmoid_), "sigmoid"
    ),
}
_MODULES: tuple[tuple[type[nn.Module], str], ...] = (
    (nn.ReLU, "relu"),
    (nn.ReLU6, "relu"),
    (nn.Tanh, "tanh"),
    (nn.Sigmoid, "sigmoid"),
)
# tanh' = 1 - y^2 is under 0.05 beyond |y| = 0.9747. sigmoid' = y (1 - y) has a maximum of 0.25;
# the same share of it (0.0125) is reached beyond |y - 1/2| = 0.4873.
_TANH_EDGE, _SIGMOID_EDGE = 0.9747, 0.4873
# "Active on under 1 % of rows" cannot be told from fewer rows than this; smaller passes add up.
_ROWS = 256
# A share of units needs units: so many are looked at, where the layer has them.
_UNITS = 64
_CHANNELS_SECOND = (nn.modules.conv._ConvNd, nn.modules.batchnorm._NormBase, nn.GroupNorm)
_COMPOSITES = (nn.MultiheadAttention,)  # calls none of its children, so it stands for them

Row = tuple[str, str, float]


@dataclass
class _Call:
    place: str
    kind: str | None
    type_name: str
    sample: Tensor  # (rows, units)


class Activations:
    """Collects one forward pass of `net` between `attach_` and `detach_`; `rows` gives its figures.

    From pass to pass it remembers only on how many rows each unit was active, up to 256 rows.
    """

    def __init__(self, net: nn.Module, *, max_values: int) -> None:
        self.net = net
        self.batch = 0
        self.calls: dict[str, _Call] = {}
        self._max_values = max_values
        self._last: tuple[_Call, Tensor] | None = None
        self._second = False
        self._open = False
        self._first_only = False
        self._handles: list[RemovableHandle] = []
        self._mode: _Functions | None = None
        self._functional: bool | None = None  # whether this net calls activations as functions
        self._recent: dict[str, deque[tuple[int, NDArray[np.int64]]]] = {}

    def attach_(self, *, first_only: bool = False) -> None:
        """Hook the net and its leaf modules; a compiled net shows nothing inside, and is left.

        first_only: take the first pass and no other, where nobody calls `close` at the backward.
        """
        self.calls, self._last, self._first_only = {}, None, first_only
        if any(_is_compiled(module) for module in self.net.modules()):
            return
        self._open = True
        self._handles.append(self.net.register_forward_pre_hook(self._start, with_kwargs=True))
        for name, module in self.net.named_modules():
            if not module._modules or isinstance(module, _COMPOSITES):
                self._handles.append(module.register_forward_hook(self._hook(name)))
        self._handles.append(self.net.register_forward_hook(self._end, always_call=True))

    def close(self) -> None:
        """Take no further pass: the gradient of this one is being computed."""
        self._open = False
        self._last = None  # holds a tensor of the graph

    def detach_(self) -> None:
        """Remove every hook."""
        for handle in self._handles:
            handle.remove()
        self._handles.clear()
        self._leave()
        self.close()

    def seen(self, output: Tensor, *, kind: str | None, type_name: str, place: str | None) -> None:
        """Take a sample of a layer's output; `place` None: an activation called as a function."""
        if not (self._open and torch.is_grad_enabled()):
            return
        if not output.is_floating_point() or not output.numel() or not output.ndim:
            return
        if self._last is not None and self._last[1] is output and place is not None:
            # A module that ends in a functional activation: one layer, under the module's name.
            call = self._last[0]
            if "(" in call.place:
                del self.calls[call.place]
                call.place, call.type_name = place, type_name
                self.calls.setdefault(place, call)
                return
        if place is None:
            before = self._last[0].place if self._last is not None else ""
            place = f"{type_name}({before})"
        if place in self.calls:  # a module used twice is measured at its first use
            return
        call = _Call(place, kind, type_name, self._sample(output.detach()))
        self.calls[place] = call
        self._last = (call, output)

    def rows(self) -> list[Row]:
        """Return (signal, place, value) of the pass, and forget it."""
        calls, self.calls = list(self.calls.values()), {}
        if not calls:
            return []
        device = calls[0].sample.device
        flat = torch.cat([call.sample.reshape(-1).to(device) for call in calls])
        values = flat.double().cpu().numpy()
        sizes = [call.sample.numel() for call in calls]
        starts = np.cumsum([0, *sizes[:-1]])
        with np.errstate(all="ignore"):  # a sick net's infinities become nan, which says so
            means = np.add.reduceat(values, starts) / sizes
            powers = np.add.reduceat(values * values, starts) / sizes
            deviations = np.sqrt(np.maximum(powers - means * means, 0.0))
        zeros = np.add.reduceat(values == 0, starts, dtype=np.int64) / sizes
        rows: list[Row] = [("batch", "", float(self.batch))]
        for i, call in enumerate(calls):
            rows += [
                ("activation.mean", call.place, means[i]),
                ("activation.std", call.place, deviations[i]),
                ("activation.rms", call.place, math.sqrt(powers[i])),
                ("activation.zeros", call.place, zeros[i]),
            ]
            if call.kind is not None and math.isfinite(powers[i]):
                x = values[starts[i] : starts[i] + sizes[i]].reshape(call.sample.shape)
                rows += self._silence(call.place, call.kind, x)
        return rows

    def _silence(self, place: str, kind: str, x: NDArray[np.float64]) -> list[Row]:
        """The share of units that are dead (relu) or saturated, over the last 256 rows or more."""
        if kind == "relu":
            alive = x > 0
        elif kind == "tanh":
            alive = np.abs(x) < _TANH_EDGE
        else:
            alive = np.abs(x - 0.5) < _SIGMOID_EDGE
        counts = np.add.reduce(alive, axis=0, dtype=np.int64)
        recent = self._recent.setdefault(place, deque())
        if recent and recent[-1][1].shape != counts.shape:
            recent.clear()
        recent.append((x.shape[0], counts))
        num_rows = sum(n for n, _ in recent)
        while num_rows - recent[0][0] >= _ROWS:
            num_rows -= recent.popleft()[0]
        if num_rows < _ROWS:
            return []
        share = np.add.reduce([c for _, c in recent]) / num_rows
        if kind == "relu":
            return [("dead", place, np.count_nonzero(share < 0.01) / len(share))]
        return [("saturated", place, np.count_nonzero(share < 0.10) / len(share))]

    def _sample(self, x: Tensor) -> Tensor:
        """(batch, ..., units) or (batch, channels, ...) -> a strided copy, (rows, units)."""
        if x.ndim == 1:
            x = x[:, None]
        elif self._second and x.ndim > 2:
            x = x.movedim(1, -1)
        elif x.ndim == 2 and x.numel() <= self._max_values:
            return x.clone()  # always a copy: the layer's own memory may be written later
        num_units = x.shape[-1]
        units = min(num_units, max(_UNITS, self._max_values // _ROWS))
        left = max(self._max_values // units, 1)
        index = []
        for size in x.shape[:-1]:
            count = min(size, left)
            index.append(_spread(size, count))
            left = max(left // count, 1)
        index.append(_spread(num_units, units))
        part = x[tuple(index)]
        return part.clone(memory_format=torch.contiguous_format).reshape(-1, part.shape[-1])

    def _hook(self, name: str) -> Callable[[nn.Module, Any, Any], None]:
        def hook(module: nn.Module, args: Any, output: Any) -> None:
            if isinstance(output, list | tuple):
                output = next((o for o in output if isinstance(o, Tensor)), None)
            if not isinstance(output, Tensor):
                return
            kind = next((k for type_, k in _MODULES if isinstance(module, type_)), None)
            if isinstance(module, _CHANNELS_SECOND):
                self._second = True
            elif kind is None and not isinstance(
                module, nn.Dropout | nn.modules.pooling._MaxPoolNd
            ):
                self._second = False
            self.seen(output, kind=kind, type_name=type(module).__name__, place=name)

        return hook

    def _start(self, module: nn.Module, args: tuple[Any, ...], kwargs: dict[str, Any]) -> None:
        if not (self._open and torch.is_grad_enabled()):
            return
        # A pass before the one whose gradient is taken (a validation pass, say) is forgotten.
        self.calls, self._last, self._second = {}, None, False
        first = next((a for a in (*args, *kwargs.values()) if isinstance(a, Tensor)), None)
        self.batch = first.shape[0] if first is not None and first.ndim else 0
        if self._functional is not False and self._mode is None:
            self._mode = _Functions(self)
            self._mode.__enter__()

    def _end(self, module: nn.Module, args: Any, output: Any) -> None:
        if self._mode is not None:
            self._leave()
            self._functional = any("(" in place for place in self.calls)
        self._last = None
        if self._first_only and self.calls:
            self._open = False

    def _leave(self) -> None:
        if self._mode is not None:
            self._mode.__exit__(None, None, None)
            self._mode = None


def _is_compiled(module: nn.Module) -> bool:
    """Whether torch.compile was called on it, either way: a hook would be traced, or ignored."""
    return "_orig_mod" in module._modules or module._compiled_call_impl is not None


def _spread(size: int, count: int) -> slice:
    """Exactly `count` of `size` places, evenly spread."""
    step = size // count
    return slice(0, count * step, step)


class _Functions(TorchFunctionMode):
    """Shows `Activations` each activation that is called as a function."""

    def __init__(self, activations: Activations) -> None:
        super().__init__()
        self._activations = activations

    def __torch_function__(
        self, func: Any, types: Any, args: tuple[Any, ...] = (), kwargs: Any = None
    ) -> Any:
        output = func(*args, **(kwargs or {}))
        kind = _FUNCTIONS.get(func)
        if kind is not None and isinstance(output, Tensor):
            name = func.__name__.rstrip("_")
            self._activations.seen(output, kind=kind, type_name=name, place=None)
        return output
