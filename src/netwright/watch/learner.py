"""Learner: what learns in a script - nets, the optimizers that step them - and the trace of it.

A GAN has two, a teacher and its student are two. Signals beside those of Probe (see probe.py):
"loss" (what backward was called on), "loss.validation" and "loss.train" (means of each phase
between two evaluations), "right.validation" (share of right classes there), "backwards" (calls of
backward a step), "grad.carried" (norm of the gradient that was there when backward began, after a
step), "lr", and for parameters "unreached" (the loss's graph does not contain them), "unregistered"
(the graph contains them, no net names them), "made.in.forward" (the graph contains them, and they
were made in this very pass: by type), "unoptimised", "frozen". The nets' modes: "training.mode",
"evaluation.mode" (1: train()).
"""

import math
import random
import time
from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import NamedTuple

import torch
from torch import Tensor, nn
from torch.optim import Optimizer

from netwright.watch.activations import Activations
from netwright.watch.facts import facts
from netwright.watch.parameters import StepOfParameters
from netwright.watch.snapshot import Snapshot, take
from netwright.watch.tape import Tape
from netwright.watch.trace import Trace
from netwright.watch.trial import Recipe

_EVERY = 50  # steps between samples, on average; more in a long run, by one for each 50 behind
_SHARE = 0.01  # of the run's time that sampling may take, beyond the first seconds' allowance
_ALLOWANCE = 0.5  # seconds
_TAPES = 48
_FIRST_TAPES = 24  # of the first steps
_TAPES_LATER = 12  # each time that the steps grow e-fold
_BYTES = 64_000_000  # of kept batches
_EARLY = 20  # the step of the second snapshot
_LOSSES = 200  # read from a device together
_EVALUATIONS = 32  # batches kept of the first place where the net is evaluated
_PLACES = 4  # of evaluations


