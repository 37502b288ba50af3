"""watch_any: sees the training in any unmodified script, and finds its nets, losses and phases.

    with watch_any(folder) as seen:     # before the script's first line
        ...                             # runs the script
    for learner in seen.learners:       # traces, kept batches, copies of the nets
        diagnose(learner.trace)

Who is who (nets, optimizers, learners) is found by roster.py.
The run is not changed: no random number is drawn, nothing is printed, no device is waited for
between samples. What went wrong with the watching itself is kept in `trouble` and ends it.

Between steps that are looked at closely the observer sleeps: of a training pass it then keeps the
loss and the number of rows alone. A call that is not such a pass wakes it.
"""

import os
import time
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn
from torch.optim import Optimizer

from netwright.watch.graph import leaves_of
from netwright.watch.learner import Learner
from netwright.watch.lines import Lines
from netwright.watch.metrics import share_right
from netwright.watch.patches import LOSSES, attach_
from netwright.watch.printed import KEPT, attach_print_
from netwright.watch.roster import Roster
from netwright.watch.stop import StopWatching
from netwright.watch.tape import Recorder, Tape

__all__ = ["Observer", "watch_any"]


@contextmanager
def watch_any(
    folder: str | Path, *, max_steps: int | None = None, max_seconds: float | None = None
) -> Iterator["Observer"]:
    """Watch every training inside. folder: where the user's own files are. max_steps, max_seconds:
    of training, after which StopWatching is raised."""
    observer = Observer(folder, max_steps=max_steps, max_seconds=max_seconds)
    detach, quieten = attach_(observer), attach_print_(observer.printed)
    observer.on = True
    try:
        yield observer
    finally:
        observer.on = False
        quieten()
        detach()
        observer.close()


