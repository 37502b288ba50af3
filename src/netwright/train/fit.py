"""fit(plan, data) -> Run: the one training loop, for every objective.

Order of a step: gather and augment a batch, set the rate, forward, loss and penalties, backward,
clip, optimiser, average. Every `every` steps one step is watched. After each epoch the whole
validation split is judged in eval mode, which draws nothing from any random stream. All state lives
in `_State`, the nets and the optimisers, so that a checkpoint of those continues bit for bit.
"""

import dataclasses
import logging
import math
import time
from collections.abc import Iterator
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, Protocol

import torch
from torch import Tensor, nn

from netwright import catalogue
from netwright.data.data import Batch, Data, Rows
from netwright.device import choose_device, seeded, threads
from netwright.diagnose.diagnose import diagnose
from netwright.errors import TrainingError, UsageError
from netwright.evaluate.calibration import fit_temperature
from netwright.evaluate.judge import score_outputs, targets_of
from netwright.evaluate.scores import higher_is_better, primary_metric
from netwright.model.model import Model
from netwright.plan.plan import Plan
from netwright.train.averaging import Average
from netwright.train.checkpoint import (
    load_checkpoint,
    optimizer_state,
    restore_optimizer_,
    save_checkpoint,
)
from netwright.train.init import initialise_
from netwright.train.lr_range import find_lr
from netwright.train.optimizers import build_optimizers, set_lr
from netwright.train.precision import mixed_precision
from netwright.train.run import Run
from netwright.train.schedules import lr_at
from netwright.watch.probe import Probe
from netwright.watch.tensorboard import EventWriter
from netwright.watch.trace import Trace

__all__ = ["Progress", "fit"]

log = logging.getLogger("netwright")

CHECKPOINT_SECONDS = 30.0
SHORTEST_CHECKPOINT_SECONDS = 1.0  # epochs of milliseconds are not each worth a file


class Progress(Protocol):
    """Who is told how training goes. Writers know no reader: fit calls, whoever listens draws."""

    def start(self, total_epochs: int, metric_name: str) -> None: ...
    def epoch(self, number: int, row: dict[str, float]) -> None: ...
    def message(self, text: str) -> None: ...
    def stop(self, reason: str) -> None: ...


@dataclass
class _State:
    """What changes while training and is neither weight nor optimiser; plain numbers, kept as
    JSON."""

    epoch: int = 0
    batch: int = 0
    step: int = 0
    total_steps: int = 0
    loss_sum: float = 0.0
    loss_rows: int = 0
    best_metric: float | None = None
    best_loss: float | None = None
    best_epoch: int = -1
    reductions: int = 0
    average_updates: int = 0
    seconds: float = 0.0
    stopped: str = ""
    history: list[dict[str, float]] = field(default_factory=list)


def fit(
    plan: Plan,
    data: Data,
    *,
    out: str | Path | None = None,
    seed: int = 0,
    device: str = "auto",
    num_threads: int | None = None,
    seconds: float | None = None,
    epochs: int | None = None,
    metric: str | None = None,
    resume: bool = False,
    progress: Progress | None = None,
) -> Run:
    """Train the plan's net on the data and return the Run, watched and calibrated, with its best
    weights.

    out: run folder for history, events, trace and checkpoints; None keeps everything in memory.
    seconds: bound on training; the schedule is fitted to it. metric: what early stopping and best
    weights go by. resume: go on from out/checkpoint. Raises TrainingError where no epoch gave
    finite numbers.
    """
    place = choose_device(device)
    folder = Path(out) if out is not None else None
    if epochs is not None:
        plan = plan.with_({"recipe.epochs": epochs})
    with seeded(seed), threads(num_threads):
        while True:
            try:
                training = _Training(plan, data, folder, seed, place, seconds, metric, progress)
                return training.run(resume=resume)
            except torch.OutOfMemoryError:
                size = training.batch_size
                if size <= 1:
                    raise
                smaller = {
                    "recipe.batch_size": size // 2,
                    "recipe.accumulate": plan.recipe.accumulate * 2,
                }
                plan = plan.with_(
                    smaller, why=f"a batch of {size} did not fit into {place}'s memory"
                )
                log.warning("out of memory at batch size %d: halved, with accumulation", size)


