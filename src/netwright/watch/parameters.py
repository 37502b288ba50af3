"""What one training step did to the parameters: gradient, weight and update norms, in one read."""

import math
from collections.abc import Sequence

import torch
from torch import Tensor, nn
from torch.nn.parameter import UninitializedParameter
from torch.optim import Optimizer

Row = tuple[str, str, float]


class StepOfParameters:
    """Copies the parameters before a step, reads gradients in it, and compares after it."""

    def __init__(self, net: nn.Module) -> None:
        named = [
            (name.removeprefix("_orig_mod."), parameter)  # as torch.compile renames them
            for name, parameter in net.named_parameters()
            if not isinstance(parameter, UninitializedParameter) and parameter.numel()
        ]
        self.names = [name for name, _ in named]
        self.parameters = [parameter for _, parameter in named]
        with torch.no_grad():
            self.before = [parameter.detach().clone() for parameter in self.parameters]
        self._gradients: dict[int, Tensor] = {}

    @torch.no_grad()
    def read_gradients(self, optimizer: Optimizer | None = None) -> None:
        """Take the norms of the gradients that `optimizer` is about to use (all, where None)."""
        held = None
        if optimizer is not None:
            held = {id(p) for group in optimizer.param_groups for p in group["params"]}
        found = [
            (i, parameter.grad)
            for i, parameter in enumerate(self.parameters)
            if parameter.grad is not None and (held is None or id(parameter) in held)
        ]
        norms = _norms([_dense(gradient) for _, gradient in found])
        self._gradients.update(zip((i for i, _ in found), norms, strict=True))

    @torch.no_grad()
    def rows(self) -> list[Row]:
        """Return (signal, place, value) of the step."""
        if not self._gradients:  # LBFGS computes them inside its step; or no optimizer is known
            self.read_gradients()
        changes = [
            after - before for after, before in zip(self.parameters, self.before, strict=True)
        ]
        having = sorted(self._gradients)
        tensors = [self._gradients[i] for i in having] + _norms(self.before) + _norms(changes)
        if not tensors:
            return []
        device = tensors[0].device
        numbers = torch.stack([t.float().to(device) for t in tensors]).tolist()
        gradients = numbers[: len(having)]
        weights = numbers[len(having) : len(having) + len(self.names)]
        updates = numbers[len(having) + len(self.names) :]
        rows: list[Row] = []
        for i, norm in zip(having, gradients, strict=True):
            rows.append(("grad.norm", self.names[i], norm))
        if gradients:
            rows.append(("grad.norm", "", math.sqrt(math.fsum(g * g for g in gradients))))
        for name, weight, update in zip(self.names, weights, updates, strict=True):
            rows.append(("weight.norm", name, weight))
            if weight > 0:  # a bias that starts at zero has no relative change yet
                rows.append(("update.ratio", name, update / weight))
        return rows


def _dense(gradient: Tensor) -> Tensor:
    return gradient.coalesce().values() if gradient.is_sparse else gradient


def _norms(tensors: Sequence[Tensor]) -> list[Tensor]:
    """Euclidean norms; half precision is widened first, since its squares overflow."""
    if not tensors:
        return []
    wide = [t.float() if t.dtype in (torch.float16, torch.bfloat16) else t for t in tensors]
    return list(torch._foreach_norm(wide))
