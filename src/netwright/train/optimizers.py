"""Optimisers by their standard names: torch's own, fused where torch has a fused kernel.

"muon" (Jordan et al. 2024) steps the weights of hidden linear and convolutional layers; everything
else (embeddings, norms, biases, the output layer) is stepped by AdamW, as its author advises.
"""

from collections.abc import Callable, Iterator
from typing import Any

import torch
from torch import nn

from netwright.errors import UsageError
from netwright.plan.plan import Recipe
from netwright.train import lean
from netwright.train.muon import Muon

__all__ = ["MuonWithAdamW", "build_optimizer", "set_lr"]


def build_optimizer(net: nn.Module, recipe: Recipe, lr: float) -> torch.optim.Optimizer:
    """Return the optimiser over all of the net's trainable parameters.

    Decoupled decay (adamw, muon) spares vectors: biases and norms.
    """
    parameters = [p for p in net.parameters() if p.requires_grad]
    decay = recipe.weight_decay
    # The CPU's and the GPU's fused kernels take float parameters of one device; else torch's
    # default.
    fused = True if parameters[0].device.type in ("cpu", "cuda") else None
    if any(getattr(module, "sparse", False) for module in net.modules()):
        _check_sparse(recipe)
        fused = None  # the fused kernels take dense gradients alone
    match recipe.optimizer:
        case "sgd":
            return lean.SGD(parameters, lr=lr, weight_decay=decay, fused=fused)
        case "momentum" | "nesterov":
            return lean.SGD(
                parameters,
                lr=lr,
                momentum=recipe.momentum,
                nesterov=recipe.optimizer == "nesterov",
                weight_decay=decay,
                fused=fused,
            )
        case "adagrad":
            return lean.Adagrad(parameters, lr=lr, weight_decay=decay, eps=recipe.eps)
        case "rmsprop":
            return lean.RMSprop(
                parameters,
                lr=lr,
                momentum=recipe.momentum,
                weight_decay=decay,
                eps=recipe.eps,
                foreach=True,
            )
        case "adam":
            return lean.Adam(
                parameters,
                lr=lr,
                betas=recipe.betas,
                eps=recipe.eps,
                weight_decay=decay,
                fused=fused,
            )
        case "muon":
            return _muon(net, recipe, lr, fused)
    return _adamw(parameters, recipe, lr, fused)


def set_lr(optimizer: torch.optim.Optimizer, lr: float) -> None:
    """Set the scheduled rate on every group."""
    for group in optimizer.param_groups:
        group["lr"] = lr


class MuonWithAdamW(lean.Lean):
    """Two optimisers that look like one: its groups are theirs, its state is both states."""

    def __init__(self, muon: torch.optim.Optimizer, adamw: torch.optim.Optimizer) -> None:
        groups = [dict(group) for part in (muon, adamw) for group in part.param_groups]
        super().__init__(groups, {})
        self.parts = (muon, adamw)
        # The parts' own dicts, so that a rate set here is the rate they step with.
        self.param_groups = [group for part in self.parts for group in part.param_groups]

    def step(self, closure: Callable[[], Any] | None = None) -> None:  # type: ignore[override]
        """Step both parts. A closure is not supported."""
        assert closure is None
        for part in self.parts:
            part.step()

    def state_dict(self) -> dict[str, Any]:
        """Return one state, numbered through both parts."""
        state: dict[int, Any] = {}
        offset = 0
        for part in self.parts:
            one = part.state_dict()
            state |= {index + offset: values for index, values in one["state"].items()}
            offset += sum(len(group["params"]) for group in one["param_groups"])
        return {"state": state, "param_groups": []}

    def load_state_dict(self, state_dict: dict[str, Any]) -> None:
        """Give each part its share back."""
        offset = 0
        for part in self.parts:
            groups = part.state_dict()["param_groups"]
            count = sum(len(group["params"]) for group in groups)
            own = {
                index - offset: values
                for index, values in state_dict["state"].items()
                if offset <= index < offset + count
            }
            part.load_state_dict({"state": own, "param_groups": groups})
            offset += count
        self.param_groups = [group for part in self.parts for group in part.param_groups]


def _check_sparse(recipe: Recipe) -> None:
    """Refuse what would step every row, where gradients are of the rows in use alone."""
    if recipe.optimizer not in ("sgd", "adagrad") or recipe.weight_decay or recipe.clip_value:
        raise UsageError(
            "The net's gradients are sparse (net.sparse), which is for recipe.optimizer sgd or "
            "adagrad with neither recipe.weight_decay nor recipe.clip_value. Set those, or "
            "net.sparse to false."
        )


def _muon(net: nn.Module, recipe: Recipe, lr: float, fused: bool | None) -> torch.optim.Optimizer:
    layers = [m for m in net.modules() if isinstance(m, nn.Linear | nn.Conv1d | nn.Conv2d)]
    hidden = {id(m.weight) for m in layers[:-1]}  # the last one makes the outputs
    trained = [p for p in net.parameters() if p.requires_grad]
    matrices = [p for p in trained if id(p) in hidden]
    rest = [p for p in trained if id(p) not in hidden]
    adamw = _adamw(rest, recipe, lr, fused)
    if not matrices:
        return adamw
    return MuonWithAdamW(Muon(matrices, lr=lr, weight_decay=recipe.weight_decay), adamw)


def _adamw(
    parameters: list[nn.Parameter], recipe: Recipe, lr: float, fused: bool | None
) -> torch.optim.Optimizer:
    groups = [{"params": some, "weight_decay": d} for some, d in _decay_groups(parameters, recipe)]
    return lean.AdamW(groups, lr=lr, betas=recipe.betas, eps=recipe.eps, fused=fused)


def _decay_groups(
    parameters: list[nn.Parameter], recipe: Recipe
) -> Iterator[tuple[list[nn.Parameter], float]]:
    # Vectors last, whether they are spared or not: members of a pack have one order then.
    matrices = [p for p in parameters if p.dim() >= 2]
    vectors = [p for p in parameters if p.dim() < 2]
    if recipe.weight_decay == 0 or not vectors or not matrices:
        yield matrices + vectors, recipe.weight_decay
        return
    yield matrices, recipe.weight_decay
    yield vectors, 0.0
