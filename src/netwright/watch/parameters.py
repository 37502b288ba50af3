"""What one training step did to the parameters: gradient, weight and update norms, in one read.

"decay.ratio" is what weight decay takes of a weight matrix in the step (median over the matrices).
"""

import math
import statistics
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn.parameter import UninitializedParameter
from torch.optim import Optimizer

Row = tuple[str, str, float]

_ADAPTIVE = ("Adam", "NAdam", "RAdam", "Adamax", "RMSprop", "Adagrad", "Adadelta")


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
        self._decays: dict[int, Decay] = {}

    @torch.no_grad()
    def read_gradients(self, optimizer: Optimizer | None = None) -> None:
        """Take the norms of the gradients that `optimizer` is about to use (all, where None)."""
        held = None
        if optimizer is not None:
            held = decays(optimizer)
            self._decays |= {i: held[id(p)] for i, p in enumerate(self.parameters) if id(p) in held}
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
        shares = [
            decay.share(gradient, weights[i], updates[i])
            for i, gradient in zip(having, gradients, strict=True)
            if (decay := self._decays.get(i)) and self.parameters[i].ndim > 1 and weights[i] > 0
        ]
        if any(shares):
            rows.append(("decay.ratio", "", statistics.median(shares)))
        return rows


@dataclass(frozen=True)
class Decay:
    """How an optimizer shrinks a weight. share_a_step: of the weight; None where decay is a part of
    the gradient, whose size the optimizer then does away with. coefficient: of that part."""

    share_a_step: float | None
    coefficient: float

    def share(self, gradient: float, weight: float, update: float) -> float:
        """Return what decay takes of a weight in a step, of the norms that were measured."""
        if self.share_a_step is not None or not self.coefficient:
            return self.share_a_step or 0.0
        pull = self.coefficient * weight
        return update / weight * pull / (gradient + pull)


def decays(optimizer: Optimizer) -> dict[int, Decay]:
    """Return the decay of each parameter that an optimizer holds, by id."""
    found: dict[int, Decay] = {}
    for group in optimizer.param_groups:
        decay = _decay(type(optimizer).__name__, group)
        found |= {id(p): decay for p in group["params"]}
    return found


def _decay(kind: str, group: Mapping[str, Any]) -> Decay:
    """Torch's optimizers are known by name, others by what they are named after; SGD's momentum
    multiplies what its decay does in the long run. An unknown one is left unjudged."""
    rate, decay = float(group.get("lr", 0.0)), float(group.get("weight_decay", 0.0) or 0.0)
    if group.get("decoupled_weight_decay") or kind.endswith("AdamW") or kind in ("Muon", "Lion"):
        return Decay(rate * decay, decay)
    if kind == "SGD":
        return Decay(rate * decay / max(1.0 - float(group.get("momentum", 0.0)), 1e-3), decay)
    return Decay(None if kind in _ADAPTIVE else 0.0, decay)


def _dense(gradient: Tensor) -> Tensor:
    return gradient.coalesce().values() if gradient.is_sparse else gradient


def _norms(tensors: Sequence[Tensor]) -> list[Tensor]:
    """Euclidean norms; half precision is widened first, since its squares overflow."""
    if not tensors:
        return []
    wide = [t.float() if t.dtype in (torch.float16, torch.bfloat16) else t for t in tensors]
    return list(torch._foreach_norm(wide))
