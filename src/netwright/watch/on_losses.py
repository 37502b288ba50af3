"""Interventions on losses: targets, what they are compared with, weights of classes."""

from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor
from torch.nn import functional as F

from netwright.watch.rewire import Undo, rewired, together

__all__ = ["ON_LOSSES"]

POINTWISE = (
    "mse_loss", "l1_loss", "smooth_l1_loss", "huber_loss", "binary_cross_entropy",
    "binary_cross_entropy_with_logits",
)  # fmt: skip


def reshape_targets() -> Undo:
    """Give targets the shape of what they are compared with, where both have as many numbers.

    In torch's losses, and in a subtraction of (n,) and (n, 1) under gradients.
    """

    def make(original: Any) -> Any:
        def loss(input: Tensor, target: Tensor, *args: Any, **kwargs: Any) -> Tensor:
            if input.shape != target.shape and input.numel() == target.numel():
                target = target.reshape(input.shape)
            return original(input, target, *args, **kwargs)

        return loss

    def make_difference(original: Any) -> Any:
        def difference(a: Any, b: Any, *args: Any, **kwargs: Any) -> Tensor:
            if isinstance(a, Tensor) and isinstance(b, Tensor) and _column_and_row(a, b):
                b = b.reshape(a.shape)
            return original(a, b, *args, **kwargs)

        return difference

    undo = [rewired(F, name, make) for name in POINTWISE]
    undo += [rewired(Tensor, name, make_difference) for name in ("__sub__", "__rsub__", "sub")]
    return together([*undo, rewired(torch, "sub", make_difference)])


def _column_and_row(a: Tensor, b: Tensor) -> bool:
    if sorted((a.ndim, b.ndim)) != [1, 2] or a.numel() != b.numel() or a.numel() < 2:
        return False
    wide = a if a.ndim == 2 else b
    return wide.shape[1] == 1 and (a.requires_grad or b.requires_grad)


def logits_of_outputs() -> Undo:
    """Where a loss wants logits and is given probabilities, give it their logits."""

    def make_many(original: Any) -> Any:
        def cross_entropy(input: Tensor, target: Tensor, *args: Any, **kwargs: Any) -> Tensor:
            return original(_log(input), target, *args, **kwargs)

        return cross_entropy

    def make_two(original: Any) -> Any:
        def with_logits(input: Tensor, target: Tensor, *args: Any, **kwargs: Any) -> Tensor:
            if _between(input):
                input = torch.logit(input, eps=1e-6)
            return original(input, target, *args, **kwargs)

        return with_logits

    return together(
        [
            rewired(F, "cross_entropy", make_many),
            rewired(F, "nll_loss", _nll),
            rewired(F, "binary_cross_entropy_with_logits", make_two),
        ]
    )


def _nll(original: Any) -> Any:
    """Log-probabilities: of probabilities their logarithm, of anything else its log-softmax."""

    def nll_loss(input: Tensor, target: Tensor, *args: Any, **kwargs: Any) -> Tensor:
        if bool((input.detach().exp().sum(1) - 1).abs().max() > 1e-3):
            input = F.log_softmax(_log(input), 1)
        return original(input, target, *args, **kwargs)

    return nll_loss


def _between(x: Tensor) -> bool:
    return bool(((x.detach() >= 0) & (x.detach() <= 1)).all())


def _log(x: Tensor) -> Tensor:
    if x.ndim > 1 and _between(x) and bool(((x.detach().sum(1) - 1).abs() < 1e-3).all()):
        return x.clamp(min=1e-7).log()
    return x


def cross_entropy() -> Undo:
    """Train rows of classes with cross-entropy in place of a loss for numbers."""

    def make(original: Any) -> Any:
        def loss(input: Tensor, target: Tensor, *args: Any, **kwargs: Any) -> Tensor:
            classes = _classes(input, target)
            if classes is None:
                return original(input, target, *args, **kwargs)
            return F.cross_entropy(_log(input), classes)

        return loss

    return together([rewired(F, name, make) for name in POINTWISE])


def _classes(input: Tensor, target: Tensor) -> Tensor | None:
    """Return the class of each row where the targets are rows with a single 1."""
    if input.ndim != 2 or input.shape[1] < 2 or target.shape != input.shape:
        return None
    one_hot = ((target == 0) | (target == 1)).all() and (target.sum(1) == 1).all()
    return target.argmax(1) if bool(one_hot) else None


def raw_binary() -> Undo:
    """Let binary cross-entropy be given logits, as it is where the last sigmoid is gone."""

    def make(original: Any) -> Any:
        def loss(input: Tensor, target: Tensor, *args: Any, **kwargs: Any) -> Tensor:
            return F.binary_cross_entropy_with_logits(input, target, *args, **kwargs)

        return loss

    return rewired(F, "binary_cross_entropy", make)


def class_weights() -> Undo:
    """Weigh classes by the inverse of how often they were seen, in the mean over the rows."""
    seen: dict[str, Tensor] = {}

    def make_many(original: Any) -> Any:
        def loss(input: Tensor, target: Tensor, weight: Any = None, *a: Any, **k: Any) -> Tensor:
            if weight is None and not target.is_floating_point() and input.requires_grad:
                counts = torch.bincount(target.detach().flatten(), minlength=input.shape[1])
                seen["many"] = counts = counts + seen.get("many", torch.ones_like(counts))
                weight = (counts.sum() / (len(counts) * counts)).to(input.dtype)
            return original(input, target, weight, *a, **k)

        return loss

    def make_two(original: Any) -> Any:
        def loss(input: Tensor, target: Tensor, *args: Any, **kwargs: Any) -> Tensor:
            if input.requires_grad and not args and kwargs.get("pos_weight") is None:
                rows = target.detach().double()
                counts = torch.stack([(1 - rows).sum(), rows.sum()]) + 1
                seen["two"] = counts = counts + seen.get("two", torch.zeros_like(counts))
                kwargs = kwargs | {"pos_weight": (counts[0] / counts[1]).to(input.dtype)}
            return original(input, target, *args, **kwargs)

        return loss

    return together(
        [
            rewired(F, "cross_entropy", make_many),
            rewired(F, "nll_loss", make_many),
            rewired(F, "binary_cross_entropy_with_logits", make_two),
        ]
    )


def label_smoothing(amount: float) -> Undo:
    """Smooth the classes of cross-entropy while training."""

    def make(original: Any) -> Any:
        def loss(input: Tensor, *args: Any, **kwargs: Any) -> Tensor:
            if input.requires_grad:
                kwargs = kwargs | {"label_smoothing": amount}
            return original(input, *args, **kwargs)

        return loss

    return rewired(F, "cross_entropy", make)


def robust_loss() -> Undo:
    """Train with the smooth absolute error in place of the squared one."""

    def make(original: Any) -> Any:
        def loss(input: Tensor, target: Tensor, *args: Any, **kwargs: Any) -> Tensor:
            if not input.requires_grad:
                return original(input, target, *args, **kwargs)
            return F.smooth_l1_loss(input, target, reduction=kwargs.get("reduction", "mean"))

        return loss

    return rewired(F, "mse_loss", make)


ON_LOSSES: dict[str, Callable[..., Undo]] = {
    "reshape-targets": reshape_targets,
    "logits-of-outputs": logits_of_outputs,
    "cross-entropy": cross_entropy,
    "raw-binary": raw_binary,
    "class-weights": class_weights,
    "label-smoothing": label_smoothing,
    "robust-loss": robust_loss,
}
