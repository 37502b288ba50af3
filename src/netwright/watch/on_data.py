"""Interventions on what goes into nets and what comes out: scales, missing values, both phases."""

import weakref
from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor, nn

from netwright.watch.rewire import Undo, around_nets

__all__ = ["ON_DATA"]

ENOUGH_ROWS = 512  # for the mean and the deviation of a feature
FEWEST_ROWS = 32  # of evaluated ones, to know where they stand
FAR = 5.0  # deviations of the others away: a code, see `_codes`


def standardize_inputs(codes: bool = False) -> Undo:
    """Subtract from a net's first input the mean of the first rows, divide by their deviation.

    Of every feature: a column of (batch, features), the last axis of three, a channel of four or
    more. Numbers that are not finite become the mean; codes: those that stand for "missing" too.
    """
    scales: weakref.WeakKeyDictionary[nn.Module, _Scale] = weakref.WeakKeyDictionary()

    def before(net: nn.Module, args: tuple[Any, ...]) -> tuple[Any, ...]:
        if not _scalable(args):
            return args
        scale = scales.setdefault(net, _Scale(codes=codes))
        if torch.is_grad_enabled():
            scale.learn(args[0])
        return (scale.standardized(args[0]), *args[1:])

    return around_nets(before=before)


def match_evaluation() -> Undo:
    """Bring the features of evaluated rows to the mean and the deviation of the trained ones."""
    known: weakref.WeakKeyDictionary[nn.Module, tuple[_Scale, _Scale]] = weakref.WeakKeyDictionary()

    def before(net: nn.Module, args: tuple[Any, ...]) -> tuple[Any, ...]:
        if not _scalable(args):
            return args
        trained, evaluated = known.setdefault(net, (_Scale(), _Scale()))
        if torch.is_grad_enabled():
            trained.learn(args[0])
            return args
        evaluated.learn(args[0])
        if min(trained.rows, evaluated.rows) < FEWEST_ROWS:
            return args
        return (trained.restored(evaluated.standardized(args[0])), *args[1:])

    return around_nets(before=before)


def _scalable(args: tuple[Any, ...]) -> bool:
    return (
        bool(args)
        and isinstance(args[0], Tensor)
        and args[0].is_floating_point()
        and args[0].ndim >= 2
    )


class _Scale:
    """The mean and the deviation of each feature over the first rows, fixed once they are enough.

    codes: one far-off value that a feature repeats stands for "missing", and is left out."""

    def __init__(self, *, codes: bool = False) -> None:
        self.rows = 0
        self._codes = codes
        self._seen: Tensor | None = None  # (values, features)
        self._mean = self._deviation = self._missing = torch.empty(0)

    def learn(self, x: Tensor) -> None:
        """Take in the rows of a batch, while more are needed."""
        if self.rows >= ENOUGH_ROWS:
            return
        values = x.detach().movedim(_feature(x), -1).flatten(0, -2).double()
        if self._seen is None:
            self._seen = values
        elif self._seen.shape[1] == values.shape[1]:
            self._seen = torch.cat([self._seen, values])
        else:
            return
        self.rows += len(x)
        known = torch.isfinite(self._seen)
        if self._codes:
            self._missing = _code(self._seen)
            known &= self._seen != self._missing
        count = known.sum(0).clamp(min=1)
        self._mean = torch.where(known, self._seen, 0.0).sum(0) / count
        off = torch.where(known, self._seen - self._mean, 0.0)
        self._deviation = (off.square().sum(0) / count).sqrt()
        constant = self._deviation < 1e-9 * self._mean.abs() + 1e-30
        self._deviation[constant] = 1.0
        if self.rows >= ENOUGH_ROWS:
            self._seen = None

    def standardized(self, x: Tensor) -> Tensor:
        """Return x with mean 0 and deviation 1, what is missing at 0."""
        if not len(self._mean):
            return x
        mean, deviation = self._shaped(self._mean, x), self._shaped(self._deviation, x)
        result = torch.nan_to_num((x - mean) / deviation, nan=0.0, posinf=0.0, neginf=0.0)
        if self._codes:
            missing = x.double() == self._shaped(self._missing, x, torch.float64)
            result = torch.where(missing, torch.zeros_like(result), result)
        return result

    def restored(self, x: Tensor) -> Tensor:
        """Undo `standardized`."""
        return x * self._shaped(self._deviation, x) + self._shaped(self._mean, x)

    @staticmethod
    def _shaped(values: Tensor, x: Tensor, dtype: torch.dtype | None = None) -> Tensor:
        shape = [1] * x.ndim
        shape[_feature(x)] = len(values)
        return values.to(dtype or x.dtype).view(shape)


def _feature(x: Tensor) -> int:
    return -1 if x.ndim == 3 else 1


def _code(values: Tensor) -> Tensor:
    """Return each feature's code for "missing", (values, features) -> (features,); nan: none.

    The smallest or the largest value, repeated, and far from all others."""
    found = torch.full_like(values[0], torch.nan)
    for feature, column in enumerate(values.T):
        for extreme in (column.min(), column.max()):
            same = column == extreme
            rest = column[~same]
            if int(same.sum()) >= 2 and len(rest.unique()) >= 10:
                if (rest - extreme).abs().min() > FAR * rest.std():
                    found[feature] = extreme
    return found


def impute() -> Undo:
    """Put 0 where a net's first input is no finite number."""

    def before(net: nn.Module, args: tuple[Any, ...]) -> tuple[Any, ...]:
        if args and isinstance(args[0], Tensor) and args[0].is_floating_point():
            clean = torch.nan_to_num(args[0], nan=0.0, posinf=0.0, neginf=0.0)
            return (clean, *args[1:])
        return args

    return around_nets(before=before)


def scale_outputs(mean: float, std: float) -> Undo:
    """Let nets answer in units of `std` around `mean`, with gradients as if the targets were
    standardised and the loss squared (for an absolute one they are 1 / std of that)."""

    def after(net: nn.Module, result: Any) -> Any:
        if not isinstance(result, Tensor) or not result.is_floating_point():
            return result
        if result.requires_grad:
            result.register_hook(lambda gradient: gradient / std**2)
        return result * std + mean

    return around_nets(after=after)


ON_DATA: dict[str, Callable[..., Undo]] = {
    "standardize-inputs": standardize_inputs,
    "match-evaluation": match_evaluation,
    "impute": impute,
    "scale-outputs": scale_outputs,
}
