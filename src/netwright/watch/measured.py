"""Measured: how well a training does, in numbers that mean the same whatever loss is used.

From each call of a loss function of torch: the share of right classes (cross-entropy and binary
cross-entropy), the mean squared error, shapes mended (losses of pointwise differences), else the
loss itself. From comparisons of a net's answers with targets (`comparisons.py`): the same. Of the
training's last quarter of steps, and of the last evaluation: calls without gradients after the last
step, on the first line of the user's that made such calls once there was a step. Shares of right
answers come before losses there.
"""

import math
from collections import deque
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn
from torch.optim import Optimizer

from netwright.watch.lines import Lines
from netwright.watch.stop import StopWatching

__all__ = ["Measure", "Measured"]

KEPT = 4000  # steps
HIGHER_IS_BETTER = {"accuracy": True, "mse": False, "loss": False}


@dataclass(frozen=True)
class Measure:
    """name: "accuracy", "mse" or "loss"."""

    name: str
    value: float

    def to_dict(self) -> dict[str, Any]:
        """Return the form that goes to another process."""
        higher = HIGHER_IS_BETTER[self.name]
        return {"name": self.name, "value": self.value, "higher_is_better": higher}


class Measured:
    """A Listener (patches.py). max_steps: where to stop the script."""

    def __init__(self, folder: str | Path, *, max_steps: int | None = None) -> None:
        self.on = True
        self.inside = False
        self.counting = False
        self.steps = 0
        self._max_steps = max_steps
        self._lines = Lines(folder)
        self._main = ""  # the lines of the evaluation that counts
        self._main_kind = "loss"
        self._main_step = 0  # the last at which it was made
        # What nets answered in evaluations since the last step: the shapes, and the last answer.
        self._shapes: deque[torch.Size] = deque(maxlen=KEPT)
        self._answer: Tensor | None = None
        self._evaluation: list[tuple[str, Tensor, int]] = []
        self._fresh = True  # a step was made since the last evaluation
        self._training: deque[tuple[int, str, Tensor, int]] = deque(maxlen=KEPT)
        self._backward = False

    def training(self) -> Measure | None:
        """Return the mean over the last quarter of the steps."""
        late = [entry[1:] for entry in self._training if entry[0] >= 0.75 * self.steps]
        return _mean(late)

    def evaluation(self) -> Measure | None:
        """Return the mean over the rows of the last evaluation."""
        return _mean(self._evaluation)

    def after_loss(self, name: str, original: Any, args: Any, kwargs: Any, result: Any) -> None:
        """Measure one call."""
        values = [*args, *kwargs.values()]
        self.counting = True  # what is compared here is none of the user's
        try:
            with torch.no_grad():
                kind, value, rows = _measure(name, values, result)
        finally:
            self.counting = False
        if torch.is_grad_enabled() and result.requires_grad:
            self._training.append((self.steps, kind, value, rows))
            return
        self._evaluated(kind, value, rows)

    def compared(self, kind: str, first: Tensor, second: Tensor, result: Tensor) -> None:
        """Measure a comparison of an evaluated net's answers with targets of the same shape."""
        if first.shape != second.shape or not self._is_of_answers(first.shape):
            return
        with torch.no_grad():
            if kind != "difference":
                right = result if kind == "equal" else ~result
                self._evaluated("accuracy", right.float().mean(), len(first))
            elif any(_same_memory(x, self._answer) for x in (first, second)):
                self._evaluated("mse", result.float().square().mean(), len(first))

    def _is_of_answers(self, shape: torch.Size) -> bool:
        """Say whether a tensor may hold what the last evaluations answered, one batch or several,
        a number a row or a class picked."""
        if not self._shapes or not shape:
            return False
        each = self._shapes[-1]
        if shape[1:] not in (each[1:], each[1:-1], each[2:]):
            return False
        rows = 0
        for answers in reversed(self._shapes):
            rows += answers[0]
            if rows >= shape[0]:
                return rows == shape[0]
        return False

    def _evaluated(self, kind: str, value: Tensor, rows: int) -> None:
        path = self._lines.path()
        untrained = self._main_step == 0 < self.steps  # of a net before its first step alone
        better = self._main_kind == "loss" and kind != "loss"
        if not self._main or ((untrained or better) and path != self._main):
            self._main, self._main_kind, self._fresh = path, kind, True
        if path == self._main:
            self._main_step = self.steps
            if self._fresh:
                self._evaluation, self._fresh = [], False
            self._evaluation.append((kind, value, rows))

    def before_backward(self, tensors: Any) -> None:
        """Measure a loss written by hand, of which no function of torch told."""
        if isinstance(tensors, Tensor) and tensors.numel() == 1:
            if not self._training or self._training[-1][0] != self.steps:
                self._training.append((self.steps, "loss", tensors.detach().reshape(()), 1))
            self._backward = True

    def after_step(self, optimizer: Optimizer) -> None:
        """Count a step."""
        if not self._backward:
            return
        self._backward = False
        self._fresh = True
        self._shapes.clear()
        self._answer = None
        self.steps += 1
        if self._max_steps is not None and self.steps >= self._max_steps:
            raise StopWatching

    def made(self, thing: Any) -> None:
        """Nothing."""

    def loaded(self, module: nn.Module) -> None:
        """Nothing."""

    def before_call(self, module: nn.Module, args: Any, kwargs: Any) -> None:
        """Nothing."""

    def after_call(self, module: nn.Module, args: Any, kwargs: Any, output: Any) -> None:
        """Keep what a net in evaluation answered; a loss module's single number is no answer."""
        if isinstance(output, Tensor) and output.ndim:
            if not module.training or not torch.is_grad_enabled():
                self._shapes.append(output.shape)
                self._answer = output

    def answered_otherwise(self, net: nn.Module, output: Any) -> Any:
        """Take what an intervention makes of the answer that was just kept; return it."""
        if isinstance(output, Tensor) and output.ndim and output is not self._answer:
            if self._shapes and (not net.training or not torch.is_grad_enabled()):
                self._shapes[-1], self._answer = output.shape, output
        return output

    def before_loss(self) -> None:
        """Nothing."""

    def leave(self) -> None:
        """Nothing."""

    def before_step(self, optimizer: Optimizer) -> None:
        """Nothing."""


