"""What comes after an epoch: it is judged on the validation split, its weights are kept where they
are the best so far, and training stops or goes on."""

import math
import time
from typing import TYPE_CHECKING

import torch
from torch import Tensor

from netwright.evaluate.judge import loss_of, metric_of, outputs_of, targets_of
from netwright.evaluate.scores import higher_is_better
from netwright.train.conflict import facts_of_tasks

if TYPE_CHECKING:
    from netwright.train.training import Training

__all__ = ["end_epoch"]

SHARES = ("accuracy", "balanced_accuracy", "precision", "recall", "f1", "f1_macro", "f1_weighted")


def end_epoch(training: "Training", outputs: Tensor | None) -> None:
    """Judge the epoch, stop early or go on. outputs: on the validation split (rows, outputs),
    where they are known already."""
    state, recipe = training.state, training.plan.recipe
    if training.average.needs_batch_statistics:
        order = torch.Generator().manual_seed(training.seed)
        some = training.data.train.batches(training.batch_size, rng=order, device=training.device)
        training.average.refresh_batch_statistics(
            training.data.encoding.prepare(batch.inputs) for batch in some
        )
    row = _judge(training, outputs)
    state.history.append(row)
    _record(training, row)
    stale = state.epoch - max(state.best_epoch, state.thawed - 1)
    waits = recipe.freeze == "at-first" and state.thawed < 0  # the body is still to learn
    if training.metric not in row:
        state.stopped = "the loss is not finite"
        training.trace.record("non-finite", "", state.step, 1.0)
    elif recipe.snapshots > 1:
        _take_snapshot(training)
    elif recipe.patience is not None and stale >= recipe.patience and not (state.stopped or waits):
        state.stopped = f"no better validation {training.metric} for {stale} epochs"
    elif recipe.schedule == "reduce-on-plateau":
        state.reductions += int(stale > 0 and stale % max((recipe.patience or 10) // 2, 1) == 0)
    state.epoch += 1
    if state.epoch >= recipe.epochs:
        state.stopped = state.stopped or "all epochs done"
    if training.live and not state.stopped:
        training.live.look(training.trace, state.step / max(state.total_steps, 1))
    state.batch = state.loss_rows = 0
    state.loss_sum = 0.0


def _take_snapshot(training: "Training") -> None:
    """Keep the weights where a cycle of the schedule has ended."""
    state, count = training.state, training.plan.recipe.snapshots
    ended = count if state.stopped else state.step * count // max(state.total_steps, 1)
    if ended > len(training.snapshots) and len(training.snapshots) < count:
        now = training.average.net.state_dict()
        training.snapshots.append({name: value.detach().clone() for name, value in now.items()})


def _judge(training: "Training", outputs: Tensor | None) -> dict[str, float]:
    """Judge the epoch on the validation split; keep the weights if they are the best so far,
    or all that the plan asks for."""
    state, metric, validation = training.state, training.metric, training.data.validation
    training.model.net = training.average.net
    train_loss = state.loss_sum / max(state.loss_rows, 1)
    if outputs is None:
        outputs = outputs_of(training.model, validation)
    training.outputs = outputs
    row = {"epoch": state.epoch + 1, "step": state.step, "train_loss": train_loss}
    if math.isfinite(train_loss) and bool(torch.isfinite(outputs).all()):
        targets, task = targets_of(validation), training.data.task
        loss = loss_of(training.objective, outputs, targets, task)
        if loss is not None:
            row["validation_loss"] = loss
        row[metric] = metric_of(training.model, outputs, validation, metric)
        signed = row[metric] * (1 if higher_is_better(metric) else -1)
        rows = len(validation) if metric in SHARES else None
        if state.improves(signed, loss or 0.0, shares_of=rows):
            state.best_epoch = state.epoch
        if state.best_epoch == state.epoch or training.plan.recipe.keep == "last":
            state.kept_epoch = state.epoch
            kept = training.average.net.state_dict()
            training.best = {name: value.detach().clone() for name, value in kept.items()}
    if training.experience is not None:
        row |= training.experience.facts()
    since = int(state.history[-1]["step"]) if state.history else 0
    row |= facts_of_tasks(training.trace, training.objective, training.net, since=since)
    row["lr"] = training.optimizer.param_groups[0]["lr"]
    row["seconds"] = round(state.seconds + time.monotonic() - training.begun, 3)
    return row


def _record(training: "Training", row: dict[str, float]) -> None:
    step = training.state.step
    for signal, name in (
        ("loss.train", "train_loss"),
        ("loss.validation", "validation_loss"),
        ("metric.validation", training.metric),
    ):
        if name in row and (training.loss_tells or name == training.metric):
            training.trace.record(signal, "", step, row[name])
    if training.events:
        training.events.scalars({k: v for k, v in row.items() if k not in ("epoch", "step")}, step)
    if training.progress:
        training.progress.epoch(training.state.epoch + 1, row)
