"""Training: one net on its way through a plan, step by step and epoch by epoch.

An epoch: batches are gathered and augmented, each is one step (see step.py), and every `every`
steps one is watched. Then the whole validation split is judged in eval mode, which draws nothing
from any random stream. All that changes lies in `State`, the net, the optimiser, the average and
the streams, so that a checkpoint of those continues bit for bit.
"""

import copy
import logging
import math
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Protocol

import torch
from torch import Tensor

from netwright.data.data import Batch, Data
from netwright.evaluate.scores import watched_metric
from netwright.model.model import Model
from netwright.objectives._objective import Epoch, experience_of
from netwright.plan.plan import Plan
from netwright.train.averaging import Average
from netwright.train.building import (
    balanced_rows,
    build_net,
    build_objective,
    completed,
    learned_quantiles,
    rows_of,
)
from netwright.train.checkpoint import load_checkpoint, save_checkpoint
from netwright.train.conflict import record_conflict
from netwright.train.eager_step import EagerStep, choose_precision
from netwright.train.facts import record_start
from netwright.train.finishing import finish
from netwright.train.freezing import is_due, thaw_, train_mode_
from netwright.train.judging import end_epoch
from netwright.train.live import Live
from netwright.train.optimizers import build_optimizer, set_lr
from netwright.train.preparing import choose_step, choose_threads, resolve_lr
from netwright.train.run import Run
from netwright.train.schedules import lr_at
from netwright.train.state import State, pack, under, unpack_, until
from netwright.train.step import StepChoice
from netwright.watch.probe import Probe
from netwright.watch.tensorboard import EventWriter
from netwright.watch.trace import Trace

__all__ = ["Progress", "Training"]

log = logging.getLogger("netwright")

CHECKPOINT_SECONDS = 30.0
SHORTEST_CHECKPOINT_SECONDS = 1.0  # epochs of milliseconds are not each worth a file
REPLAN_AFTER_STEPS = 10
EARLY = (1, 4, 16)  # steps that are watched besides one in `every`


class Progress(Protocol):
    """Who is told how training goes. fit writes and knows no reader."""

    def start(self, total_epochs: int, metric_name: str) -> None: ...
    def epoch(self, number: int, row: dict[str, float]) -> None: ...
    def message(self, text: str) -> None: ...
    def stop(self, reason: str, kept: int | None = None) -> None: ...