def _same_memory(one: Tensor, other: Tensor | None) -> bool:
    """Say whether one is the other, or a view of it."""
    return (
        other is not None and one.untyped_storage().data_ptr() == other.untyped_storage().data_ptr()
    )


def _measure(name: str, values: list[Any], result: Tensor) -> tuple[str, Tensor, int]:
    """Return what is measured, its mean over the rows, and their number."""
    given, target = [*values, None, None][:2]
    loss = ("loss", result.detach().float().mean(), 1)
    if not isinstance(given, Tensor) or not isinstance(target, Tensor) or not given.ndim:
        return loss
    rows = given.shape[0]
    if name in ("cross_entropy", "nll_loss") and given.ndim > 1:
        classes = target.argmax(1) if target.shape == given.shape else target
        return "accuracy", (given.argmax(1) == classes).float().mean(), rows
    same = given.numel() == target.numel()
    if not same:
        return loss
    target = target.reshape(given.shape)
    if given.ndim == 2 and given.shape[1] > 1 and bool((target.sum(1) == 1).all()):
        if bool(((target == 0) | (target == 1)).all()):  # a class as a row with a single 1
            return "accuracy", (given.argmax(1) == target.argmax(1)).float().mean(), rows
    if name.startswith("binary_cross_entropy"):
        middle = 0.0 if name.endswith("logits") else 0.5
        return "accuracy", ((given > middle) == (target > 0.5)).float().mean(), rows
    if name in ("mse_loss", "l1_loss", "smooth_l1_loss", "huber_loss"):
        return "mse", (given.float() - target.float()).square().mean(), rows
    return loss


def _mean(entries: Iterable[tuple[str, Tensor, int]]) -> Measure | None:
    """Return the mean of the kind that was measured most, weighted by rows."""
    taken = list(entries)
    if not taken:
        return None
    kinds = [kind for kind, _, _ in taken]
    kind = max(set(kinds), key=kinds.count)
    values = [(float(value), rows) for name, value, rows in taken if name == kind]
    total = math.fsum(v * rows for v, rows in values) / sum(rows for _, rows in values)
    return Measure(kind, total)
