"""The general optimiser step: any net, objective, device and precision, by autograd.

Forward, losses and penalties, backward, clip, optimiser. With accumulation the batch is cut into
pieces whose gradients are those of the mean over all its rows, however uneven the pieces are.
Where an objective has several groups, each is stepped in its turn.
"""

import contextlib
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Literal

import torch
from torch import Tensor, nn

from netwright.data.data import Batch
from netwright.errors import UsageError
from netwright.objectives._objective import Objective
from netwright.plan.plan import Recipe

__all__ = ["EagerStep", "choose_precision", "losses_of"]

Precision = Literal["float32", "bf16", "fp16"]


class EagerStep:
    """Called with a batch's inputs and targets; returns the mean loss, detached, on the device.

    scaler: of fp16's gradients; its state belongs into a checkpoint.
    """

    def __init__(
        self,
        net: nn.Module,
        objective: Objective,
        recipe: Recipe,
        optimizer: torch.optim.Optimizer,
        rng: torch.Generator,
        precision: Precision = "float32",
    ) -> None:
        self.net, self.objective, self.recipe = net, objective, recipe
        self.optimizer, self.rng = optimizer, rng
        self.parameters = [p for p in net.parameters() if p.requires_grad]
        self.groups = _parameters_of(net, objective.groups)
        if len(self.groups) > 1 and recipe.accumulate > 1:
            raise UsageError(
                f"recipe.accumulate is {recipe.accumulate}, but {' and '.join(self.groups)} are "
                "stepped in turn within a batch. Set it to 1 and give a smaller batch_size."
            )
        self.device = self.parameters[0].device.type
        self.precision = precision
        self.dtype = {"float32": None, "bf16": torch.bfloat16, "fp16": torch.float16}[precision]
        self.scaler = torch.amp.GradScaler(self.device, enabled=precision == "fp16")

    def __call__(self, inputs: tuple[Tensor, ...], targets: Tensor) -> Tensor:
        if len(self.groups) > 1:
            return self._step_groups(Batch(inputs, targets))
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
        """Clip the gradients and step the optimiser. Parameters without a gradient stay."""
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

    def _step_groups(self, batch: Batch) -> Tensor:
        """Step one group after the other: the next loss is computed with the group before stepped.
        Return the sum of the losses."""
        total = torch.zeros((), device=batch.targets.device)
        losses = iter(losses_of(self.objective, self.net, batch, self.rng))
        while True:
            self.optimizer.zero_grad(set_to_none=True)
            with self._mixed():
                found = next(losses, None)
            if found is None:
                return total
            name, loss = found
            self._descend(loss, self.groups[name])
            self.apply()
            total += loss.detach()

    def _backward(self, batch: Batch, share: float) -> Tensor:
        with self._mixed():
            losses = [loss for _, loss in losses_of(self.objective, self.net, batch, self.rng)]
        loss: Tensor = losses[0]
        for other in losses[1:]:
            loss = loss + other
        reported = loss.detach() * share
        self._descend(loss, self.parameters, share)
        return reported

    def _descend(self, loss: Tensor, parameters: list[nn.Parameter], share: float = 1.0) -> None:
        """Fill the gradients of some parameters, unless the objective has filled them itself."""
        if not loss.requires_grad:
            return
        if self.recipe.l1 or self.recipe.l2:
            loss = loss + _penalty(parameters, self.recipe.l1, self.recipe.l2)
        if share != 1.0:
            loss = loss * share
        others = parameters if len(self.groups) > 1 else None
        self.scaler.scale(loss).backward(inputs=others)

    def _mixed(self) -> contextlib.AbstractContextManager[Any]:
        return torch.autocast(self.device, self.dtype) if self.dtype else contextlib.nullcontext()


def losses_of(
    objective: Objective, net: nn.Module, batch: Batch, rng: torch.Generator
) -> Iterable[tuple[str, Tensor]]:
    """Return (group, loss) in the order in which the groups are stepped."""
    losses = objective.step(net, batch, rng)
    return losses.items() if isinstance(losses, Mapping) else losses


def _parameters_of(net: nn.Module, groups: Sequence[str]) -> dict[str, list[nn.Parameter]]:
    """Return the trainable parameters of each group: of the net, or of its submodule."""
    modules = {name: net if name == "net" else net.get_submodule(name) for name in groups}
    return {
        name: [p for p in module.parameters() if p.requires_grad]
        for name, module in modules.items()
    }


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
