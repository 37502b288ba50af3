"""All parameters, gradients and moments of an optimiser in flat buffers: one kernel call a group.

The net's parameters and the optimiser's state become views into the buffers, so that `net`,
`optimizer.state_dict()` and `optimizer.step()` mean what they did; only the number of kernel calls
changes. Every parameter starts at a multiple of 64 bytes, as torch's own allocations do: matrix
kernels may round differently on other alignments.
"""

from collections.abc import Callable, Iterable
from typing import Any

import torch
from torch import Tensor, nn
from torch.optim import SGD, Adam, AdamW, Optimizer

from netwright.train import lean

__all__ = ["FlatOptimizer", "lay_out", "why_not_flat"]

ALIGNMENT_BYTES = 64
KINDS = (SGD, Adam, AdamW, lean.SGD, lean.Adam, lean.AdamW)


def why_not_flat(optimizer: Optimizer, parameters: Iterable[nn.Parameter]) -> str:
    """Say why `optimizer` over exactly `parameters` cannot be flattened; "" if it can."""
    ours = {id(p) for p in parameters}
    held = [p for group in optimizer.param_groups for p in group["params"]]
    if type(optimizer) not in KINDS:
        return f"{type(optimizer).__name__} is not SGD, Adam or AdamW"
    if {id(p) for p in held} != ours:
        return "the optimiser holds other parameters than the net's"
    if any(p.device.type != "cpu" for p in held):
        return "the parameters are not on the CPU"
    if len({p.dtype for p in held}) != 1 or held[0].dtype not in (torch.float32, torch.float64):
        return "the parameters are not all float32 or all float64"
    for group in optimizer.param_groups:
        unusual = [
            name
            for name in ("amsgrad", "maximize", "capturable", "differentiable", "dampening")
            if group.get(name)
        ]
        if unusual:
            return f"the optimiser uses {unusual[0]}"
        if isinstance(group["lr"], Tensor):
            return "the optimiser's lr is a tensor"
    return ""


