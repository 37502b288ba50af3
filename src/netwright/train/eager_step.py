"""The general optimiser step: any net, objective, device and precision, by autograd.

Forward, losses and penalties, backward, clip, optimiser. With accumulation the batch is cut into
pieces whose gradients are those of the mean over all its rows, however uneven the pieces are.
"""

import contextlib
from typing import Any, Literal

import torch
from torch import Tensor, nn

from netwright.data.data import Batch
from netwright.errors import UsageError
from netwright.plan.plan import Recipe

__all__ = ["EagerStep", "choose_precision"]

Precision = Literal["float32", "bf16", "fp16"]


class EagerStep:
    """Called with a batch's inputs and targets; returns the mean loss, detached, on the device.

    objective: has `step(net, batch, rng) -> {group: loss}`. scaler: of fp16's gradients; its state
    belongs into a checkpoint.
    """

    def __init__(
        self,
        net: nn.Module,
        objective: Any,
        recipe: Recipe,
        optimizer: torch.optim.Optimizer,
        rng: torch.Generator,
        precision: Precision = "float32",
    ) -> None:
        self.net, self.objective, self.recipe = net, objective, recipe
        self.optimizer, self.rng = optimizer, rng
        self.parameters = [p for p in net.parameters() if p.requires_grad]
        self.device = self.parameters[0].device.type
        self.precision = precision
        self.dtype = {"float32": None, "bf16": torch.bfloat16, "fp16": torch.float16}[precision]
        self.scaler = torch.amp.GradScaler(self.device, enabled=precision == "fp16")

    def __call__(self, inputs: tuple[Tensor, ...], targets: Tensor) -> Tensor:
        recipe = self.recipe
        self.optimizer.zero_grad(set_to_none=True)
        if recipe.accumulate == 1:
            total = self._backward(Batch(inputs, targets), 1.0)
        else:
            total = torch.zeros((), device=targets.device)
            for piece in torch.arange(len(targets)).chunk(recipe.accumulate):
                some = slice(int(piece[0]), int(piece[-1]) + 1)
                part = Batch(tuple(x[some] for x in inputs), targets[some])
                total += self._backward(part, len(piece) / len(targets))
        self.apply()
        return total

    def apply(self) -> None:
        """Clip the gradients and step the optimiser."""
        recipe, scaler = self.recipe, self.scaler
        if recipe.clip is not None or recipe.clip_value is not None:
            if scaler.is_enabled():
                scaler.unscale_(self.optimizer)
            if recipe.clip is not None:
                nn.utils.clip_grad_norm_(self.parameters, recipe.clip)
            if recipe.clip_value is not None:
                nn.utils.clip_grad_value_(self.parameters, recipe.clip_value)
        if scaler.is_enabled():
            scaler.step(self.optimizer)
            scaler.update()
        else:
            self.optimizer.step()

    def _backward(self, batch: Batch, share: float) -> Tensor:
        mixed = torch.autocast(self.device, self.dtype) if self.dtype else contextlib.nullcontext()
        with mixed:
            losses = list(self.objective.step(self.net, batch, self.rng).values())
        loss: Tensor = losses[0]
        for other in losses[1:]:
            loss = loss + other
        reported = loss.detach() * share
        if self.recipe.l1 or self.recipe.l2:
            loss = loss + _penalty(self.parameters, self.recipe.l1, self.recipe.l2)
        if share != 1.0:
            loss = loss * share
        self.scaler.scale(loss).backward()
        return reported


def choose_precision(
    name: Literal["auto", "float32", "bf16", "fp16"], device: torch.device
) -> tuple[Precision, str]:
    """Return the number format of the forward pass, and why.

    Without bf16 units (most CPUs) autocast was measured at 0.5 to 0.7 of float32's speed.
    """
    if name == "fp16" and device.type == "cpu":
        raise UsageError("recipe.precision is 'fp16' on a CPU. Use 'bf16' or 'float32'.")
    if name != "auto":
        return name, f"{name}: as the plan says"
    if device.type == "cuda" and torch.cuda.is_bf16_supported(including_emulation=False):
        return "bf16", "bf16: this GPU computes in it"
    return "float32", f"float32: no bf16 units are known on this {device.type}"


def _penalty(parameters: list[nn.Parameter], l1: float, l2: float) -> Tensor:
    flat = torch.cat([p.flatten() for p in parameters if p.dim() >= 2])
    return l1 * flat.abs().sum() + l2 * flat.square().sum()
