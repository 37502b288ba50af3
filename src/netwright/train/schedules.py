"""Learning-rate schedules by their standard names, as pure functions of progress.

A function of progress needs no state, so a checkpoint holds nothing for it, and a run bounded by
time can stretch or shrink its plan. tests/train/test_schedules.py holds each against
torch.optim.lr_scheduler's values. `reduce-on-plateau` alone has memory: the count of reductions,
kept by `fit` in its state.
"""

import math

from netwright.plan.plan import Recipe

__all__ = ["lr_at"]


def lr_at(
    recipe: Recipe,
    lr: float,
    *,
    step: int,
    total_steps: int,
    steps_per_epoch: int,
    reductions: int = 0,
) -> float:
    """Return the rate of optimiser step `step` (0-based) of `total_steps`; `lr` is the peak."""
    total = max(total_steps, 1)
    if recipe.snapshots > 1:  # the same curve, once a cycle
        cycle = total / recipe.snapshots
        step, total = int(step % cycle), max(int(cycle), 1)
    if recipe.schedule == "one-cycle":
        return _one_cycle(recipe, lr, step, total)
    warmup = round(recipe.warmup * total) if recipe.schedule != "constant" or recipe.warmup else 0
    if step < warmup:
        return lr * (step + 1) / warmup
    progress = min((step - warmup) / max(total - warmup, 1), 1.0)
    epoch = step // max(steps_per_epoch, 1)
    match recipe.schedule:
        case "constant":
            return lr
        case "step":
            return lr * recipe.schedule_gamma ** (epoch // recipe.schedule_every)
        case "exponential":
            return lr * recipe.schedule_gamma ** (epoch / recipe.schedule_every)
        case "reduce-on-plateau":
            return lr * recipe.schedule_gamma**reductions
    low = lr * recipe.final_lr
    return low + (lr - low) * (1 + math.cos(math.pi * progress)) / 2


def _one_cycle(recipe: Recipe, lr: float, step: int, total: int) -> float:
    """Smith and Topin 2018 (arXiv:1708.07120), torch's cosine form: lr/25 up to lr over the warm-up
    share, then down to lr/250000.
    """
    turn, last = (recipe.warmup or 0.3) * total - 1, total - 1
    start, end = lr / 25, lr / 25 / 1e4
    if step <= turn:
        low, high, part = lr, start, step / max(turn, 1)
    else:
        low, high, part = end, lr, min((step - turn) / max(last - turn, 1), 1.0)
    return low + (high - low) * (1 + math.cos(math.pi * part)) / 2