class Observer:
    """Hears the events of patches.py, sorts them by learner."""

    def __init__(
        self,
        folder: str | Path,
        *,
        max_steps: int | None = None,
        max_seconds: float | None = None,
    ) -> None:
        self.on = False
        self.inside = False
        self.counting = False
        self.asleep = False
        self.steps = 0
        self.calls = 0
        self.backwards = 0
        self.rows = 0  # that nets were called with for their gradient
        self.printed: deque[float] = deque(maxlen=KEPT)
        self.trouble: BaseException | None = None
        self.seconds = 0.0  # that watching took
        self._told = 0.0  # of these, what learners were told of
        self._max_steps = max_steps
        self._max_seconds = max_seconds
        self._end: float | None = None  # of the seconds, from the first step
        self._lines = Lines(folder)
        self._roster = Roster(self._lines)
        # Nets called for their gradient since the last step, and whether in training mode.
        self._called: dict[nn.Module, bool] = {}
        self._born: list[nn.Module] = []  # modules made within a net's forward since then
        self._recorder: Recorder | None = Recorder(0)
        self._watching: Recorder | None = None  # of an evaluation
        self._tapes: list[Tape] = []
        self._taped = False  # in the step before
        self._losses: list[Tensor | float] = []
        self._leaves: list[Tensor] | None = None
        # Losses with gradients in eval mode: an evaluation's, unless backward is called on them.
        self._doubtful: list[tuple[Tensor, int, str]] = []
        self._depth = 0
        self._open = False  # a sample waits to be finished
        self._pid = os.getpid()
        self._evaluating: Learner | None = None
        self._inside_step = False
        self._in_net = False
        self._name = ""  # of the outermost module that runs; "" for one without parameters

    @property
    def learners(self) -> list[Learner]:
        """What learned, in the order of the first steps."""
        return self._roster.learners

    @property
    def unwatched(self) -> int:
        """How many learners came after the first few."""
        return self._roster.unwatched

    # Events (patches.py). Each is guarded: a fault of ours must not become the user's.

    def made(self, thing: Any) -> None:
        """Remember the line that made a module or an optimizer."""
        self._guard(self._on_made, thing)

    def loaded(self, module: nn.Module) -> None:
        """A module was given weights: they are not those it was initialised to."""
        self._guard(self._roster.note_loaded, module)

    def before_call(self, module: nn.Module, args: Any, kwargs: Any) -> None:
        """An outermost module is about to run."""
        if self.asleep and self._sleeps_through(module):
            return
        self.asleep = False
        self._guard(self._on_before_call, module)

    def after_call(self, module: nn.Module, args: Any, kwargs: Any, output: Any) -> None:
        """An outermost module has run."""
        if not self.asleep:
            self._guard(self._on_after_call, module, args, kwargs, output)
        elif self._roster.is_watched(module):
            self.calls += 1
            self._called[module] = True
            if isinstance(output, Tensor) and output.ndim:
                self.rows += output.shape[0]

    def before_loss(self) -> None:
        """A loss function is about to run: its inside is not noted."""
        if self._recorder is not None or self._watching is not None:
            self._guard(self._pause)

    def leave(self) -> None:
        """`backward` was called."""
        if self._recorder is not None or self._watching is not None:
            self._guard(self._pause)

    def after_loss(self, name: str, original: Any, args: Any, kwargs: Any, result: Any) -> None:
        """A loss function has run."""
        if not self.asleep:
            self._guard(self._on_loss, name, original, args, kwargs, result)

    def before_backward(self, tensors: Any) -> None:
        """Gradients are about to be computed."""
        self._guard(self._on_backward, tensors)

    def before_step(self, optimizer: Optimizer) -> None:
        """An optimizer is about to step."""
        self._depth += 1
        if self._depth == 1:
            self._inside_step = not self._losses
            if not self.asleep:
                self._guard(self._on_before_step, optimizer)

    def after_step(self, optimizer: Optimizer) -> None:
        """An optimizer has stepped."""
        self._guard(self._on_after_step, optimizer)
        if self.on and self._is_enough():
            raise StopWatching

    def _is_enough(self) -> bool:
        """Whether as many steps, or as long, as was asked for were watched."""
        if self._max_steps is not None and self.steps >= self._max_steps:
            return True
        if self._max_seconds is None or not self.steps:
            return False
        now = time.perf_counter()
        self._end = self._end or now + self._max_seconds
        return now > self._end

    def close(self) -> None:
        """Read what is pending."""
        if os.getpid() != self._pid:
            return
        for recorder in (self._recorder, self._watching):
            if recorder is not None:
                recorder.stop()
        if self._watching is not None:
            self._end_evaluation()
        self._finish()
        self._roster.close()
        if len(self.learners) == 1:  # else it is not known whose numbers they are
            trace = self.learners[0].trace
            trace.record("rows.trained", "", self.steps, self.rows)
            for place, number in enumerate(self.printed):
                trace.record("printed", "", place, number)

    # What each event means.

    def _on_made(self, thing: Any) -> None:
        self._roster.note_made(thing)
        if isinstance(thing, Optimizer):
            return
        if self.inside and self._in_net and torch.is_grad_enabled() and len(self._born) < 99:
            if all(learner.step < 3 for learner in self.learners):
                self._born.append(thing)

    def _sleeps_through(self, module: nn.Module) -> bool:
        """Whether a call is one of the passes between samples, of which little is kept."""
        if self._roster.is_watched(module):
            return module.training and torch.is_grad_enabled()
        return self._roster.is_nameless(module)

    def _may_sleep(self, learner: Learner) -> bool:
        """Whether nothing but the loss of the coming step need be seen."""
        if self._recorder is not None or self._taped or self._inside_step:
            return False
        return len(self.learners) == 1 and not self.unwatched and not learner.is_due

    def _on_before_call(self, module: nn.Module) -> None:
        self._finish()
        self._name = self._roster.name(module)
        self._in_net = bool(self._name)
        self._pause()
        if self._in_net and self._watching is not None:
            self._end_evaluation()
        if self._in_net and torch.is_grad_enabled():
            self._roster.prepare(module)

    def _on_after_call(self, module: nn.Module, args: Any, kwargs: Any, output: Any) -> None:
        name, training = self._name, torch.is_grad_enabled()
        if not name:  # no parameters: a criterion, or a function written as a module
            recorder = self._recorder if training else self._watching
            if recorder is not None and recorder.tape.entries:
                if not recorder.knows(output):  # else it only called torch's function
                    name = type(module).__name__
                    recorder.note("criterion", name, module, args, kwargs, output)
                recorder.start()
            return
        self.calls += 1
        if self._doubtful:
            self._flush_doubtful()
        if training:
            self._roster.line("forward")
            if isinstance(output, Tensor) and output.ndim:
                self.rows += len(output)
            self._called[module] = module.training
            if self._recorder is not None:
                self._recorder.note("net", name, module, args, kwargs, output)
                self._recorder.start()
        elif (learner := self._roster.learner_of(module)) is not None:
            self._roster.line("evaluation")
            learner.trace.record("evaluation.mode", "", learner.step, module.training)
            if learner.wants_evaluation(self._lines.path()):
                self._watching = Recorder(learner.step)
                self._watching.note("net", name, module, args, kwargs, output)
                self._watching.start()
            self._evaluating = learner

    def _on_loss(self, name: str, original: Any, args: Any, kwargs: Any, result: Tensor) -> None:
        training = torch.is_grad_enabled() and result.requires_grad
        if training:
            self._roster.line("loss")
        if self.inside and self._in_net:
            return  # the net computes its own loss
        called = next(reversed(self._called), None)
        doubtful = training and called is not None and not self._called[called]
        if not result.ndim and (doubtful or (self._evaluating is not None and not training)):
            rows = args[0].shape[0] if args and isinstance(args[0], Tensor) and args[0].ndim else 1
            value = result.detach() / (rows if kwargs.get("reduction") == "sum" else 1)
            if doubtful:
                self._doubtful.append((value, rows, self._lines.path()))
            elif self._evaluating is not None:
                right = share_right(name, args)
                self._evaluating.evaluated(value, rows, self._lines.path(), right)
        recorder = self._recorder if training else self._watching
        if recorder is not None:
            recorder.note("loss", name, original, args, kwargs, result)
            if not self.inside:  # a criterion's own lines are not noted: it is called as a whole
                recorder.start()

    def _flush_doubtful(self) -> None:
        """Losses with gradients that no backward followed before the next pass: an evaluation."""
        doubtful, self._doubtful = self._doubtful, []
        called = next(reversed(self._called), None)
        learner = self._roster.learner_of(called)
        if called is None or learner is None or self._losses:
            return
        if not self._called[called] and learner.trace.last("training.mode") == 1.0:
            for value, rows, path in doubtful:
                learner.evaluated(value, rows, path)

    def _on_backward(self, tensors: Any) -> None:
        self.backwards += 1
        if self.asleep:
            if isinstance(tensors, Tensor) and tensors.numel() == 1:
                self._losses.append(_kept(tensors))
            return
        self._finish()
        self._roster.line("backward")
        self._evaluating = None
        self._doubtful = []
        loss = tensors if isinstance(tensors, Tensor) and tensors.numel() == 1 else None
        fresh = not self._losses
        for learner in self.learners:
            learner.before_backward(fresh=fresh)
        if self._recorder is not None:
            self._tapes.append(self._recorder.finish(tensors))
            self._recorder = None
            if loss is not None and fresh and self._roster.is_young(self._called):
                self._leaves = leaves_of(loss)
        if loss is not None:
            self._losses.append(_kept(loss))

    def _on_before_step(self, optimizer: Optimizer) -> None:
        learner = self._roster.stepped_by(optimizer)
        if learner is not None:
            learner.before_step(optimizer)
        else:
            self._roster.read_fresh_gradients(optimizer)

    def _on_after_step(self, optimizer: Optimizer) -> None:
        self._depth -= 1
        if self._depth:
            return
        self._roster.line("step")
        losses, self._losses = self._losses, []
        learner = self._roster.stepped_by(optimizer)
        if learner is None:
            learner = self._roster.assign(optimizer, self._called, first=bool(losses))
        if learner is None or not losses:
            return
        self.steps += 1
        leaves, self._leaves = self._leaves, None
        born, self._born = self._born, []
        if leaves is not None:
            learner.reached(leaves, self._roster.held())
            learner.bore(born, leaves, self._roster.made)
        if len(self.learners) > 1:
            learner.coupled = learner.coupled or self._roster.is_coupled(learner, self._called)
        if self._tapes:
            for mode in self._called.values():
                learner.trace.record("training.mode", "", learner.step, mode)
        for tape in self._tapes:
            tape.step = learner.step
            learner.keep(tape)
        self._taped = bool(self._tapes)
        self._tapes, self._called = [], {}
        learner.stepped(losses, inside=self._inside_step)
        self._open = True
        if self._recorder is None and learner.wants_tape():
            self._recorder = Recorder(learner.step)
        self.asleep = self._may_sleep(learner)

    # Small things.

    def _pause(self) -> None:
        for recorder in (self._recorder, self._watching):
            if recorder is not None:
                recorder.stop()

    def _end_evaluation(self) -> None:
        recorder, self._watching = self._watching, None
        if recorder is not None:
            tape = recorder.finish(None)
            if self._evaluating is not None:
                self._evaluating.evaluations.append(tape)

    def _finish(self) -> None:
        if self._open:
            self._open = False
            closely = self._taped or any(learner.sampling for learner in self.learners)
            for learner in self.learners:
                learner.finish(self._roster.optimizers)
            spent, self._told = self.seconds - self._told, self.seconds
            if closely:  # the little that every step costs leaves less time for none
                self.learners[-1].spent(spent)
            for learner in self.learners:
                learner.begin()

    def _guard(self, act: Callable[..., None], *args: Any) -> None:
        began = time.perf_counter()
        try:
            act(*args)
        except Exception as error:  # told at the end; the user's script goes on unwatched
            self.on = False
            self.trouble = error
            for recorder in (self._recorder, self._watching):
                if recorder is not None:
                    recorder.stop()
        finally:
            self.seconds += time.perf_counter() - began


def _kept(loss: Tensor) -> Tensor | float:
    """Return a loss as it is kept until it is read: of the CPU its number, which waits for nothing
    (many small tensors kept alive cost the script more, by what they do to the allocator)."""
    return loss.item() if loss.device.type == "cpu" else loss.detach()


def loss_kind(name: str) -> str:
    """Return what a loss function of torch expects ("logits", "values", ...), "" for others."""
    return LOSSES.get(name, "")
