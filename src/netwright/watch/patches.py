"""The few places of torch at which an Observer listens, and how they are put back.

Module calls (the outermost ones are nets), the loss functions of torch.nn.functional (the nn.*Loss
modules call them), `torch.autograd.backward` (which `Tensor.backward` calls), `Optimizer.__init__`
and the global hooks around every optimizer's step. Nothing here draws a random number or waits for
a device. Under torch.compile and in other threads the originals run alone.
"""

import functools
import threading
from collections.abc import Callable
from typing import Any, Protocol

import torch
from torch import Tensor, nn
from torch.nn import functional as F
from torch.optim import Optimizer
from torch.optim.optimizer import (
    register_optimizer_step_post_hook,
    register_optimizer_step_pre_hook,
)

# What each function expects of its first argument.
LOSSES = {
    "cross_entropy": "logits",
    "nll_loss": "log-probabilities",
    "binary_cross_entropy": "probabilities",
    "binary_cross_entropy_with_logits": "logits",
    "mse_loss": "values",
    "l1_loss": "values",
    "smooth_l1_loss": "values",
    "huber_loss": "values",
    "kl_div": "log-probabilities",
    "gaussian_nll_loss": "values",
    "poisson_nll_loss": "values",
    "triplet_margin_loss": "embeddings",
    "cosine_embedding_loss": "embeddings",
    "margin_ranking_loss": "values",
    "hinge_embedding_loss": "values",
    "soft_margin_loss": "logits",
    "multi_margin_loss": "logits",
    "multilabel_soft_margin_loss": "logits",
    "multilabel_margin_loss": "logits",
    "ctc_loss": "log-probabilities",
}
# A frame whose file is so named does not count in warnings' stacklevel (CPython skips the frames of
# its import system): a warning about shapes keeps the line that it has without us.
_UNCOUNTED = "/netwright/importlib/_bootstrap.py"


class Listener(Protocol):
    """What the patches tell. `inside`: a module is being called; `counting`: a loss is."""

    on: bool
    inside: bool
    counting: bool

    def made(self, thing: Any) -> None:
        """Hear of a module or optimizer that was made."""

    def loaded(self, module: nn.Module) -> None:
        """Hear of a module that was given weights."""

    def before_call(self, module: nn.Module, args: Any, kwargs: Any) -> None:
        """Hear of an outermost module that is about to be called."""

    def after_call(self, module: nn.Module, args: Any, kwargs: Any, output: Any) -> None:
        """Hear of what it returned."""

    def before_loss(self) -> None:
        """Hear that a loss function is about to run."""

    def after_loss(self, name: str, original: Any, args: Any, kwargs: Any, result: Any) -> None:
        """Hear of a loss function's result."""

    def before_backward(self, tensors: Any) -> None:
        """Hear what backward is called on."""

    def leave(self) -> None:
        """Hear that `Tensor.backward` was called, before torch's function modes do."""

    def before_step(self, optimizer: Optimizer) -> None:
        """Hear of an optimizer about to step."""

    def after_step(self, optimizer: Optimizer) -> None:
        """Hear of a step made."""


def attach_(listener: Listener) -> Callable[[], None]:
    """Listen at every place; the returned function puts everything back."""
    thread = threading.get_ident()

    def awake() -> bool:
        return listener.on and threading.get_ident() == thread

    undo = [
        _set(nn.Module, "__call__", _call(nn.Module.__call__, listener, thread)),
        _set(nn.Module, "__init__", _made(nn.Module.__init__, listener, awake)),
        _set(Optimizer, "__init__", _made(Optimizer.__init__, listener, awake)),
        _set(torch.autograd, "backward", _backward(torch.autograd.backward, listener, awake)),
        _set(nn.Module, "load_state_dict", _loads(nn.Module.load_state_dict, listener, awake)),
        _set(Tensor, "backward", _leaving(Tensor.backward, listener, awake)),
    ]
    for name in LOSSES:
        undo.append(_set(F, name, _loss(name, getattr(F, name), listener, awake)))

    def before(optimizer: Optimizer, args: Any, kwargs: Any) -> None:
        if awake():
            listener.before_step(optimizer)

    def after(optimizer: Optimizer, args: Any, kwargs: Any) -> None:
        if awake():
            listener.after_step(optimizer)

    undo.append(register_optimizer_step_pre_hook(before).remove)
    undo.append(register_optimizer_step_post_hook(after).remove)

    def detach() -> None:
        for put_back in reversed(undo):
            put_back()

    return detach


def _set(owner: Any, name: str, new: Any) -> Callable[[], None]:
    original = getattr(owner, name)
    setattr(owner, name, new)

    def put_back() -> None:
        if getattr(owner, name) is new:  # else someone has wrapped it again, and it stays asleep
            setattr(owner, name, original)

    return put_back


def _call(original: Any, listener: Listener, thread: int) -> Any:
    @functools.wraps(original)
    def __call__(self: nn.Module, *args: Any, **kwargs: Any) -> Any:
        if listener.inside or not listener.on:
            return original(self, *args, **kwargs)
        if threading.get_ident() != thread or torch.compiler.is_compiling():
            return original(self, *args, **kwargs)
        listener.before_call(self, args, kwargs)
        listener.inside = True
        try:
            output = original(self, *args, **kwargs)
        finally:
            listener.inside = False
        listener.after_call(self, args, kwargs, output)
        return output

    return __call__


def _made(original: Any, listener: Listener, awake: Callable[[], bool]) -> Any:
    @functools.wraps(original)
    def __init__(self: Any, *args: Any, **kwargs: Any) -> None:
        original(self, *args, **kwargs)
        if not torch.compiler.is_compiling() and awake():
            listener.made(self)

    return __init__


def _loss(name: str, original: Any, listener: Listener, awake: Callable[[], bool]) -> Any:
    def loss(*args: Any, **kwargs: Any) -> Any:
        if torch.compiler.is_compiling() or listener.counting or not awake():
            return original(*args, **kwargs)
        listener.before_loss()
        listener.counting = True
        try:
            result = original(*args, **kwargs)
        finally:
            listener.counting = False
        if isinstance(result, Tensor):
            listener.after_loss(name, original, args, kwargs, result)
        return result

    loss.__code__ = loss.__code__.replace(co_filename=_UNCOUNTED)
    functools.update_wrapper(loss, original)
    # TorchScript compiles the function behind the wrapper.
    loss.__dict__.update({"__script_if_tracing_wrapper": True, "__original_fn": original})
    return loss


def _loads(original: Any, listener: Listener, awake: Callable[[], bool]) -> Any:
    @functools.wraps(original)
    def load_state_dict(self: nn.Module, *args: Any, **kwargs: Any) -> Any:
        result = original(self, *args, **kwargs)
        if awake():
            listener.loaded(self)
        return result

    return load_state_dict


def _leaving(original: Any, listener: Listener, awake: Callable[[], bool]) -> Any:
    @functools.wraps(original)
    def backward(self: Tensor, *args: Any, **kwargs: Any) -> None:
        if not torch.compiler.is_compiling() and awake():
            listener.leave()
        original(self, *args, **kwargs)

    return backward


def _backward(original: Any, listener: Listener, awake: Callable[[], bool]) -> Any:
    @functools.wraps(original)
    def backward(tensors: Any, *args: Any, **kwargs: Any) -> None:
        if awake():
            listener.before_backward(tensors)
        original(tensors, *args, **kwargs)

    return backward
