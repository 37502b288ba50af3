"""One optimiser step with its forward and backward passes compiled into one graph (torch.compile).

Gradients are taken functionally (torch.func), written into the flat buffers inside the graph, and
the optimiser's kernel follows; a changed rate compiles nothing anew. Shapes are static: a batch of
another size, such as an epoch's last, is stepped by autograd.
"""

import os
import shutil
from collections.abc import Callable

import torch
from torch import Tensor, nn
from torch.func import functional_call, grad_and_value
from torch.optim import Optimizer

from netwright.train.flat_optimizer import FlatOptimizer, why_not_flat

__all__ = ["CompiledStep", "why_not_compiled"]

Loss = Callable[[Tensor, Tensor], Tensor]


def why_not_compiled(net: nn.Module, optimizer: Optimizer) -> str:
    """Say why the step cannot be compiled here; "" if it can be tried."""
    if not any(shutil.which(name) for name in (os.environ.get("CXX", ""), "g++", "clang++", "c++")):
        return "there is no C++ compiler (g++ or clang++)"
    if any(module.p > 0 for module in net.modules() if isinstance(module, nn.Dropout)):
        return "the net has dropout, and compiled code draws other random numbers"
    return why_not_flat(optimizer, (p for p in net.parameters() if p.requires_grad))


class CompiledStep:
    """Take one step on a batch: inputs, targets -> the loss, detached. The first call compiles."""

    def __init__(
        self,
        net: nn.Module,
        loss: Loss,
        optimizer: Optimizer,
        *,
        clip: float | None = None,
        clip_value: float | None = None,
    ) -> None:
        reason = why_not_compiled(net, optimizer)
        if reason:
            raise ValueError(f"This step cannot be compiled: {reason}. Use compile=False.")
        self.net, self.loss, self.clip, self.clip_value = net, loss, clip, clip_value
        self.flat = FlatOptimizer(optimizer)
        trained = {n: p for n, p in net.named_parameters() if p.requires_grad}
        self._parameters = {name: p.detach() for name, p in trained.items()}
        self._gradients = {name: self.flat.gradient_of[p] for name, p in trained.items()}
        self._shapes: list[torch.Size] | None = None
        self._compiled = torch.compile(self._descend, fullgraph=True, dynamic=False)

    def __call__(self, inputs: tuple[Tensor, ...], targets: Tensor) -> Tensor:
        shapes = [x.shape for x in (*inputs, targets)]
        if self._shapes is None:
            self._shapes = shapes
        with torch.no_grad():
            descend = self._compiled if shapes == self._shapes else self._descend
            loss = descend(self._parameters, self._gradients, inputs, targets)
            self.flat.clip_(self.clip, self.clip_value)
            self.flat.step()
        return loss

    def _descend(
        self,
        parameters: dict[str, Tensor],
        into: dict[str, Tensor],
        inputs: tuple[Tensor, ...],
        targets: Tensor,
    ) -> Tensor:
        def loss_of(values: dict[str, Tensor]) -> Tensor:
            return self.loss(functional_call(self.net, values, inputs), targets)

        gradients, loss = grad_and_value(loss_of)(parameters)
        for name, gradient in gradients.items():
            into[name].copy_(gradient)
        return loss
