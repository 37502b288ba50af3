"""Interventions on the optimizer and on backward: rate, clipping, gradients, what is held."""

import weakref
from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor, nn
from torch.optim import Optimizer
from torch.optim.optimizer import (
    register_optimizer_step_post_hook,
    register_optimizer_step_pre_hook,
)

from netwright.watch.graph import leaves_of
from netwright.watch.rewire import Undo, around_nets, rewired, together

__all__ = ["ON_STEPS"]


def scale_lr(factor: float) -> Undo:
    """Make every step with `factor` times the rate; schedulers keep theirs."""
    return _during_steps("lr", lambda value, step: value * factor)


def warm_up(steps: int) -> Undo:
    """Let the rate rise in a line over the first steps."""
    return _during_steps("lr", lambda value, step: value * min(1.0, (step + 1) / steps))


def scale_weight_decay(factor: float) -> Undo:
    """Make every step with `factor` times the weight decay."""
    return _during_steps("weight_decay", lambda value, step: value * factor)


def set_weight_decay(value: float) -> Undo:
    """Make every step with at least that weight decay."""
    return _during_steps("weight_decay", lambda now, step: max(now, value))


def clip_gradient(max_norm: float) -> Undo:
    """Scale the gradients of a step down to that norm (of all parameters of its optimizer)."""

    def before(optimizer: Optimizer, args: Any, kwargs: Any) -> None:
        held = [p for group in optimizer.param_groups for p in group["params"]]
        nn.utils.clip_grad_norm_(held, max_norm)

    return register_optimizer_step_pre_hook(before).remove


def zero_grad() -> Undo:
    """Clear all gradients before the first backward after a step."""
    optimizers: weakref.WeakSet[Optimizer] = weakref.WeakSet()
    stale = False

    def make_init(original: Any) -> Any:
        def __init__(self: Optimizer, *args: Any, **kwargs: Any) -> None:
            original(self, *args, **kwargs)
            optimizers.add(self)

        return __init__

    def make_backward(original: Any) -> Any:
        def backward(*args: Any, **kwargs: Any) -> None:
            nonlocal stale
            if stale:
                stale = False
                for optimizer in optimizers:
                    optimizer.zero_grad()
            original(*args, **kwargs)

        return backward

    def after(optimizer: Optimizer, args: Any, kwargs: Any) -> None:
        nonlocal stale
        stale = True

    return together(
        [
            rewired(Optimizer, "__init__", make_init),
            rewired(torch.autograd, "backward", make_backward),
            register_optimizer_step_post_hook(after).remove,
        ]
    )


def hold_all() -> Undo:
    """Give the optimizer what the loss depends on and nobody steps."""
    optimizers: weakref.WeakSet[Optimizer] = weakref.WeakSet()
    waiting: list[Tensor] = []

    def make_init(original: Any) -> Any:
        def __init__(self: Optimizer, *args: Any, **kwargs: Any) -> None:
            original(self, *args, **kwargs)
            optimizers.add(self)

        return __init__

    def make_backward(original: Any) -> Any:
        def backward(tensors: Any, *args: Any, **kwargs: Any) -> None:
            if isinstance(tensors, Tensor) and tensors.numel() == 1:
                held = {id(p) for o in optimizers for g in o.param_groups for p in g["params"]}
                waiting[:] = [p for p in leaves_of(tensors) or () if id(p) not in held]
            original(tensors, *args, **kwargs)

        return backward

    def before(optimizer: Optimizer, args: Any, kwargs: Any) -> None:
        # Into the first group: schedulers count the groups.
        optimizer.param_groups[0]["params"].extend(waiting)
        waiting.clear()

    return together(
        [
            rewired(Optimizer, "__init__", make_init),
            rewired(torch.autograd, "backward", make_backward),
            register_optimizer_step_pre_hook(before).remove,
        ]
    )


