"""Lockstep: members of one family that take every step together, as one stack."""

import contextlib
import time
import warnings
from collections.abc import Callable, Iterator, Sequence
from functools import partial

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from netwright.data.data import Batch, Rows
from netwright.device import cores
from netwright.evaluate.judge import kept_of
from netwright.objectives.supervised import Supervised
from netwright.plan.plan import Recipe
from netwright.train.freezing import train_mode_
from netwright.train.member import AfterEpoch, Member
from netwright.train.member_rows import MemberRows
from netwright.train.optimizers import set_lr
from netwright.train.schedules import lr_at
from netwright.train.stack import Stack
from netwright.train.stacked_average import StackedAverage
from netwright.train.stacked_optimizer import StackedOptimizer, orthogonalised
from netwright.train.stacked_step import WrittenOut, why_not_written_out
from netwright.train.step import choose_threads
from netwright.train.training import REPLAN_AFTER_STEPS

__all__ = ["CannotStackError", "Lockstep"]

OF_SCHEDULE = (
    "schedule", "warmup", "schedule_gamma", "schedule_every", "final_lr", "snapshots",
)  # fmt: skip
# Rows of validation that all members together answer at once.
FORWARD_ROWS = 32_768


class CannotStackError(Exception):
    """These members cannot take their steps together; the message says why."""


