"""Optimisers by their standard names: torch's own, fused where torch has a fused kernel.

"muon" (Jordan et al. 2024) steps the hidden weight matrices; everything else (embeddings, norms,
biases, the output layer, convolutions) is stepped by AdamW, as its authors advise.
"""

from collections.abc import Iterator

import torch
from torch import nn

from netwright.plan.plan import Recipe

__all__ = ["build_optimizers", "set_lr"]


def build_optimizers(net: nn.Module, recipe: Recipe, lr: float) -> list[torch.optim.Optimizer]:
    """Return the optimisers (one, or two for muon) over all of the net's trainable parameters.

    Every group carries "lr_scale", its share of the scheduled rate. Decoupled decay spares vectors
    (biases, norms).
    """
    if recipe.optimizer == "muon":
        matrices, rest = _muon_split(net)
        optimizers: list[torch.optim.Optimizer] = []
        if matrices:
            # match_rms_adamw: Muon's update is scaled to AdamW's size, so one rate and one decay
            # serve both.
            optimizers.append(
                torch.optim.Muon(
                    matrices,
                    lr=lr,
                    weight_decay=recipe.weight_decay,
                    momentum=0.95,
                    adjust_lr_fn="match_rms_adamw",
                )
            )
        if rest:
            optimizers.append(_adamw(rest, recipe, lr))
    else:
        optimizers = [_one(net, recipe, lr)]
    for optimizer in optimizers:
        for group in optimizer.param_groups:
            group.setdefault("lr_scale", 1.0)
    return optimizers


def set_lr(optimizers: list[torch.optim.Optimizer], lr: float) -> None:
    """Set the scheduled rate on every group, times the group's own scale."""
    for optimizer in optimizers:
        for group in optimizer.param_groups:
            group["lr"] = lr * group["lr_scale"]


def _one(net: nn.Module, recipe: Recipe, lr: float) -> torch.optim.Optimizer:
    parameters = [p for p in net.parameters() if p.requires_grad]
    decay = recipe.weight_decay
    match recipe.optimizer:
        case "sgd":
            return torch.optim.SGD(parameters, lr=lr, weight_decay=decay, fused=True)
        case "momentum" | "nesterov":
            nesterov = recipe.optimizer == "nesterov"
            return torch.optim.SGD(
                parameters,
                lr=lr,
                momentum=recipe.momentum,
                nesterov=nesterov,
                weight_decay=decay,
                fused=True,
            )
        case "adagrad":
            return torch.optim.Adagrad(parameters, lr=lr, weight_decay=decay, eps=recipe.eps)
        case "rmsprop":
            return torch.optim.RMSprop(
                parameters,
                lr=lr,
                momentum=recipe.momentum,
                weight_decay=decay,
                eps=recipe.eps,
                foreach=True,
            )
        case "adam":
            return torch.optim.Adam(
                parameters,
                lr=lr,
                betas=recipe.betas,
                eps=recipe.eps,
                weight_decay=decay,
                fused=True,
            )
    return _adamw(parameters, recipe, lr)


def _adamw(parameters: list[nn.Parameter], recipe: Recipe, lr: float) -> torch.optim.Optimizer:
    groups = [
        {"params": list(some), "weight_decay": decay}
        for some, decay in _decay_groups(parameters, recipe)
    ]
    return torch.optim.AdamW(
        [group for group in groups if group["params"]],
        lr=lr,
        betas=recipe.betas,
        eps=recipe.eps,
        fused=True,
    )


def _decay_groups(
    parameters: list[nn.Parameter], recipe: Recipe
) -> Iterator[tuple[list[nn.Parameter], float]]:
    if recipe.weight_decay == 0:
        yield parameters, 0.0
        return
    yield [p for p in parameters if p.dim() >= 2], recipe.weight_decay
    yield [p for p in parameters if p.dim() < 2], 0.0


def _muon_split(net: nn.Module) -> tuple[list[nn.Parameter], list[nn.Parameter]]:
    linears = [m for m in net.modules() if isinstance(m, nn.Linear)]
    hidden: set[int] = {id(m.weight) for m in linears[:-1]}  # the last one makes the outputs
    matrices: list[nn.Parameter] = []
    rest: list[nn.Parameter] = []
    for parameter in net.parameters():
        if parameter.requires_grad:
            (matrices if id(parameter) in hidden else rest).append(parameter)
    return matrices, rest
