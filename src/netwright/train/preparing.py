"""What a training measures before its first step: threads, the learning rate, the kind of step.

All of it on copies, or undone: afterwards the net, the optimiser and the streams are as before.
"""

import copy
import time
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import torch
from torch import Tensor, nn

from netwright.data.data import Batch
from netwright.device import cores, seeded
from netwright.plan.plan import Plan
from netwright.train import lean, step
from netwright.train.eager_step import EagerStep, losses_of
from netwright.train.freezing import train_mode_
from netwright.train.lr_range import find_lr
from netwright.train.step import StepChoice, Stepper, choose_stepper

if TYPE_CHECKING:
    from netwright.train.training import Training

__all__ = ["choose_step", "choose_threads", "resolve_lr"]

LR_SHARE = 0.05  # of the time that is left, for the range test


def choose_threads(training: "Training", before: int | None) -> None:
    """Set torch's threads to the fastest of one and all, or to what they were before."""
    if before is not None:
        torch.set_num_threads(before)
    elif training.device.type == "cpu" and cores() > 1:
        with seeded(training.seed):
            trial = copy.deepcopy(training.net)
            train_mode_(trial)
            still = lean.SGD([p for p in trial.parameters() if p.requires_grad], lr=0)
            recipe, rng = training.plan.recipe, training.rng
            take = EagerStep(trial, training.objective, recipe, still, rng)
            batch = _first_batch(training)
            found = step.choose_threads(lambda: take(batch.inputs, batch.targets), [1, cores()])
        torch.set_num_threads(found)


def resolve_lr(training: "Training") -> Plan:
    """Return the plan with the rate that a range test on a copy finds (see lr_range.py)."""
    order, rng = _streams(training.seed + 7)

    def endless() -> Iterator[Batch]:
        while True:
            yield from training.batches(order, rng, rehearsed=True)

    def loss(net: nn.Module, batch: Batch) -> Tensor:
        losses = [one for _, one in losses_of(training.objective, net, batch, rng)]
        return torch.stack(losses).sum()

    seconds = None
    if training.deadline is not None:
        seconds = LR_SHARE * (training.deadline - time.monotonic())
    with seeded(training.seed):  # dropout in the trial draws from a stream of its own
        found, reason = find_lr(
            training.net, loss, endless(), training.plan.recipe, seconds=seconds
        )
    return training.plan.with_({"recipe.lr": found}, why=reason)


def choose_step(training: "Training", before: dict[str, Any] | None) -> tuple[Stepper, StepChoice]:
    """Return the fastest kind of step and why it, or the choice of before."""
    train_mode_(training.net)
    with seeded(training.seed):
        batch = _first_batch(training)
    return choose_stepper(
        training.net,
        training.objective,
        training.plan.recipe,
        training.optimizer,
        (batch.inputs, batch.targets),
        eager=training.watched_step,
        remaining_steps=training.state.total_steps - training.state.step,
        mixed_precision=training.watched_step.precision != "float32",
        before=StepChoice.from_dict(before) if before else None,
    )


def _first_batch(training: "Training") -> Batch:
    return next(training.batches(*_streams(training.seed), rehearsed=True))


def _streams(seed: int) -> tuple[torch.Generator, torch.Generator]:
    return torch.Generator().manual_seed(seed), torch.Generator().manual_seed(seed + 1)
