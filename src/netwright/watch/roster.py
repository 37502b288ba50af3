"""Roster: who is who in a script - which nets there are, and which of them an optimizer steps.

Outermost modules with parameters are nets. What an optimizer steps after a backward is a Learner;
a second optimizer that steps after the same backward, or one that holds parameters of a learner's
nets, belongs to that learner.
"""

import weakref
from collections.abc import Collection, Mapping
from typing import Any

from torch import Tensor, nn
from torch.optim import Optimizer

from netwright.watch.learner import Learner
from netwright.watch.lines import Lines
from netwright.watch.parameters import StepOfParameters
from netwright.watch.snapshot import Snapshot, take, together
from netwright.watch.trial import recipe_of

__all__ = ["Roster", "is_criterion"]

_LEARNERS = 6  # more (folds, restarts) are counted, not watched
_FRESH = 8  # nets that wait for an optimizer
_LARGE = 200_000_000  # bytes of parameters beyond which a net is not copied


class Roster:
    """Knows the nets, optimizers and learners that were met. lines: whence a module was made."""

    def __init__(self, lines: Lines) -> None:
        self.learners: list[Learner] = []
        self.unwatched = 0  # learners beyond the first few
        self.lines: dict[str, str] = {}  # event -> "file:line", the first time it was seen
        self.made: weakref.WeakKeyDictionary[Any, str] = weakref.WeakKeyDictionary()
        self._lines = lines
        self._names: weakref.WeakKeyDictionary[nn.Module, str] = weakref.WeakKeyDictionary()
        self._optimizers: weakref.WeakSet[Optimizer] = weakref.WeakSet()
        self._of: weakref.WeakKeyDictionary[Optimizer, Learner] = weakref.WeakKeyDictionary()
        self._learner_of: weakref.WeakKeyDictionary[nn.Module, Learner] = (
            weakref.WeakKeyDictionary()
        )
        self._watched: set[int] = set()  # ids of the learners' nets
        self._loaded: weakref.WeakSet[nn.Module] = weakref.WeakSet()
        self._fresh: dict[int, tuple[nn.Module, StepOfParameters | None, Any]] = {}
        # What an optimizer gave a step with a gradient, by id; optimizers themselves may be gone.
        self._trained: dict[int, weakref.ref[Tensor]] = {}

    @property
    def optimizers(self) -> Collection[Optimizer]:
        """Every optimizer that was made or stepped, and is alive."""
        return self._optimizers

    def line(self, event: str) -> None:
        """Remember the user's line of an event, the first time."""
        if event not in self.lines:
            self.lines[event] = self._lines.here()

    def note_made(self, thing: Any) -> None:
        """Remember the line that made a module or an optimizer."""
        self.made[thing] = self._lines.here()
        if isinstance(thing, Optimizer):
            self._optimizers.add(thing)

    def note_loaded(self, module: nn.Module) -> None:
        """A module was given weights: they are not those it was initialised to."""
        self._loaded.update(module.modules())
        learner = self.learner_of(module)
        if learner is not None and learner.step:
            learner.restored()

    # Nets.

    def name(self, module: nn.Module) -> str:
        """Return an outermost module's name; "": it has no parameters, or is a criterion."""
        known = self._names.get(module)
        return self._meet(module) if known is None else known

    def _meet(self, module: nn.Module) -> str:
        """Name an outermost module that is seen for the first time."""
        has_parameters = next(module.parameters(), None) is not None
        if not has_parameters or is_criterion(module):
            self._names[module] = ""
            return ""
        name = self._lines.name(module).removeprefix("self.") or type(module).__name__.lower()
        self._names[module] = name
        self.lines.setdefault(f"net:{name}", self.made.get(module, ""))
        return name

    def is_nameless(self, module: nn.Module) -> bool:
        """Whether a module is known to be no net."""
        return is_criterion(module) or self._names.get(module) == ""

    def is_watched(self, module: nn.Module) -> bool:
        """Whether a module is a learner's net."""
        return id(module) in self._watched

    def prepare(self, module: nn.Module) -> None:
        """Copy a net before its first step, if it has none behind it."""
        if module in self._learner_of or id(module) in self._fresh or len(self._fresh) > _FRESH:
            return
        small = sum(p.nbytes for p in module.parameters()) < _LARGE
        sample = StepOfParameters(module) if small else None
        self._fresh[id(module)] = (module, sample, take([module], 0) if small else None)

    def learner_of(self, module: nn.Module | None) -> Learner | None:
        """Return the learner whose net a module is."""
        return None if module is None else self._learner_of.get(module)

    def is_young(self, called: Collection[nn.Module]) -> bool:
        """Whether one of these nets is in its first steps, when the graph is looked at."""
        learners = [self._learner_of.get(net) for net in called]
        return any(learner is None or learner.step < 3 for learner in learners)

    def is_coupled(self, learner: Learner, called: Collection[nn.Module]) -> bool:
        """Whether one of these nets is another learner's."""
        return any(self._learner_of.get(net, learner) is not learner for net in called)

    # Optimizers.

    def stepped_by(self, optimizer: Optimizer) -> Learner | None:
        """Return the learner that an optimizer is known to step."""
        return self._of.get(optimizer)

    def read_fresh_gradients(self, optimizer: Optimizer) -> None:
        """Read the gradients of nets whose learner the coming step will tell."""
        for _, sample, _ in self._fresh.values():
            if sample is not None:
                sample.read_gradients(optimizer)

    def held(self) -> set[int]:
        """Return the ids of the parameters that any optimizer holds."""
        return _ids(self._optimizers)

    def stepped_and_trained(self) -> tuple[set[int], set[int]]:
        """Return the ids of the parameters that an optimizer stepped, and of those of them, alive,
        that had a gradient in its first step."""
        trained = {key for key, alive in self._trained.items() if alive() is not None}
        return _ids(self._of) | trained, trained

    def assign(
        self, optimizer: Optimizer, called: Collection[nn.Module], *, first: bool
    ) -> Learner | None:
        """Find the learner of an optimizer that steps for the first time; None: there are too many.

        called: the nets called since the last step. first: it is the first after a backward."""
        self._optimizers.add(optimizer)
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
            learner = self._new_learner(optimizer, held, called)
        learner.optimizers.append(optimizer)
        self._of[optimizer] = learner
        return learner

    def _new_learner(
        self, optimizer: Optimizer, held: set[int], called: Collection[nn.Module]
    ) -> Learner:
        learner = Learner(len(self.learners))
        nets = [m for m in called if m not in self._learner_of]
        # Called before another optimizer's step, and used again after it (a GAN's fakes).
        early = [net for net, *_ in self._fresh.values() if net not in nets]
        nets += [
            n for n in early if n not in self._learner_of and held & {*map(id, n.parameters())}
        ]
        others = _ids(self._of)
        pending = _ids(o for o in self._optimizers if o is not optimizer and o not in self._of)
        snapshots: list[Snapshot | None] = []
        for net in nets:
            ids = {id(p) for p in net.parameters()}
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
        _note_lines(learner, self.lines)
        trace.note("line", self.made.get(optimizer, ""), place="optimizer")
        for name, net in learner.nets.items():
            if hasattr(net, "_orig_mod") or net._compiled_call_impl is not None:
                trace.note("compiled", "activations and layers are not seen", place=name)
            for key, module in net.named_modules():
                place = learner.place(name, key)
                if module in self._loaded:
                    trace.record("loaded", place, 0, 1.0)
                trace.note("line", self.made.get(module, ""), place=f"layer:{place}")

    def close(self) -> None:
        """Tell each learner what is known at the end."""
        held, trained = self.stepped_and_trained()
        for learner in self.learners:
            learner.close()
            learner.held, learner.trained = held, trained
            _note_lines(learner, self.lines)


def is_criterion(module: nn.Module) -> bool:
    """Whether a module is one of torch's losses."""
    return type(module).__module__ == "torch.nn.modules.loss"


def _note_lines(learner: Learner, lines: Mapping[str, str]) -> None:
    for event, line in lines.items():
        learner.trace.note("line", line, place=event)


def _ids(optimizers: Any) -> set[int]:
    """Return the ids of the parameters that optimizers hold."""
    return {id(p) for o in optimizers for g in o.param_groups for p in g["params"]}