class _Training:
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
    ) -> None:
        self.data, self.folder, self.seed, self.device, self.progress = (
            data,
            folder,
            seed,
            device,
            progress,
        )
        self.begun = time.monotonic()
        self.deadline = self.begun + seconds if seconds is not None else None
        self.state = _State()
        self.trace = Trace()
        self.notes: dict[str, Any] = {"device": str(device), "threads": torch.get_num_threads()}

        spec = {k: v for k, v in plan.net.items() if k != "name"}
        net: nn.Module = catalogue.build("netwright.nets", plan.net["name"], spec, what="net")
        if plan.recipe.init != "default":
            self.notes["init"] = initialise_(
                net, plan.recipe.init, activation=spec.get("activation", "relu"), rng_seed=seed
            )
        if hasattr(net, "fit_bins_"):
            net.fit_bins_(data.train.inputs[0])  # type: ignore[attr-defined, operator]
        self.net = net.to(device)
        if data.kind == "image" and device.type == "cpu":
            self.net.to(memory_format=torch.channels_last)  # type: ignore[call-overload] # torch's stub lacks it
        objective = {k: v for k, v in plan.objective.items() if k != "name"}
        recipe = plan.recipe
        objective |= {"augment": recipe.augment, "augment_strength": recipe.augment_strength}
        if objective.get("loss", "cross-entropy") == "cross-entropy":
            objective["label_smoothing"] = recipe.label_smoothing
        if recipe.class_weights == "balanced":
            objective["class_weights"] = _balanced(data)
        self.objective = catalogue.build(
            "netwright.objectives", plan.objective["name"], objective, what="objective"
        )
        self.batch_size = (
            len(data.train)
            if recipe.batch_size == "full"
            else min(int(recipe.batch_size), len(data.train))
        )
        self.steps_per_epoch = math.ceil(
            math.ceil(len(data.train) / self.batch_size) / recipe.accumulate
        )
        self.state.total_steps = recipe.epochs * self.steps_per_epoch
        self.every = max(50, self.steps_per_epoch // 4)
        self.rng = torch.Generator().manual_seed(seed)
        self.row_weights = _balanced_rows(data) if recipe.sampling == "balanced" else None
        self.plan = plan
        self.model = Model(
            net=self.net, spec=dict(plan.net), encoding=data.encoding, task=data.task
        )
        self.metric = primary_metric(data.task, metric=metric, class_counts=data.class_counts)
        self.best: dict[str, Tensor] = {}

    # -- the flow
    # ------------------------------------------------------------------------------------------------

    def run(self, *, resume: bool) -> Run:
        saved = load_checkpoint(self.folder / "checkpoint") if resume and self.folder else None
        if saved is not None:
            # The rate found before the interruption is part of what is continued.
            self.plan = Plan.from_dict(saved[1]["plan"])
            self.batch_size = saved[1]["batch_size"]
        self._resolve_lr()
        self.optimizers = build_optimizers(self.net, self.plan.recipe, float(self.plan.recipe.lr))
        self.average = Average(self.net, self.plan.recipe)
        self.autocast, self.scaler, self.notes["precision"] = mixed_precision(
            self.plan.recipe.precision, self.device
        )
        self.probe = Probe(self.net, self.optimizers[0], trace=self.trace)
        if saved is not None:
            self._restore(*saved)
        self.events = EventWriter(self.folder) if self.folder else None
        self.saved_at = time.monotonic()
        interrupted = False
        if self.progress:
            self.progress.start(self.plan.recipe.epochs, self.metric)
        try:
            while not self.state.stopped and self.state.epoch < self.plan.recipe.epochs:
                self._epoch()
            self.state.stopped = self.state.stopped or "all epochs done"
        except KeyboardInterrupt:
            interrupted = True
            self._checkpoint()
            self.state.stopped = "interrupted"
        finally:
            if self.events:
                self.events.close()
        return self._finish(interrupted)

    def _epoch(self) -> None:
        state, recipe = self.state, self.plan.recipe
        order = torch.Generator().manual_seed(self.seed * 1_000_003 + state.epoch)
        batches = self.objective.batches(
            self.data,
            batch_size=self.batch_size,
            order=order,
            rng=self.rng,
            start=state.batch,
            device=self.device,
            weights=self.row_weights,
        )
        self.net.train()
        losses = torch.zeros((), device=self.device)
        timed = time.monotonic(), state.step
        for group in _groups(batches, recipe.accumulate):
            rows = sum(len(batch.targets) for batch in group)
            losses += self._step(group, rows) * rows
            state.batch += len(group)
            state.loss_rows += rows
            now = time.monotonic()
            if state.step - timed[1] == 10 and state.epoch == 0:
                self._replan((now - timed[0]) / 10)
            if self.deadline is not None and now > self.deadline:
                state.stopped = "out of time"
                break
            if self.folder and now - self.saved_at > CHECKPOINT_SECONDS:
                state.loss_sum += losses.item()
                losses.zero_()
                self._checkpoint()
        state.loss_sum += losses.item()
        self._end_epoch()
        if not state.stopped and state.step > timed[1]:
            self._replan((time.monotonic() - timed[0]) / (state.step - timed[1]))

    def _step(self, group: list[Batch], rows: int) -> Tensor:
        state, recipe = self.state, self.plan.recipe
        rate = lr_at(
            recipe,
            float(recipe.lr),
            step=state.step,
            total_steps=state.total_steps,
            steps_per_epoch=self.steps_per_epoch,
            reductions=state.reductions,
        )
        set_lr(self.optimizers, rate)
        if state.step % self.every == 0:
            with self.probe.sample(state.step):
                loss = self._descend(group, rows)
            self.trace.record("loss", "", state.step, loss.item())
            self.trace.record("lr", "", state.step, rate)
        else:
            loss = self._descend(group, rows)
        state.step += 1
        self.average.update(state.step / max(state.total_steps, 1))
        return loss

    def _descend(self, group: list[Batch], rows: int) -> Tensor:
        recipe = self.plan.recipe
        for optimizer in self.optimizers:
            optimizer.zero_grad(set_to_none=True)
        total = torch.zeros((), device=self.device)
        for batch in group:
            with self.autocast():
                losses = self.objective.step(self.net, batch, self.rng)
            # Accumulated gradients are those of the mean over all rows: a smaller last batch weighs less.
            loss = sum(losses.values()) * (len(batch.targets) / rows)
            if recipe.l1 or recipe.l2:
                loss = loss + _penalty(self.net, recipe.l1, recipe.l2) / len(group)
            self.scaler.scale(loss).backward()
            total += loss.detach()
        if self.scaler.is_enabled() and (recipe.clip is not None or recipe.clip_value is not None):
            for optimizer in self.optimizers:
                self.scaler.unscale_(optimizer)
        if recipe.clip is not None:
            nn.utils.clip_grad_norm_(self.net.parameters(), recipe.clip)
        if recipe.clip_value is not None:
            nn.utils.clip_grad_value_(self.net.parameters(), recipe.clip_value)
        for optimizer in self.optimizers:
            self.scaler.step(optimizer)
        if self.scaler.is_enabled():
            self.scaler.update()
        return total

    # -- after an epoch ----------------------------------------

    def _end_epoch(self) -> None:
        state, recipe = self.state, self.plan.recipe
        if self.average.needs_batch_statistics:
            order = torch.Generator().manual_seed(self.seed)
            some = self.data.train.batches(self.batch_size, rng=order, device=self.device)
            self.average.refresh_batch_statistics(
                self.data.encoding.prepare(batch.inputs) for batch in some
            )
        train_loss = state.loss_sum / max(state.loss_rows, 1)
        self.model.net = self.average.net
        outputs = self.model.forward_rows(self.data.validation)
        finite = math.isfinite(train_loss) and bool(torch.isfinite(outputs).all())
        row: dict[str, float] = {
            "epoch": state.epoch + 1,
            "step": state.step,
            "train_loss": train_loss,
        }
        better = False
        if finite:
            scores = score_outputs(
                self.model,
                outputs,
                self.data.validation,
                metric=self.metric,
                only=(self.metric,),
                resamples=0,
            )
            loss = self._validation_loss(outputs)
            metric = scores[self.metric].value
            row |= {"validation_loss": loss, self.metric: metric}
            better = self._is_better(metric, loss)
        row["lr"] = self.optimizers[0].param_groups[0]["lr"]
        row["seconds"] = round(state.seconds + time.monotonic() - self.begun, 3)
        state.history.append(row)
        for signal, key in (
            ("loss.train", "train_loss"),
            ("loss.validation", "validation_loss"),
            ("metric.validation", self.metric),
        ):
            if key in row:
                self.trace.record(signal, "", state.step, row[key])
        if self.events:
            self.events.scalars(
                {k: v for k, v in row.items() if k not in ("epoch", "step")}, state.step
            )
        if self.progress:
            self.progress.epoch(state.epoch + 1, row)
        if better:
            state.best_epoch = state.epoch
            self.best = {k: v.detach().clone() for k, v in self.average.net.state_dict().items()}
        stale = state.epoch - state.best_epoch
        if not finite:
            state.stopped = "the loss is not finite"
            self.trace.record("non-finite", "", state.step, 1.0)
        elif recipe.patience is not None and stale >= recipe.patience and not state.stopped:
            state.stopped = f"no better validation {self.metric} for {stale} epochs"
        elif (
            recipe.schedule == "reduce-on-plateau"
            and stale
            and stale % max((recipe.patience or 10) // 2, 1) == 0
        ):
            state.reductions += 1
        state.epoch += 1
        state.batch = state.loss_rows = 0
        state.loss_sum = 0.0
        if self.folder and (
            time.monotonic() - self.saved_at > SHORTEST_CHECKPOINT_SECONDS or state.stopped
        ):
            self._checkpoint()

    def _validation_loss(self, outputs: Tensor) -> float:
        total, rows = 0.0, 0
        for batch in self.data.validation.batches(8192):
            piece = outputs[rows : rows + len(batch.targets)]
            total += self.objective.compute(piece, batch.targets.cpu(), smooth=False).item() * len(
                piece
            )
            rows += len(piece)
        return total / max(rows, 1)

    def _is_better(self, metric: float, loss: float) -> bool:
        """The metric decides, and the loss between equals (small splits have many)."""
        state = self.state
        signed = metric if higher_is_better(self.metric) else -metric
        before = state.best_metric
        if (
            before is not None
            and state.best_loss is not None
            and (signed, -loss) <= (before, -state.best_loss)
        ):
            return False
        state.best_metric, state.best_loss = signed, loss
        return True

    def _replan(self, seconds_per_step: float) -> None:
        """Fit the schedule to the time that is left; never longer than the recipe's epochs."""
        if self.deadline is None:
            return
        state = self.state
        left = (self.deadline - time.monotonic()) * 0.97  # the rest goes to the last validation
        affordable = state.step + max(int(left / max(seconds_per_step, 1e-9)), 1)
        state.total_steps = min(self.plan.recipe.epochs * self.steps_per_epoch, affordable)

    def _finish(self, interrupted: bool) -> Run:
        state = self.state
        if not self.best:
            if not interrupted and not state.history:
                raise TrainingError(
                    f"No epoch was finished ({state.stopped}). Give it more time with --time."
                )
            if any(not math.isfinite(row["train_loss"]) for row in state.history):
                raise TrainingError(
                    f"Training failed: the loss was not finite in epoch {state.epoch} at lr "
                    f"{self.plan.recipe.lr:g}. "
                    "Lower the rate with --set recipe.lr=..., or clip gradients with --set "
                    "recipe.clip=1."
                )
        net = self.average.net
        if self.best:
            net.load_state_dict(self.best)
        net.eval()
        self.model.net = net
        outputs = self.model.forward_rows(self.data.validation)
        if self.data.task.is_classification and self.data.task.form != "ordinal":
            self.model.temperature = fit_temperature(outputs, targets_of(self.data.validation))
        scores = score_outputs(self.model, outputs, self.data.validation, metric=self.metric)
        findings = diagnose(self.trace)
        if self.folder:
            self.trace.save(self.folder)
        if self.progress:
            self.progress.stop(state.stopped)
        return Run(
            plan=self.plan,
            model=self.model,
            trace=self.trace,
            history=state.history,
            validation=scores,
            findings=findings,
            seconds=state.seconds + time.monotonic() - self.begun,
            stopped=state.stopped,
            seed=self.seed,
            folder=self.folder,
            interrupted=interrupted,
            notes=self.notes,
        )

    # -- learning rate and checkpoints ----------------------------------------

    def _resolve_lr(self) -> None:
        if self.plan.recipe.lr != "auto":
            return
        order, rng = (torch.Generator().manual_seed(self.seed + 7) for _ in range(2))

        def endless() -> Iterator[Batch]:
            while True:
                yield from self.objective.batches(
                    self.data, batch_size=self.batch_size, order=order, rng=rng, device=self.device
                )

        with seeded(self.seed):  # dropout in the trial draws from a stream of its own
            found, reason = find_lr(
                self.net,
                lambda net, batch: self.objective.step(net, batch, rng)["net"],
                endless(),
                self.plan.recipe,
            )
        self.plan = self.plan.with_({"recipe.lr": found}, why=reason)

    def _checkpoint(self) -> None:
        assert self.folder is not None
        state = dataclasses.replace(
            self.state, seconds=self.state.seconds + time.monotonic() - self.begun
        )
        state.average_updates = self.average.updates
        tensors = {f"net.{k}": v for k, v in self.net.state_dict().items()}
        plain: dict[str, Any] = {}
        for number, optimizer in enumerate(self.optimizers):
            moments, values = optimizer_state(optimizer)
            tensors |= {f"optimizer.{number}.{k}": v for k, v in moments.items()}
            plain[str(number)] = values
        if self.average.copy is not None:
            tensors |= {f"average.{k}": v for k, v in self.average.copy.state_dict().items()}
        tensors |= {f"best.{k}": v for k, v in self.best.items()}
        tensors |= {"rng.torch": torch.get_rng_state(), "rng.work": self.rng.get_state()}
        if self.device.type == "cuda":
            tensors["rng.cuda"] = torch.cuda.get_rng_state(self.device)
        save_checkpoint(
            self.folder / "checkpoint",
            tensors,
            {
                "state": asdict(state),
                "optimizer": plain,
                "plan": self.plan.to_dict(),
                "batch_size": self.batch_size,
                "scaler": self.scaler.state_dict(),
            },
        )
        self.trace.save(self.folder)
        self.saved_at = time.monotonic()

    def _restore(self, tensors: dict[str, Tensor], saved: dict[str, Any]) -> None:
        def under(prefix: str) -> dict[str, Tensor]:
            return {k.removeprefix(prefix): v for k, v in tensors.items() if k.startswith(prefix)}

        self.state = _State(**saved["state"])
        self.net.load_state_dict(under("net."))
        for number, optimizer in enumerate(self.optimizers):
            restore_optimizer_(
                optimizer, under(f"optimizer.{number}."), saved["optimizer"][str(number)]
            )
        if self.average.copy is not None:
            self.average.copy.load_state_dict(under("average."))
            self.average.updates = self.state.average_updates
        self.best = under("best.")
        torch.set_rng_state(tensors["rng.torch"])
        self.rng.set_state(tensors["rng.work"])
        self.scaler.load_state_dict(saved["scaler"])
        if "rng.cuda" in tensors:
            torch.cuda.set_rng_state(tensors["rng.cuda"], self.device)
        assert self.folder is not None
        self.trace = Trace.load(self.folder)
        self.probe.trace = self.trace
        log.info("resumed at epoch %d, batch %d", self.state.epoch + 1, self.state.batch)


def _groups(batches: Iterator[Batch], size: int) -> Iterator[list[Batch]]:
    group: list[Batch] = []
    for batch in batches:
        group.append(batch)
        if len(group) == size:
            yield group
            group = []
    if group:
        yield group


def _penalty(net: nn.Module, l1: float, l2: float) -> Tensor:
    weights = [p for p in net.parameters() if p.dim() >= 2]
    flat = torch.cat([weight.flatten() for weight in weights])
    return l1 * flat.abs().sum() + l2 * flat.square().sum()


def _balanced_rows(data: Data) -> Tensor:
    """One weight a training row, so that every class is drawn as often."""
    if not isinstance(data.train, Rows) or data.task.form not in (
        "binary",
        "multiclass",
        "ordinal",
    ):
        raise UsageError(
            "recipe.sampling is 'balanced', but that needs one class a row and rows held in "
            "memory. "
            "Set it to 'none'."
        )
    counts = torch.tensor(data.class_counts, dtype=torch.float32).clamp_min(1)
    return (1 / counts)[data.train.targets.cpu()]


def _balanced(data: Data) -> tuple[float, ...]:
    counts = data.class_counts
    if not counts:
        raise UsageError(
            "recipe.class_weights is 'balanced', but the task has no classes. Set it to 'none'."
        )
    total = sum(counts)
    if data.task.form == "multilabel":
        return tuple((total - c) / max(c, 1) for c in counts)
    return tuple(total / (len(counts) * max(c, 1)) for c in counts)