def lay_out(parameters: Iterable[Tensor]) -> tuple[dict[Tensor, int], int]:
    """Return where each parameter begins in a flat buffer, and the size of the buffer."""
    starts: dict[Tensor, int] = {}
    at = 0
    for parameter in parameters:
        unit = ALIGNMENT_BYTES // parameter.element_size()
        starts[parameter] = at
        at += -(-parameter.numel() // unit) * unit
    return starts, at


class FlatOptimizer:
    """The state of `optimizer` in flat buffers. `gradient_of[parameter]` is where to put gradients.

    `step()` does what `optimizer.step()` would with those gradients. Build it after the optimiser's
    state was restored; a later `load_state_dict` would replace the views. parameters, gradients:
    the buffers to use, (size of `lay_out`,); None makes them.
    """

    def __init__(
        self,
        optimizer: Optimizer,
        *,
        parameters: Tensor | None = None,
        gradients: Tensor | None = None,
    ) -> None:
        self.optimizer = optimizer
        held = [p for group in optimizer.param_groups for p in group["params"]]
        starts, size = lay_out(held)
        firsts = [starts[group["params"][0]] for group in optimizer.param_groups]
        ends = [*firsts[1:], size]
        # The gaps between parameters stay 0: a zero with a zero gradient is stepped to zero.
        blank = torch.zeros(size, dtype=held[0].dtype)
        self.parameters = blank if parameters is None else parameters
        self.gradients = torch.zeros_like(self.parameters) if gradients is None else gradients
        self.gradient_of: dict[Tensor, Tensor] = {}
        for parameter, start in starts.items():
            view = _view(self.parameters, start, parameter)
            view.copy_(parameter.detach())
            parameter.data = view
            self.gradient_of[parameter] = _view(self.gradients, start, parameter)
        self._starts = starts
        self._buffers: dict[str, Tensor] = {}  # of the optimiser's state, by torch's names
        sgd = isinstance(optimizer, SGD)
        if not sgd:
            self._buffers = {name: self._adopt(name) for name in ("exp_avg", "exp_avg_sq")}
            self._buffers["step"] = self._adopt_steps()
        elif any(group["momentum"] for group in optimizer.param_groups):
            self._buffers["momentum_buffer"] = self._adopt("momentum_buffer")
        make = self._sgd if sgd else self._adam
        self._kernels = [
            make(group, slice(start, end))
            for group, start, end in zip(optimizer.param_groups, firsts, ends, strict=True)
        ]

    def _adopt(self, name: str) -> Tensor:
        """Lay one kind of state out like the parameters and leave views in the optimiser."""
        flat = torch.zeros_like(self.parameters)
        for parameter, start in self._starts.items():
            view = _view(flat, start, parameter)
            state = self.optimizer.state[parameter]
            if state.get(name) is not None:
                view.copy_(state[name])
            state[name] = view
        return flat

    def _adopt_steps(self) -> Tensor:
        states = [self.optimizer.state[p] for p in self._starts]
        counts = {float(state.get("step", 0.0)) for state in states}
        if len(counts) != 1:
            raise ValueError(
                f"The optimiser's parameters have taken {sorted(counts)} steps; expected the same "
                "number for all. Step them by the optimiser itself."
            )
        steps = torch.full((len(states),), counts.pop(), dtype=torch.float32)
        for state, count in zip(states, steps.unbind(), strict=True):
            state["step"] = count
        return steps

    def _adam(self, group: dict[str, Any], span: slice) -> Callable[[], None]:
        kernel = torch._fused_adamw_ if group["decoupled_weight_decay"] else torch._fused_adam_
        moments = self._buffers["exp_avg"], self._buffers["exp_avg_sq"]
        p, g, mean, square = ([x[span]] for x in (self.parameters, self.gradients, *moments))
        count = [self._buffers["step"][0]]  # all parameters have taken the same number of steps
        fixed: dict[str, Any] = {
            "beta1": float(group["betas"][0]),
            "beta2": float(group["betas"][1]),
            "weight_decay": float(group["weight_decay"]),
            "eps": float(group["eps"]),
            "amsgrad": False,
            "maximize": False,
        }

        def step() -> None:
            kernel(p, g, mean, square, [], count, lr=group["lr"], **fixed)

        return step

    def _sgd(self, group: dict[str, Any], span: slice) -> Callable[[], None]:
        momentum = float(group["momentum"])
        p, g = [self.parameters[span]], [self.gradients[span]]
        velocity = [self._buffers["momentum_buffer"][span]] if momentum else []
        fixed: dict[str, Any] = {
            "weight_decay": float(group["weight_decay"]),
            "momentum": momentum,
            "dampening": 0.0,
            "nesterov": bool(group["nesterov"]),
            "maximize": False,
            # Momentum starts as zeros here; without dampening, 0 * momentum + g is torch's start.
            "is_first_step": False,
        }

        def step() -> None:
            torch._fused_sgd_(p, g, velocity, lr=group["lr"], **fixed)

        return step

    def clip_(self, norm: float | None, value: float | None) -> None:
        """Clip the gradients as clip_grad_norm_ and then clip_grad_value_ do."""
        if norm is not None:
            # Never enlarged; 1e-6 as in torch, against a division by zero.
            factor = norm / (torch.linalg.vector_norm(self.gradients) + 1e-6)
            self.gradients.mul_(factor.clamp_(max=1.0))
        if value is not None:
            self.gradients.clamp_(-value, value)

    def step(self) -> None:
        """Take one optimiser step with the gradients in `gradients`."""
        if "step" in self._buffers:
            self._buffers["step"].add_(1)
        for kernel in self._kernels:
            kernel()

    def is_intact(self) -> bool:
        """Whether net and optimiser still live in these buffers.

        A load_state_dict of the optimiser, or moving the net, replaces the views.
        """
        first = next(iter(self._starts))
        state = self.optimizer.state[first]
        return first.data_ptr() == self.parameters.data_ptr() and all(
            name in state and state[name].data_ptr() == buffer.data_ptr()
            for name, buffer in self._buffers.items()
        )


def _view(flat: Tensor, start: int, like: Tensor) -> Tensor:
    """The part of `flat` that begins at `start`, in the shape and memory format of `like`."""
    return flat.as_strided(
        like.shape, torch.empty_like(like).stride(), flat.storage_offset() + start
    )
