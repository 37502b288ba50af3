"""watch_any: sees the training in any unmodified script, and finds its nets, losses and phases.

    with watch_any(folder) as seen:     # before the script's first line
        ...                             # runs the script
    for learner in seen.learners:       # traces, kept batches, copies of the nets
        diagnose(learner.trace)

Outermost modules with parameters are nets. What an optimizer steps after a backward is a Learner.
The run is not changed: no random number is drawn, nothing is printed, no device is waited for
between samples. What went wrong with the watching itself is kept in `trouble` and ends it.

Between steps that are looked at closely the observer sleeps: of a training pass it then keeps the
loss and the number of rows alone. A call that is not such a pass wakes it.
"""

import os
import time
import weakref
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
from netwright.watch.parameters import StepOfParameters
from netwright.watch.patches import LOSSES, attach_
from netwright.watch.printed import KEPT, attach_print_
from netwright.watch.snapshot import Snapshot, take, together
from netwright.watch.stop import StopWatching
from netwright.watch.tape import Recorder, Tape
from netwright.watch.trial import recipe_of

__all__ = ["Observer", "watch_any"]

_LEARNERS = 6  # more (folds, restarts) are counted, not watched
_LARGE = 200_000_000  # bytes of parameters beyond which a net is not copied


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
        self.learners: list[Learner] = []
        self.unwatched = 0  # learners beyond the first few
        self.steps = 0
        self.calls = 0
        self.backwards = 0
        self.rows = 0  # that nets were called with for their gradient
        self.printed: deque[float] = deque(maxlen=KEPT)
        self.trouble: BaseException | None = None
        self.seconds = 0.0  # that watching took
        self._told = 0.0  # of these, what learners were told of
        self.lines: dict[str, str] = {}  # event -> "file:line", the first time it was seen
        self._max_steps = max_steps
        self._max_seconds = max_seconds
        self._end: float | None = None  # of the seconds, from the first step
        self._lines = Lines(folder)
        self._made: weakref.WeakKeyDictionary[Any, str] = weakref.WeakKeyDictionary()
        self._optimizers: weakref.WeakSet[Optimizer] = weakref.WeakSet()
        self._of: weakref.WeakKeyDictionary[Optimizer, Learner] = weakref.WeakKeyDictionary()
        self._learner_of: weakref.WeakKeyDictionary[nn.Module, Learner] = (
            weakref.WeakKeyDictionary()
        )
        self._names: weakref.WeakKeyDictionary[nn.Module, str] = weakref.WeakKeyDictionary()
        self._loaded: weakref.WeakSet[nn.Module] = weakref.WeakSet()
        self._fresh: dict[int, tuple[nn.Module, StepOfParameters | None, Any]] = {}
        # Nets called for their gradient since the last step, and whether in training mode.
        self._called: dict[nn.Module, bool] = {}
        self._born: list[nn.Module] = []  # modules made within a net's forward since then
        self._recorder: Recorder | None = Recorder(0)
        self._watching: Recorder | None = None  # of an evaluation
        self._tapes: list[Tape] = []
        self._taped = False  # in the step before
        self._losses: list[Tensor | float] = []
        self._watched: set[int] = set()  # ids of the learners' nets
        self._leaves: list[Tensor] | None = None
        # Losses with gradients in eval mode: an evaluation's, unless backward is called on them.
        self._doubtful: list[tuple[Tensor, int, str]] = []
        # What an optimizer gave a step with a gradient, by id; optimizers themselves may be gone.
        self._trained: dict[int, weakref.ref[Tensor]] = {}
        self._depth = 0
        self._open = False  # a sample waits to be finished
        self._pid = os.getpid()

    # Events (patches.py). Each is guarded: a fault of ours must not become the user's.

    def made(self, thing: Any) -> None:
        """Remember the line that made a module or an optimizer."""
        self._guard(self._on_made, thing)

    def loaded(self, module: nn.Module) -> None:
        """A module was given weights: they are not those it was initialised to."""
        self._guard(self._on_loaded, module)

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
        elif id(module) in self._watched:
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
        stepped = {id(p) for o in self._of for g in o.param_groups for p in g["params"]}
        trained = {key for key, alive in self._trained.items() if alive() is not None}
        for learner in self.learners:
            learner.close()
            learner.held = stepped | trained
            learner.trained = trained
            for event, line in self.lines.items():
                learner.trace.note("line", line, place=event)
        if len(self.learners) == 1:  # else it is not known whose numbers they are
            trace = self.learners[0].trace
            trace.record("rows.trained", "", self.steps, self.rows)
            for place, number in enumerate(self.printed):
                trace.record("printed", "", place, number)

    # What each event means.

    def _on_made(self, thing: Any) -> None:
        self._made[thing] = self._lines.here()
        if isinstance(thing, Optimizer):
            self._optimizers.add(thing)
        elif self.inside and self._in_net and torch.is_grad_enabled() and len(self._born) < 99:
            if all(learner.step < 3 for learner in self.learners):
                self._born.append(thing)

    def _on_loaded(self, module: nn.Module) -> None:
        self._loaded.update(module.modules())
        learner = self._learner_of.get(module)
        if learner is not None and learner.step:
            learner.restored()

    def _sleeps_through(self, module: nn.Module) -> bool:
        """Whether a call is one of the passes between samples, of which little is kept."""
        if id(module) in self._watched:
            return module.training and torch.is_grad_enabled()
        return _is_criterion(module) or self._names.get(module) == ""

    def _may_sleep(self, learner: Learner) -> bool:
        """Whether nothing but the loss of the coming step need be seen."""
        if self._recorder is not None or self._taped or self._inside_step:
            return False
        return len(self.learners) == 1 and not self.unwatched and not learner.is_due

    def _on_before_call(self, module: nn.Module) -> None:
        self._finish()
        name = self._names.get(module)
        self._name = self._meet(module) if name is None else name
        self._in_net = bool(self._name)
        self._pause()
        if self._in_net and self._watching is not None:
            self._end_evaluation()
        if self._in_net and torch.is_grad_enabled() and module not in self._learner_of:
            self._prepare(module)

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
            self._line("forward")
            if isinstance(output, Tensor) and output.ndim:
                self.rows += len(output)
            self._called[module] = module.training
            if self._recorder is not None:
                self._recorder.note("net", name, module, args, kwargs, output)
                self._recorder.start()
        elif (learner := self._learner_of.get(module)) is not None:
            self._line("evaluation")
            learner.trace.record("evaluation.mode", "", learner.step, module.training)
            if learner.wants_evaluation(self._lines.path()):
                self._watching = Recorder(learner.step)
                self._watching.note("net", name, module, args, kwargs, output)
                self._watching.start()
            self._evaluating = learner

    def _on_loss(self, name: str, original: Any, args: Any, kwargs: Any, result: Tensor) -> None:
        training = torch.is_grad_enabled() and result.requires_grad
        if training:
            self._line("loss")
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
        learner = self._learner_of.get(called) if called is not None else None
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
        self._line("backward")
        self._evaluating = None
        self._doubtful = []
        loss = tensors if isinstance(tensors, Tensor) and tensors.numel() == 1 else None
        fresh = not self._losses
        for learner in self.learners:
            learner.before_backward(fresh=fresh)
        if self._recorder is not None:
            self._tapes.append(self._recorder.finish(tensors))
            self._recorder = None
            if loss is not None and fresh and self._is_young():
                self._leaves = leaves_of(loss)
        if loss is not None:
            self._losses.append(_kept(loss))

    def _on_before_step(self, optimizer: Optimizer) -> None:
        learner = self._of.get(optimizer)
        if learner is not None:
            learner.before_step(optimizer)
        else:
            for _, sample, _ in self._fresh.values():
                if sample is not None:
                    sample.read_gradients(optimizer)

    def _on_after_step(self, optimizer: Optimizer) -> None:
        self._depth -= 1
        if self._depth:
            return
        self._line("step")
        losses, self._losses = self._losses, []
        learner = self._of.get(optimizer)
        if learner is None:
            self._optimizers.add(optimizer)
            learner = self._assign(optimizer, bool(losses))
        if learner is None or not losses:
            return
        self.steps += 1
        leaves, self._leaves = self._leaves, None
        born, self._born = self._born, []
        if leaves is not None:
            held = {id(p) for o in self._optimizers for g in o.param_groups for p in g["params"]}
            learner.reached(leaves, held)
            learner.bore(born, leaves, self._made)
        if len(self.learners) > 1:
            learner.coupled = learner.coupled or self._is_coupled(learner)
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

    # Who is who.

    _evaluating: Learner | None = None
    _inside_step = False
    _in_net = False
    _name = ""  # of the outermost module that runs; "" for one without parameters

    def _meet(self, module: nn.Module) -> str:
        """Name an outermost module that is seen for the first time."""
        has_parameters = next(module.parameters(), None) is not None
        if not has_parameters or _is_criterion(module):
            self._names[module] = ""
            return ""
        name = self._lines.name(module).removeprefix("self.") or type(module).__name__.lower()
        self._names[module] = name
        self.lines.setdefault(f"net:{name}", self._made.get(module, ""))
        return name

    def _prepare(self, module: nn.Module) -> None:
        """Copy a net before its first step."""
        if id(module) in self._fresh or len(self._fresh) > 8:
            return
        small = sum(p.nbytes for p in module.parameters()) < _LARGE
        sample = StepOfParameters(module) if small else None
        self._fresh[id(module)] = (module, sample, take([module], 0) if small else None)

    def _assign(self, optimizer: Optimizer, first: bool) -> Learner | None:
        """Find the learner of an optimizer that steps for the first time."""
        parameters = [p for group in optimizer.param_groups for p in group["params"]]
        held = {id(p) for p in parameters}
        self._trained.update({id(p): weakref.ref(p) for p in parameters if p.grad is not None})
        learner = None
        if not first and self.learners:
            learner = self.learners[-1]  # it follows another one after the same backward
        for other in self.learners:
            if any(id(p) in held for p in other.parameters().values()):
                learner = other
        if learner is None:
            if len(self.learners) >= _LEARNERS:
                self.unwatched += 1
                return None
            learner = self._new_learner(optimizer, held)
        learner.optimizers.append(optimizer)
        self._of[optimizer] = learner
        return learner

    def _new_learner(self, optimizer: Optimizer, held: set[int]) -> Learner:
        learner = Learner(len(self.learners))
        nets = [m for m in self._called if m not in self._learner_of]
        # Called before another optimizer's step, and used again after it (a GAN's fakes).
        early = [net for net, *_ in self._fresh.values() if net not in nets]
        nets += [
            n for n in early if n not in self._learner_of and held & {*map(id, n.parameters())}
        ]
        others = {id(p) for o in self._of for g in o.param_groups for p in g["params"]}
        snapshots: list[Snapshot | None] = []
        for net in nets:
            ids = {id(p) for p in net.parameters()}
            pending = {
                id(p)
                for o in self._optimizers
                if o is not optimizer and o not in self._of
                for g in o.param_groups
                for p in g["params"]
            }
            if not ids & held and (ids & others or ids & pending):
                continue  # another optimizer's
            _, sample, snapshot = self._fresh.pop(id(net), (None, None, None))
            learner.add(self._names[net], net, sample)
            self._learner_of[net] = learner
            self._watched.add(id(net))
            snapshots.append(snapshot)
        began = together(snapshots)
        if began is not None:
            learner.snapshots.append(began)
        learner.recipe = recipe_of(optimizer, learner.nets)
        self.learners.append(learner)
        self._describe(learner, optimizer)
        return learner

    def _describe(self, learner: Learner, optimizer: Optimizer) -> None:
        trace = learner.trace
        trace.note("optimizer", type(optimizer).__name__)
        trace.note("variable", self._lines.name(optimizer), place="optimizer")
        trace.note("variable", next(iter(learner.nets), ""), place="net")
        for event, line in self.lines.items():
            trace.note("line", line, place=event)
        trace.note("line", self._made.get(optimizer, ""), place="optimizer")
        for name, net in learner.nets.items():
            if hasattr(net, "_orig_mod") or net._compiled_call_impl is not None:
                trace.note("compiled", "activations and layers are not seen", place=name)
            for key, module in net.named_modules():
                place = learner.place(name, key)
                if module in self._loaded:
                    trace.record("loaded", place, 0, 1.0)
                trace.note("line", self._made.get(module, ""), place=f"layer:{place}")

    def _is_young(self) -> bool:
        """Whether the nets in play are in their first steps, when the graph is looked at."""
        learners = [self._learner_of.get(net) for net in self._called]
        return any(learner is None or learner.step < 3 for learner in learners)

    def _is_coupled(self, learner: Learner) -> bool:
        return any(self._learner_of.get(net, learner) is not learner for net in self._called)

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
                learner.finish(self._optimizers)
            spent, self._told = self.seconds - self._told, self.seconds
            if closely:  # the little that every step costs leaves less time for none
                self.learners[-1].spent(spent)
            for learner in self.learners:
                learner.begin()

    def _line(self, event: str) -> None:
        if event not in self.lines:
            self.lines[event] = self._lines.here()

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


def _is_criterion(module: nn.Module) -> bool:
    return type(module).__module__ == "torch.nn.modules.loss"


def loss_kind(name: str) -> str:
    """Return what a loss function of torch expects ("logits", "values", ...), "" for others."""
    return LOSSES.get(name, "")