class Learner:
    """The nets that `optimizers` step; `trace` holds what was seen of them."""

    def __init__(self, number: int) -> None:
        self.number = number
        self.trace = Trace()
        self.step = 0
        self.nets: dict[str, nn.Module] = {}
        self.optimizers: list[Optimizer] = []
        self.tapes: list[Tape] = []
        self.evaluations: list[Tape] = []
        self.snapshots: list[Snapshot] = []
        self.recipe: Recipe | None = None
        self.held: set[int] = set()  # ids of the parameters that any optimizer stepped, at the end
        self.trained: set[int] = set()  # of those that one of them, gone or not, had a gradient for
        self.coupled = False  # its loss runs through a net that another learner steps
        self._chance = random.Random(number)
        self._samples: dict[str, StepOfParameters] = {}
        self._activations: dict[str, Activations] = {}
        self._losses: list[tuple[int, Tensor | float]] = []
        self._phase: list[Tensor | float] = []
        self._validation: dict[str, list[tuple[Tensor, int, Tensor | None]]] = {}
        self._places: dict[str, int] = {}  # how often an evaluation was called from there
        self._main = ""  # whence the first evaluation between training steps was called
        self._curves: dict[str, list[_Phase]] = {}  # by the calls that led to the evaluation
        self._next = 1
        self._next_tape = _FIRST_TAPES
        self._moved = False  # it stepped since the sample was begun
        self._seen_tapes = 0
        self._carried: Tensor | None = None
        self._spent = 0.0
        self._began = time.perf_counter()

    def add(self, name: str, net: nn.Module, sample: StepOfParameters | None) -> None:
        """Take a net in; sample: its parameters before the first step."""
        while name in self.nets:
            name += "_"
        self.nets[name] = net
        if sample is not None:
            self._samples[name] = sample

    def place(self, name: str, place: str) -> str:
        """Return a place's name: with its net's name where the learner has several."""
        if len(self.nets) == 1:
            return place
        return f"{name}.{place}" if place else name

    def parameters(self) -> dict[str, nn.Parameter]:
        """Return the nets' parameters by their place."""
        return {
            self.place(name, key): parameter
            for name, net in self.nets.items()
            for key, parameter in net.named_parameters()
        }

    @property
    def sampling(self) -> bool:
        """Whether the present step is looked at closely."""
        return bool(self._samples)

    @property
    def is_due(self) -> bool:
        """Whether the present step is looked at closely, or the coming one is to be."""
        return self.sampling or (self.step >= self._next and self._has_time())

    # The events of a step.

    def begin(self) -> None:
        """Look closely at the coming step if one is due and there is time for it."""
        if self.sampling or not self.is_due:
            return
        self._moved = False
        far = self.step * 2 if self.step < _EVERY // 2 else 0
        gap = self._chance.randint(_EVERY // 2, _EVERY * 3 // 2) + self.step // _EVERY
        self._next = far or self.step + gap
        for name, net in self.nets.items():
            self._samples[name] = StepOfParameters(net)
            if name not in self._activations:
                self._activations[name] = Activations(net, max_values=4096)
            self._activations[name].attach_(first_only=True)

    def before_backward(self, *, fresh: bool) -> None:
        """Close the forward pass; fresh: the first backward since a step."""
        for activations in self._activations.values():
            activations.close()
        if self.sampling and (fresh or self._carried is not None):
            carried = _norm(
                p.grad for o in self.optimizers for group in o.param_groups for p in group["params"]
            )
            # An attack's or a penalty's backward may come before the gradients are cleared.
            earlier = carried if fresh or self._carried is None else self._carried
            self._carried = torch.minimum(earlier, carried)

    def before_step(self, optimizer: Optimizer) -> None:
        """Read the gradients that the optimizer is about to use."""
        for sample in self._samples.values():
            sample.read_gradients(optimizer)
        if self.sampling:
            self.trace.record("lr", "", self.step, _rate(optimizer))

    def stepped(self, losses: Sequence[Tensor | float], *, inside: bool) -> None:
        """Count a step; inside: the losses were computed within it (a closure)."""
        self._close_phase()
        self._moved = True
        if self.sampling:
            self.trace.record("backwards", "", self.step, 1 if inside else len(losses))
        if losses:
            kept = losses[:1] if inside else losses
            mean = kept[0] if len(kept) == 1 else _mean_loss(kept)
            self._losses.append((self.step, mean))
            self._phase.append(mean)
        if len(self._losses) >= _LOSSES:
            self.read_losses()
        self.step += 1
        if self.step == _EARLY:
            self.snap()

    def finish(self, every_optimizer: Collection[Optimizer]) -> None:
        """Read what the sampled step did, once its optimizers are through; another learner's step
        in between (a GAN's other net) is none of it."""
        if not self.sampling or not self._moved:
            return
        self._moved = False
        samples, self._samples = self._samples, {}
        squares, step, base = 0.0, self.step - 1, 0
        unordered = not self.trace.places("order")
        for name, sample in samples.items():
            activations = self._activations.get(name)
            layers = []
            rows = [row for row in sample.rows() if row[:2] != ("grad.norm", "")]
            squares += math.fsum(v * v for signal, _, v in rows if signal == "grad.norm")
            if activations is not None:
                activations.detach_()
                layers = [(c.place, c.type_name) for c in activations.calls.values()]
                rows += activations.rows()
            if step == 0 or (layers and unordered):
                before = dict(zip(sample.names, sample.before, strict=True))
                found = facts(self.nets[name], before, layers, every_optimizer)
                # What the weights were is known of the first step, what ran of the first pass seen.
                rows += [r for r in found if step == 0 or r[0] == "order" or r[0][:5] == "type:"]
            for signal, place, value in rows:
                value += base if signal == "order" else 0
                self.trace.record(signal, self.place(name, place), step, value)
            base += len(layers)
        self.trace.record("grad.norm", "", step, math.sqrt(squares))
        if self._carried is not None:
            self.trace.record("grad.carried", "", step, float(self._carried))
            self._carried = None

    def reached(self, leaves: Iterable[Tensor], held: set[int]) -> None:
        """Note which parameters the loss's graph contains; held: ids that optimizers hold."""
        ids = {id(leaf): leaf for leaf in leaves}
        named = self.parameters()
        for name, parameter in named.items():
            if parameter.requires_grad and id(parameter) not in ids:
                self.trace.record("unreached", name, self.step, parameter.numel())
            elif parameter.requires_grad:
                self.trace.record("reached", name, self.step, parameter.numel())
        known = {id(parameter) for parameter in named.values()}
        strangers = {k: v for k, v in ids.items() if k not in known and k not in held}
        for name, leaf in _strangers(self.nets, strangers):
            self.trace.record("unregistered", name, self.step, leaf.numel())

    def bore(
        self, made: Sequence[nn.Module], leaves: Iterable[Tensor], lines: Mapping[nn.Module, str]
    ) -> None:
        """Note modules that the forward pass made and computed with; lines: that made them."""
        ids = {id(leaf) for leaf in leaves}
        for module in made:
            own = [p for p in module.parameters(recurse=False) if id(p) in ids]
            if own:
                place = type(module).__name__
                self.trace.record("made.in.forward", place, self.step, sum(p.numel() for p in own))
                self.trace.note("line", lines.get(module, ""), place="made in forward")

    # Batches and phases.

    def keep(self, tape: Tape) -> None:
        """Keep a training step's tape; where there are too many, those that stay are spread out."""
        self._seen_tapes += 1
        self.tapes.append(tape)
        total = sum(tape.nbytes for tape in self.tapes)
        while len(self.tapes) > 1 and (len(self.tapes) > _TAPES or total > _BYTES):
            index = self._chance.randrange(1, len(self.tapes))
            total -= self.tapes.pop(index).nbytes

    def wants_tape(self) -> bool:
        """Whether the coming step's batch is to be kept, as time allows."""
        if self.step < _FIRST_TAPES:
            return True
        if self.step < self._next_tape:
            return False
        # Of the steps around the n-th a share of 12/n is kept: drawn is when the next one comes.
        later = (self.step + 1) * (1 - self._chance.random()) ** (-1 / _TAPES_LATER)
        self._next_tape = math.ceil(min(later, 1e15))
        return self._has_time()

    def _has_time(self) -> bool:
        """Whether looking closely took no more than its share of the run's time so far."""
        elapsed = time.perf_counter() - self._began
        return self._spent <= _ALLOWANCE + _SHARE * elapsed

    def wants_evaluation(self, path: str) -> bool:
        """Whether an evaluation that the user's calls `path` led to is to be kept: the first of
        each place, since a last test may be made elsewhere than the validations before it."""
        if path not in self._places and len(self._places) >= _PLACES:
            return False
        self._places[path] = self._places.get(path, 0) + 1
        return self._places[path] <= (_EVALUATIONS if path == next(iter(self._places)) else 8)

    def evaluated(self, loss: Tensor, rows: int, path: str, right: Tensor | None = None) -> None:
        """Take a loss that was computed in an evaluation; path: the user's calls that led there;
        right: the share of rows whose largest output is their class."""
        self._validation.setdefault(path, []).append((loss, rows, right))

    def restored(self) -> None:
        """Note that the nets were given weights in the course of training."""
        self._close_phase()
        self.trace.record("weights.restored", "", self.step, 1.0)

    def close(self) -> None:
        """Read what is pending: the run is over."""
        self._close_phase()
        self._record_curve()
        self.read_losses()
        for activations in self._activations.values():
            activations.detach_()

    def snap(self) -> None:
        """Copy the nets as they are."""
        snapshot = take(list(self.nets.values()), self.step)
        if snapshot is not None:
            self.snapshots.append(snapshot)

    def spent(self, seconds: float) -> None:
        """Count the time that looking closely took."""
        self._spent += seconds

    def read_losses(self) -> None:
        """Move the kept losses off the device."""
        losses, self._losses = self._losses, []
        signal = "loss.coupled" if self.coupled else "loss"
        for (step, _), value in zip(losses, _read([x for _, x in losses]), strict=True):
            self.trace.record(signal, "", step, value)

    def _close_phase(self) -> None:
        if not self._validation:
            if len(self._phase) > 100_000:
                del self._phase[:50_000]
            return
        phase, self._phase = self._phase, []
        validation, self._validation = self._validation, {}
        if not phase:
            return  # before any training, or after the same phase
        self._main = self._main or next(iter(validation))
        if self._main not in validation:
            self._phase = phase
            return
        training = math.fsum(_read(phase)) / len(phase)
        for path, taken in validation.items():
            rows = [n for _, n, _ in taken]
            right = [x for *_, x in taken if x is not None]
            share = _mean(right, rows) if len(right) == len(taken) else None
            found = _Phase(self.step, _mean([x for x, *_ in taken], rows), share, training)
            self._curves.setdefault(path, []).append(found)

    def _record_curve(self) -> None:
        """Record the evaluation that follows every phase; of several the one that ends with the
        largest loss, since training rows are judged beside those held out."""
        whole = len(self._curves.get(self._main, []))
        curves = [curve for curve in self._curves.values() if len(curve) == whole > 0]
        for phase in max(curves, key=lambda curve: _late(curve), default=[]):
            self.trace.record("loss.validation", "", phase.step, phase.loss)
            self.trace.record("loss.train", "", phase.step, phase.training)
            if phase.right is not None:
                self.trace.record("right.validation", "", phase.step, phase.right)


class _Phase(NamedTuple):
    """An evaluation after some training. loss: its mean; right: the share of right classes, where
    known; training: the mean loss of the steps before it."""

    step: int
    loss: float
    right: float | None
    training: float


def _late(curve: Sequence[_Phase]) -> float:
    """Return the mean loss of the last third, below all where one is not finite."""
    late = math.fsum(phase.loss for phase in curve[-max(1, len(curve) // 3) :])
    return late if math.isfinite(late) else -math.inf


def _mean_loss(losses: Sequence[Tensor | float]) -> Tensor | float:
    """Return the mean, on the device where they are."""
    far = [loss for loss in losses if isinstance(loss, Tensor)]
    near = math.fsum(loss for loss in losses if not isinstance(loss, Tensor))
    if not far:
        return near / len(losses)
    total = torch.stack([loss.float().to(far[0].device) for loss in far]).sum()
    return (total + near) / len(losses)


def _rate(optimizer: Optimizer) -> float:
    return max(float(group.get("lr", math.nan)) for group in optimizer.param_groups)


def _norm(gradients: Iterable[Tensor | None]) -> Tensor:
    found = [g for g in gradients if g is not None and not g.is_sparse]
    if not found:
        return torch.zeros(())
    return torch.stack([n.float().to("cpu") for n in torch._foreach_norm(found)]).norm()


def _mean(values: Sequence[Tensor], rows: Sequence[int]) -> float:
    """Return the mean of what was read of batches, each weighed by its rows."""
    total = math.fsum(v * n for v, n in zip(_read(values), rows, strict=True))
    return total / max(sum(rows), 1)


def _read(values: Sequence[Tensor | float]) -> list[float]:
    """Return numbers; those on devices are fetched together."""
    far = [v.detach() for v in values if isinstance(v, Tensor) and v.device.type != "cpu"]
    if not far:
        return [float(v) for v in values]
    device = far[-1].device
    read = iter(torch.stack([v.reshape(()).double().to(device) for v in far]).tolist())
    return [
        next(read) if isinstance(v, Tensor) and v.device.type != "cpu" else float(v) for v in values
    ]


def _strangers(
    nets: dict[str, nn.Module], leaves: dict[int, Tensor]
) -> Iterable[tuple[str, Tensor]]:
    """Find leaves that hang on a net's attributes without being registered there."""
    left = dict(leaves)
    for net in nets.values():
        for prefix, module in net.named_modules():
            for key, value in vars(module).items():
                if key[:1] == "_" or not left:
                    continue
                for name, thing in _inside(key, value, depth=3):
                    path = f"{prefix}.{name}" if prefix else name
                    if isinstance(thing, Tensor) and left.pop(id(thing), None) is not None:
                        yield path, thing
                    elif isinstance(thing, nn.Module):
                        for inner, parameter in thing.named_parameters():
                            if left.pop(id(parameter), None) is not None:
                                yield f"{path}.{inner}", parameter


def _inside(name: str, value: object, *, depth: int) -> Iterable[tuple[str, object]]:
    if isinstance(value, Tensor | nn.Module):
        yield name, value
    elif depth and isinstance(value, list | tuple):
        for index, item in enumerate(value):
            yield from _inside(f"{name}[{index}]", item, depth=depth - 1)
    elif depth and isinstance(value, dict):
        for key, item in value.items():
            yield from _inside(f"{name}[{key!r}]", item, depth=depth - 1)