class Lockstep:
    """members: whose nets move into a stack until they stop. shared: whether all take the same
    batches. num_threads: None measures. after_step: called after each step.

    Raises CannotStackError where a trial step fails.
    """

    def __init__(
        self,
        members: Sequence[Member],
        *,
        shared: bool,
        num_threads: int | None = None,
        share_of_time: float = 1.0,
        after_step: Callable[[], None] | None = None,
    ) -> None:
        self.members, self.shared = list(members), shared
        self.after_step = after_step
        for member in members:
            member.training.share_of_time = share_of_time
        # Of the steps since the members' states were brought up to date:
        self._losses: list[Tensor] = []
        self._taken = self._rows = 0
        self._stack_up()
        with self._undone():
            self._threads = self._try(num_threads)

    # --------------------------------------------------------------------------- making the stack

    def _stack_up(self) -> None:
        members = self.members
        trainings = [member.training for member in members]
        recipes = [training.plan.recipe for training in trainings]
        leading = [p for training in trainings for p in orthogonalised(training.optimizer)]
        share_streams_(members)
        streams = [member.stream for member in members]
        self.stack = Stack([training.net for training in trainings], streams, leading=leading)
        self.optimizer = StackedOptimizer(self.stack, [t.optimizer for t in trainings], recipes)
        self._rows_of = MemberRows([training.data for training in trainings])
        averages = [training.average for training in trainings]
        self.average = StackedAverage(self.stack, averages) if recipes[0].ema is not None else None
        self._loss = _Loss(members)
        self._backward = self.stack.backward
        if not why_not_written_out(self.stack):
            self._backward = WrittenOut(self.stack, self._loss.plain).backward
        self._averaged_alone = [] if self.average else [t for t in trainings if t.average.copy]
        # Watching takes a step of one net by itself, which padded ones are not laid out for.
        found = self.stack.alignment
        whole = [n for n, own in enumerate(found.parameters) if found.fills(own)]
        self._watched = whole[0] if whole else None

    def _try(self, num_threads: int | None) -> int:
        """Take trial steps; return the number of threads to go on with."""
        inputs, targets = next(self._batches(trial=True))

        def step() -> None:
            self._backward(self._loss, inputs, targets, shared=self.shared)

        try:
            with warnings.catch_warnings():
                warnings.filterwarnings("error", message=".*batching rule.*")
                step()
        except torch.OutOfMemoryError:
            raise
        except (RuntimeError, UserWarning) as error:
            raise CannotStackError(str(error).split("\n")[0]) from error
        if num_threads is None and targets.device.type == "cpu" and cores() > 1:
            before = torch.get_num_threads()
            num_threads = choose_threads(step, [1, cores()])
            torch.set_num_threads(before)
        return num_threads or torch.get_num_threads()

    @contextlib.contextmanager
    def _undone(self) -> Iterator[None]:
        """Put back what trial steps change: random streams and buffers."""
        streams = [member.stream.get_state() for member in self.members]
        buffers = {name: b.clone() for name, b in self.stack.buffers.items()}
        try:
            yield
        finally:
            for member, state in zip(self.members, streams, strict=True):
                member.stream.set_state(state)
            for name, before in buffers.items():
                self.stack.buffers[name].copy_(before)

    # ---------------------------------------------------------------------------------- an epoch

    def run_epoch(self, tell: AfterEpoch | None) -> None:
        """Train an epoch, or what is left of it, and judge every member; those that stop leave."""
        torch.set_num_threads(self._threads)
        self._plan_rates()
        first = self.members[0].training
        begun, taken = time.monotonic(), 0
        for inputs, targets in self._batches():
            self._step(inputs, targets)
            taken += 1
            now = time.monotonic()
            if taken == REPLAN_AFTER_STEPS and first.state.epoch == 0:
                self._replan((now - begun) / taken)
            if first.deadline is not None and now > first.deadline:
                for member in self.members:
                    member.stop("out of time")
                break
            if self.after_step:
                self.after_step()
        self.sync()
        for member, outputs in zip(self.members, self._validate(), strict=True):
            member.end_epoch(outputs, tell)
        if taken:
            self._replan((time.monotonic() - begun) / taken)

    def drop_stopped(self) -> None:
        """Let the members that have stopped leave, and stack up the others again."""
        staying = [member for member in self.members if member.goes_on]
        if len(staying) == len(self.members):
            return
        for member in self.members:
            if not member.goes_on:
                member.leave()
        self.members = staying
        if staying:
            self._stack_up()

    def sync(self) -> None:
        """Bring the members' states up to date with the steps taken."""
        if not self._taken:
            return
        sums = torch.stack(self._losses).sum(0).tolist()
        for member, amount in zip(self.members, sums, strict=True):
            state = member.training.state
            state.step += self._taken
            state.batch += self._taken
            state.loss_rows += self._rows
            state.loss_sum += amount
        self._losses, self._taken, self._rows = [], 0, 0

    def _step(self, inputs: tuple[Tensor, ...], targets: Tensor) -> None:
        first = self.members[0].training
        step = first.state.step + self._taken
        rates = self._rates_at(step)
        if self._watched is not None and first.is_watched(step):
            self._watch(self._watched, inputs, targets, rates[self._watched])
        losses = self._backward(self._loss, inputs, targets, shared=self.shared)
        self.optimizer.step(rates)
        rows = targets.shape[0 if self.shared else 1]
        self._losses.append(losses * rows)
        self._rows += rows
        self._taken += 1
        if self.average is not None:
            self.average.update()
        for training in self._averaged_alone:
            training.average.update((step + 1) / max(training.state.total_steps, 1))
        if self._taken == 1000:
            self.sync()

    def _plan_rates(self) -> None:
        """Note who shares a schedule: a schedule is a curve times the member's rate."""
        curves: dict[tuple[object, ...], int] = {}
        self._curves: list[Callable[[int], float]] = []
        self._rates: list[tuple[int, float]] = []
        for member in self.members:
            training = member.training
            state, recipe = training.state, training.plan.recipe
            key = (
                *(getattr(recipe, name) for name in OF_SCHEDULE),
                state.total_steps,
                state.reductions,
            )
            if key not in curves:
                curves[key] = len(self._curves)
                self._curves.append(
                    partial(
                        _rate,
                        recipe=recipe,
                        total_steps=state.total_steps,
                        steps_per_epoch=training.steps_per_epoch,
                        reductions=state.reductions,
                    )
                )
            self._rates.append((curves[key], float(recipe.lr)))

    def _rates_at(self, step: int) -> list[float]:
        now = [curve(step) for curve in self._curves]
        return [now[curve] * rate for curve, rate in self._rates]

    def _watch(self, number: int, inputs: tuple[Tensor, ...], targets: Tensor, rate: float) -> None:
        """Let one member take this step by itself, watched, and undo it."""
        self.sync()
        member = self.members[number]
        own = Batch(inputs, targets)
        if not self.shared:
            own = Batch(tuple(x[number] for x in inputs), targets[number])
        device = member.training.device
        devices = [device] if device.type == "cuda" else []
        with self.optimizer.put_back(number), torch.random.fork_rng(devices=devices):
            if devices:
                torch.cuda.set_rng_state(member.stream.get_state(), device)
            else:
                torch.set_rng_state(member.stream.get_state())
            train_mode_(member.training.net)
            set_lr(member.training.optimizer, rate)
            member.training.sample_step(own, rate)

    def seconds_left(self) -> float:
        """Return what the epochs that are left would take, were there time for all."""
        return max(member.training.seconds_left() for member in self.members)

    def take_share(self, share_of_time: float) -> None:
        """Fit the schedules to a share of the time that is left."""
        for member in self.members:
            member.training.share_of_time = share_of_time
        self._replan(self.members[0].training.seconds_per_step)

    def _replan(self, seconds_per_step: float) -> None:
        for member in self.members:
            if member.goes_on:
                member.training.replan(seconds_per_step)
        self._plan_rates()

    # -------------------------------------------------------------------------- batches and outputs

    def _batches(self, *, trial: bool = False) -> Iterator[tuple[tuple[Tensor, ...], Tensor]]:
        """Yield inputs and targets: everybody's, or (members, ...). A trial draws from no stream
        that training goes on with."""
        trainings = [member.training for member in self.members]
        start = trainings[0].state.batch
        if self.shared or not self._gathers_alone():
            some = trainings[:1] if self.shared else trainings
            streams = [
                t.batches(t.order(), torch.Generator() if trial else t.rng, start) for t in some
            ]
            for batches in zip(*streams, strict=True):
                yield _joined(batches, shared=self.shared)
            return
        # Rows in memory that need no random numbers: one gather for all members.
        source, starts = self._rows_of.train
        where, rows = source.targets.device, len(trainings[0].data.train)
        size, device = trainings[0].rows_per_step, trainings[0].device
        drawn = []
        for training in trainings:
            own = training.data.train
            assert isinstance(own, Rows)  # `_gathers_alone`
            drawn.append(own.order(size, training.order()))
        orders = torch.stack(drawn)
        orders += starts[:, None]
        for at in range(start * size, rows, size):
            index = orders[:, at : at + size].to(where)
            flat = index.flatten()
            inputs = tuple(x.index_select(0, flat).to(device) for x in source.inputs)
            inputs = trainings[0].data.encoding.prepare(inputs)
            targets = source.targets.index_select(0, flat).to(device)
            yield (
                tuple(x.unflatten(0, index.shape) for x in inputs),
                targets.unflatten(0, index.shape),
            )

    def _gathers_alone(self) -> bool:
        first = self.members[0].training
        return (
            isinstance(first.data.train, Rows)
            and first.row_weights is None
            and not first.plan.recipe.augment
        )

    def _validate(self) -> list[Tensor | None]:
        """Return each member's outputs on the validation split; None where it finds them itself."""
        if self._averaged_alone:
            return [None] * len(self.members)
        parameters = self.average.parameters if self.average else None
        buffers = self.average.buffers if self.average else None
        device = self.members[0].training.device
        size = max(FORWARD_ROWS // len(self.members), 64)
        form = self.members[0].training.data.task.form
        pieces: list[list[Tensor]] = [[] for _ in self.members]
        for inputs, targets in self._rows_of.validation_batches(size, device):
            outputs = self.stack.forward(
                inputs, shared=self._rows_of.one, parameters=parameters, buffers=buffers
            )
            for number, (member, own) in enumerate(zip(self.members, outputs, strict=True)):
                found = member.training.model.combine(own).float()
                pieces[number].append(kept_of(form, found, targets[number]).cpu())
        return [torch.cat(piece) for piece in pieces]


def share_streams_(members: Sequence[Member]) -> None:
    """Give one generator to members whose streams stand alike and whose nets draw alike: what is
    drawn for one of them serves all."""
    first: dict[tuple[object, ...], torch.Generator] = {}
    for member in members:
        member.stream = member.stream.clone_state()  # another crew may hold it
        state = member.stream.get_state().numpy().tobytes()
        member.stream = first.setdefault((state, _draws(member.training.net)), member.stream)


def _draws(net: nn.Module) -> tuple[object, ...]:
    """Return what decides how many random numbers a step of the net takes."""
    shapes = tuple((name, p.shape) for name, p in net.named_parameters())
    rates = [
        (name, getattr(module, "p", 0.0) or getattr(module, "dropout", 0.0))
        for name, module in net.named_modules()
    ]
    drops = tuple(name for name, rate in rates if isinstance(rate, float) and rate)
    return shapes, drops


def _rate(
    step: int, *, recipe: Recipe, total_steps: int, steps_per_epoch: int, reductions: int
) -> float:
    return lr_at(
        recipe,
        1.0,
        step=step,
        total_steps=total_steps,
        steps_per_epoch=steps_per_epoch,
        reductions=reductions,
    )


def _joined(batches: Sequence[Batch], *, shared: bool) -> tuple[tuple[Tensor, ...], Tensor]:
    if shared:
        return batches[0].inputs, batches[0].targets
    inputs = tuple(torch.stack(parts) for parts in zip(*(b.inputs for b in batches), strict=True))
    return inputs, torch.stack([batch.targets for batch in batches])


class _Loss:
    """outputs, targets, the member's number -> its loss; label smoothing may differ."""

    def __init__(self, members: Sequence[Member]) -> None:
        first = members[0].training
        objectives = [member.training.objective for member in members]
        supervised = [one for one in objectives if isinstance(one, Supervised)]
        assert len(supervised) == len(members)  # others are grouped alone
        self.objective = supervised[0]
        self.members = getattr(first.net, "members", 0)
        smoothing = [one.label_smoothing for one in supervised]
        self.smoothing = torch.tensor(smoothing, device=first.device)
        self.differ = len(set(smoothing)) > 1

    @property
    def plain(self) -> str | None:
        """The loss's name where it is a plain mean: no smoothing, no class weights."""
        smooth = bool(self.smoothing.any())
        return None if smooth or self.objective.class_weights else self.objective.loss

    def __call__(self, outputs: Tensor, targets: Tensor, number: Tensor) -> Tensor:
        if not self.differ:
            return self.objective.compute(outputs, targets, members=self.members)
        plain = self.objective.compute(outputs, targets, members=self.members, smooth=False)
        share = self.smoothing[number].to(outputs.dtype)
        even = -F.log_softmax(outputs.flatten(0, -2), -1).mean()
        return (1 - share) * plain + share * even
