"""The learning-rate range test: how `recipe.lr: auto` is resolved. Smith 2017, arXiv:1506.01186.

A copy of the net is trained for some steps at rates rising from 1e-6 to 1; the net itself, the data
order and every random stream stay as they were. The answer is the rate where the smoothed loss
falls fastest ("steepest"), never above a third of the rate where it turns and never below a
thirtieth: a fall far below it was one of the batches, not of learning. Always a rate and a reason:
where the curve says nothing, the optimiser's usual rate.
"""

import copy
import math
import time
from collections.abc import Callable, Iterable

import torch
from torch import Tensor, nn

from netwright.data.data import Batch
from netwright.plan.plan import Recipe
from netwright.train.freezing import train_mode_
from netwright.train.optimizers import build_optimizer, set_lr

__all__ = ["USUAL_LR", "find_lr"]

TIMED = 2  # steps, at the lowest rate, that say how long one takes
FEWEST = 30  # steps that still draw a curve
SETTLED = 10  # steps, after which the smoothed loss is more than its first batches

USUAL_LR = {
    "sgd": 0.1,
    "momentum": 0.05,
    "nesterov": 0.05,
    "adagrad": 0.01,
    "rmsprop": 1e-3,
    "adam": 1e-3,
    "adamw": 1e-3,
    "muon": 1e-3,
}


def find_lr(
    net: nn.Module,
    loss: Callable[[nn.Module, Batch], Tensor],
    batches: Iterable[Batch],
    recipe: Recipe,
    *,
    steps: int = 100,
    seconds: float | None = None,
    lowest: float = 1e-6,
    highest: float = 1.0,
) -> tuple[float, str]:
    """Return (lr, reason); `net` is not changed. seconds: what the test may take; where fewer than
    30 steps fit, it is left out.
    """
    usual = USUAL_LR[recipe.optimizer]
    trial = copy.deepcopy(net)
    train_mode_(trial)
    optimizer = build_optimizer(trial, recipe, lowest)
    rates: list[float] = []
    losses: list[float] = []
    smooth, best = 0.0, math.inf
    begun = time.monotonic()
    for number, batch in enumerate(batches):
        if number == TIMED and seconds is not None:
            affordable = seconds / max((time.monotonic() - begun) / TIMED, 1e-9)
            # All steps or the fewest, never a number between that would hang on the clock.
            steps = steps if affordable >= steps else FEWEST
            if affordable < FEWEST:
                said = (
                    f"a range test would take too long here: the usual rate of {recipe.optimizer}"
                )
                return usual, said
        if number >= steps:
            break
        rate = lowest * (highest / lowest) ** (number / (steps - 1))
        set_lr(optimizer, rate)
        value = loss(trial, batch)
        optimizer.zero_grad()
        value.backward()
        if recipe.clip is not None:
            torch.nn.utils.clip_grad_norm_(trial.parameters(), recipe.clip)
        optimizer.step()
        smooth = 0.9 * smooth + 0.1 * value.item()
        current = smooth / (1 - 0.9 ** (number + 1))
        if not math.isfinite(current) or current > 3 * best:
            break
        best = min(best, current)
        rates.append(rate)
        losses.append(current)
    if len(rates) < FEWEST // 2:
        return (
            usual,
            f"the range test broke off after {len(rates)} steps: the usual rate of "
            f"{recipe.optimizer}",
        )
    low = losses.index(min(losses))
    if losses[0] - losses[low] < 0.02 * abs(losses[0]):
        return (
            usual,
            f"the range test's loss hardly moved ({losses[0]:.3g} to {losses[low]:.3g}): the usual "
            "rate",
        )
    # The steepest fall per decade lags the smoothed loss; the minimum bounds it: a third of where
    # the loss turns.
    window = 5
    first = min(SETTLED, max(low - window - 1, 0))
    slopes = [losses[i + window] - losses[i] for i in range(first, max(low - window, first + 1))]
    steepest = rates[first + slopes.index(min(slopes)) + window]
    found = min(max(steepest, rates[low] / 30), rates[low] / 3)
    bounded = min(max(found, usual / 3), usual * 3)
    said = f"range test on a copy: loss falls fastest at {steepest:.1e}, turns at {rates[low]:.1e}"
    if bounded != found:
        said += f"; kept within a third and three times the usual {usual:g}"
    return float(f"{bounded:.2e}"), said