class Training:
    """One net in training: what `fit` runs alone, and `fit_pack` in step with others."""

    threads_given = False
    choice: StepChoice | None = None

    def __init__(
        self,
        plan: Plan,
        data: Data,
        folder: Path | None,
        seed: int,
        device: torch.device,
        seconds: float | None,
        metric: str | None,
        progress: Progress | None,
        *,
        order_seed: int | None = None,
    ) -> None:
        plan = completed(plan, data)
        self.order_seed = seed if order_seed is None else order_seed
        self.plan, self.data, self.folder, self.seed = plan, data, folder, seed
        self.device, self.progress = device, progress
        self.begun = time.monotonic()
        self.deadline = self.begun + seconds if seconds is not None else None
        self.share_of_time = 1.0  # where others train in turn
        self.seconds_per_step = 0.0  # 0: none was taken yet
        self.metric = watched_metric(data.task, metric=metric, class_counts=data.class_counts)
        self.notes: dict[str, Any] = {"device": str(device)}
        self.objective = build_objective(plan, data)
        self.net, self.notes["init"] = build_net(plan, data, seed, device)
        self.model = Model(
            net=self.net,
            spec=dict(plan.net),
            encoding=data.encoding,
            task=data.task,
            quantiles=learned_quantiles(self.objective),
        )
        self.experience = experience_of(self.objective)
        # Of rows that change with the net, or nets that deceive each other, a loss tells nothing.
        self.loss_tells = self.experience is None and len(self.objective.groups) == 1
        recipe = plan.recipe
        rows = rows_of(self.objective, data, recipe)
        self.batch_size = rows if recipe.batch_size == "full" else min(int(recipe.batch_size), rows)
        self.rows_per_step = self.batch_size * recipe.accumulate
        self.steps_per_epoch = math.ceil(rows / self.rows_per_step)
        self.every = max(50, self.steps_per_epoch // 4)
        self.row_weights = balanced_rows(data) if recipe.sampling == "balanced" else None
        self.rng = torch.Generator().manual_seed(self.order_seed)
        self.state = State(total_steps=recipe.epochs * self.steps_per_epoch)
        self.trace = Trace()
        self.best: dict[str, Tensor] = {}
        self.snapshots: list[dict[str, Tensor]] = []
        self.outputs = torch.empty(0)  # on the validation split, after the last epoch
        self.saved_at = time.monotonic()
        self.live = Live(progress.message) if progress else None

    # ---------------------------------------------------------------------------- the flow

    def run(self, *, resume: bool) -> Run:
        """Train to the end, or to the bound, or to Ctrl-C."""
        saved = load_checkpoint(self.folder / "checkpoint") if resume and self.folder else None
        self.prepare(saved)
        interrupted = False
        try:
            while not self.state.stopped and self.state.epoch < self.plan.recipe.epochs:
                self.run_epoch()
        except KeyboardInterrupt:
            interrupted = True
            if self.folder and self._may_stop_here():
                self._checkpoint()
            self.state.stopped = "interrupted"
        finally:
            if self.events:
                self.events.close()
        return self.finish(interrupted)

    def prepare(
        self,
        saved: tuple[dict[str, Tensor], dict[str, Any]] | None = None,
        *,
        alone: bool = True,
    ) -> None:
        """Resolve what the plan leaves open and make what a step needs. saved: what `packed` gave,
        to go on from. alone: choose threads and the kind of step as well, which a pack does for its
        members."""
        before: dict[str, Any] = saved[1] if saved is not None else {}
        if before:
            # What was found before the interruption (rate, threads, step) is part of the run.
            self.plan = Plan.from_dict(before["plan"])
        if self.progress:
            self.progress.start(self.plan.recipe.epochs, self.metric)
            for entry in self.data.ledger:
                if entry.where == "weights":  # taken, and what of them rests
                    self.progress.message(str(entry))
        if alone:
            self.choose_threads(before.get("threads"))
        if self.plan.recipe.lr == "auto":
            self.plan = resolve_lr(self)
        recipe = self.plan.recipe
        if before.get("state", {}).get("thawed", -1) >= 0:
            self.net.requires_grad_(True)
        self.optimizer = build_optimizer(self.net, recipe, float(recipe.lr))
        self.average = Average(self.net, recipe)
        if saved is not None:
            self.state, self.best = unpack_(
                *saved, self.net, self.optimizer, self.average, self.rng
            )
            if self.experience is not None:
                self.experience.unpack_(under(saved[0], "experience."))
            for number in range(before.get("snapshots", 0)):
                self.snapshots.append(under(saved[0], f"snapshot{number}."))
            if self.folder is not None:
                self.trace = until(Trace.load(self.folder), self.state)
            log.info("resumed at epoch %d, batch %d", self.state.epoch + 1, self.state.batch)
        record_start(self.trace, self.data, self.objective)
        self.probe = Probe(self.net, self.optimizer, trace=self.trace)
        precision, self.notes["precision"] = choose_precision(recipe.precision, self.device)
        self.watched_step = EagerStep(
            self.net, self.objective, recipe, self.optimizer, self.rng, precision
        )
        if alone:
            self.choose_step(before.get("step"))
        if before:
            self.watched_step.scaler.load_state_dict(before["scaler"])
        self.events = EventWriter(self.folder) if self.folder else None

    def batches(
        self,
        order: torch.Generator,
        rng: torch.Generator,
        start: int = 0,
        *,
        rehearsed: bool = False,
    ) -> Iterator[Batch]:
        """Yield an epoch's batches. rehearsed: and leave what the objective experiences as it
        is."""
        objective = copy.deepcopy(self.objective) if rehearsed else self.objective
        epoch = Epoch(
            self.rows_per_step,
            order,
            rng,
            start=start,
            device=self.device,
            weights=self.row_weights,
            net=self.net,
            number=self.state.epoch,
        )
        found: Iterator[Batch] = objective.batches(self.data, epoch)
        return found

    def order(self) -> torch.Generator:
        """Return what this epoch's batches are drawn with: a function of seed and epoch, so a
        resumed epoch draws them again and skips."""
        return torch.Generator().manual_seed(self.order_seed * 1_000_003 + self.state.epoch)

    def seconds_left(self) -> float:
        """Return what the recipe's other epochs would take, by the last steps; 0 where it ended."""
        steps = self.plan.recipe.epochs * self.steps_per_epoch - self.state.step
        return 0.0 if self.state.stopped else max(steps, 0) * self.seconds_per_step

    def run_epoch(self) -> None:
        """Train an epoch, or what is left of it, and judge it."""
        state = self.state
        if is_due(self):
            thaw_(self)
        order = self.order()
        train_mode_(self.net)
        losses: list[Tensor] = []  # read together: no waiting for the device at every step
        begun, first = time.monotonic(), state.step
        for batch in self.batches(order, self.rng, state.batch):
            losses.append(self._step(batch) * len(batch.targets))
            state.batch += 1
            state.loss_rows += len(batch.targets)
            now = time.monotonic()
            if state.step - first == REPLAN_AFTER_STEPS and state.epoch == 0:
                self.replan((now - begun) / REPLAN_AFTER_STEPS)
            if self.deadline is not None and now > self.deadline:
                state.stopped = "out of time"
            if state.stopped:
                break
            if len(losses) == 1000:
                state.loss_sum += _drain(losses)
            waited = now - self.saved_at > CHECKPOINT_SECONDS
            if self.folder and waited and self._may_stop_here():
                state.loss_sum += _drain(losses)
                self._checkpoint()
        state.loss_sum += _drain(losses)
        self.end_epoch()
        if not state.stopped and state.step > first:
            self.replan((time.monotonic() - begun) / (state.step - first))

    def _may_stop_here(self) -> bool:
        """Say whether a checkpoint can hold this moment: what is experienced goes on from the end
        of an epoch alone."""
        return self.experience is None or self.state.batch == 0

    def _step(self, batch: Batch) -> Tensor:
        rate, step = self.set_rate(), self.state.step
        record_conflict(
            self.trace, self.objective, self.net, batch, step=step, every=self.steps_per_epoch
        )
        if self.is_watched(step):
            loss = self.sample_step(batch, rate)
            if not bool(torch.isfinite(loss)) and self._is_lost():
                self.state.stopped = "the loss is not finite"  # the rest of the epoch mends nothing
        else:
            loss = self.step(batch.inputs, batch.targets)
        self.count_step()
        return loss

    def _is_lost(self) -> bool:
        """Say whether weights are not finite: a scaler of gradients may have saved them."""
        return not all(bool(torch.isfinite(p).all()) for p in self.net.parameters())

    def set_rate(self) -> float:
        """Give the optimiser this step's rate."""
        state, recipe = self.state, self.plan.recipe
        rate = lr_at(
            recipe,
            float(recipe.lr),
            step=state.step,
            total_steps=state.total_steps,
            steps_per_epoch=self.steps_per_epoch,
            reductions=state.reductions,
        )
        set_lr(self.optimizer, rate)
        return rate

    def is_watched(self, step: int) -> bool:
        """Say whether a step is sampled: most faults show in the first ones, or not at all."""
        return step % self.every == 0 or step in EARLY

    def sample_step(self, batch: Batch, rate: float) -> Tensor:
        """Take a step that is watched."""
        step = self.state.step
        with self.probe.sample(step):
            loss = self.watched_step(batch.inputs, batch.targets)
        if self.loss_tells:
            self.trace.record("loss", "", step, loss.item())
        self.trace.record("lr", "", step, rate)
        return loss

    def count_step(self) -> None:
        """Note that a step was taken."""
        self.state.step += 1
        self.average.update(self.state.step / max(self.state.total_steps, 1))

    # ---------------------------------------------------------------------------- after an epoch

    def end_epoch(self, outputs: Tensor | None = None) -> None:
        """Judge the epoch, stop early or go on (see judging.py). outputs: on the validation split
        (rows, outputs), where they are known already."""
        end_epoch(self, outputs)
        waited = time.monotonic() - self.saved_at
        if self.folder and (waited > SHORTEST_CHECKPOINT_SECONDS or self.state.stopped):
            self._checkpoint()

    def replan(self, seconds_per_step: float) -> None:
        """Fit the schedule to the time that is left; never longer than the recipe's epochs."""
        self.seconds_per_step = seconds_per_step
        if self.deadline is None:
            return
        state = self.state
        left = (self.deadline - time.monotonic()) * 0.97  # the rest goes to the last validation
        left *= self.share_of_time
        affordable = state.step + max(int(left / max(seconds_per_step, 1e-9)), 1)
        state.total_steps = min(self.plan.recipe.epochs * self.steps_per_epoch, affordable)

    def finish(self, interrupted: bool = False, *, briefly: bool = False) -> Run:
        """Bring the kept weights back, calibrate them and return the Run. briefly: score them by
        the metric alone, without an interval."""
        return finish(self, interrupted, briefly=briefly)

    # ---------------------------------------------------------------------------- what is measured

    def choose_threads(self, before: int | None) -> None:
        """Time some steps of a copy on one thread and on all: small nets want one."""
        if not self.threads_given:
            choose_threads(self, before)
        self.notes["threads"] = torch.get_num_threads()

    def choose_step(self, before: dict[str, Any] | None = None) -> None:
        """Find the fastest kind of step, or repeat the choice of before."""
        self.step, self.choice = choose_step(self, before)
        self.notes["step"] = self.choice.to_dict()

    # ---------------------------------------------------------------------------- checkpoints

    def packed(self) -> tuple[dict[str, Tensor], dict[str, Any]]:
        """Return all that `prepare` needs to go on from here."""
        tensors, plain = pack(
            self.state, self.net, self.optimizer, self.average, self.best, self.rng
        )
        plain["state"]["seconds"] += time.monotonic() - self.begun
        for number, weights in enumerate(self.snapshots):
            tensors |= {f"snapshot{number}.{name}": value for name, value in weights.items()}
        if self.experience is not None:
            found = self.experience.packed()
            tensors |= {f"experience.{name}": value for name, value in found.items()}
        plain["snapshots"] = len(self.snapshots)
        plain["plan"] = self.plan.to_dict()
        plain["scaler"] = self.watched_step.scaler.state_dict()
        plain["threads"] = self.notes.get("threads")
        plain["step"] = self.choice.to_dict() if self.choice else None
        return tensors, plain

    def _checkpoint(self) -> None:
        assert self.folder is not None
        self.trace.save(self.folder)  # before the checkpoint: it may run ahead, never lag behind
        save_checkpoint(self.folder / "checkpoint", *self.packed())
        self.saved_at = time.monotonic()


def _drain(losses: list[Tensor]) -> float:
    total = float(torch.stack(losses).sum()) if losses else 0.0
    losses.clear()
    return total