def unfreeze() -> Undo:
    """Let every parameter of a net learn from its first call on, and be stepped."""
    seen: weakref.WeakSet[nn.Module] = weakref.WeakSet()

    def before(net: nn.Module, args: tuple[Any, ...]) -> tuple[Any, ...]:
        if net not in seen:
            seen.add(net)
            for parameter in net.parameters():
                if parameter.is_floating_point():
                    parameter.requires_grad_(True)
        return args

    return together([hold_all(), around_nets(before=before)])


def scale_loss(factor: float) -> Undo:
    """Call backward on `factor` times the loss (-1: uphill becomes downhill)."""
    return _times_in_backward(lambda: factor)


def mean_of_rows() -> Undo:
    """Divide the loss by the number of rows that were last put through a net under gradients."""
    rows = 1

    def before(net: nn.Module, args: tuple[Any, ...]) -> tuple[Any, ...]:
        nonlocal rows
        if torch.is_grad_enabled() and args and isinstance(args[0], Tensor) and args[0].ndim:
            rows = max(len(args[0]), 1)
        return args

    return together([around_nets(before=before), _times_in_backward(lambda: 1 / rows)])


def _times_in_backward(factor: Callable[[], float]) -> Undo:
    def make(original: Any) -> Any:
        def backward(tensors: Any, grad_tensors: Any = None, *args: Any, **kwargs: Any) -> None:
            if isinstance(tensors, Tensor) and tensors.numel() == 1 and grad_tensors is None:
                grad_tensors = torch.full_like(tensors, factor())
            original(tensors, grad_tensors, *args, **kwargs)

        return backward

    return rewired(torch.autograd, "backward", make)


def stop_at_step(step: int) -> Undo:
    """Undo what an optimizer does from that step on (0: from the first one)."""
    counts: weakref.WeakKeyDictionary[Optimizer, int] = weakref.WeakKeyDictionary()
    saved: list[tuple[Tensor, Tensor]] = []

    def before(optimizer: Optimizer, args: Any, kwargs: Any) -> None:
        done = counts[optimizer] = counts.get(optimizer, 0) + 1
        if done > step:
            held = [p for group in optimizer.param_groups for p in group["params"]]
            saved.extend((p, p.detach().clone()) for p in held)

    def after(optimizer: Optimizer, args: Any, kwargs: Any) -> None:
        with torch.no_grad():
            for parameter, was in saved:
                parameter.copy_(was)
        saved.clear()

    return together(
        [
            register_optimizer_step_pre_hook(before).remove,
            register_optimizer_step_post_hook(after).remove,
        ]
    )


def _during_steps(name: str, change: Callable[[Any, int], Any]) -> Undo:
    """Change a number of each group while an optimizer steps."""
    saved: list[tuple[dict[str, Any], Any]] = []
    counts: weakref.WeakKeyDictionary[Optimizer, int] = weakref.WeakKeyDictionary()
    depth = 0  # an optimizer's step may call another's

    def before(optimizer: Optimizer, args: Any, kwargs: Any) -> None:
        nonlocal depth
        depth += 1
        if depth > 1:
            return
        step = counts.get(optimizer, 0)
        counts[optimizer] = step + 1
        for group in optimizer.param_groups:
            if name in group:
                saved.append((group, group[name]))
                group[name] = change(group[name], step)

    def after(optimizer: Optimizer, args: Any, kwargs: Any) -> None:
        nonlocal depth
        depth -= 1
        if not depth:
            for group, value in saved:
                group[name] = value
            saved.clear()

    return together(
        [
            register_optimizer_step_pre_hook(before).remove,
            register_optimizer_step_post_hook(after).remove,
        ]
    )


ON_STEPS: dict[str, Callable[..., Undo]] = {
    "scale-lr": scale_lr,
    "warm-up": warm_up,
    "scale-weight-decay": scale_weight_decay,
    "set-weight-decay": set_weight_decay,
    "clip-gradient": clip_gradient,
    "zero-grad": zero_grad,
    "hold-all": hold_all,
    "unfreeze": unfreeze,
    "scale-loss": scale_loss,
    "mean-of-rows": mean_of_rows,
    "stop-at-step": stop_at_step,
}
