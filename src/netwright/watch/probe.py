"""Probe: watches the training of a plain PyTorch net and writes what it sees into a Trace.

    with Probe(net, optimizer) as probe:        # any loop
        for x, y in loader:
            ...
    diagnose(probe.trace)

    with probe.sample(step):                    # or one step at a time, in a loop of one's own
        ...                                     # forward, backward, optimizer.step()

Between samples a step pays for two optimiser hooks and a kept loss; in the manual form for nothing.
The run is not changed by it: no random number is drawn and no tensor of the net is written.

Signals, by place: layers (`named_modules`, or "relu(fc1)" for a function after fc1) have
"activation.mean", "activation.std", "activation.rms", "activation.zeros" (share of exact zeros),
"dead" (ReLU: share of units active on under 1 % of 256 rows), "saturated" (tanh, sigmoid: share of
units saturated on over 90 % of 256 rows); parameters have "grad.norm", "weight.norm",
"update.ratio" (norm of the change over norm of the weights); the net ("") has "grad.norm", "loss",
"batch", "non-finite". Facts of the first sample: see `facts.py`.
"""

import weakref
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from types import TracebackType
from typing import Any

import torch
from torch import Tensor, nn
from torch.optim import Optimizer
from torch.optim.optimizer import (
    register_optimizer_step_post_hook,
    register_optimizer_step_pre_hook,
)
from torch.utils.hooks import RemovableHandle

from netwright.watch.activations import Activations
from netwright.watch.facts import facts
from netwright.watch.parameters import StepOfParameters
from netwright.watch.trace import Trace

_PENDING_LOSSES = 1000  # losses kept on the device before they are read, at most


class Probe:
    """Watches `net` while it trains; `trace` holds what was seen.

    optimizer: one, several, or None for every optimizer that holds one of the net's parameters.
    every: steps between samples (the first steps are sampled more densely: 0, 1, 2, 4, 8, ...).
    max_values: how many values of a layer's output are looked at.
    trace: a trace to go on with, when training resumes.
    """

    def __init__(
        self,
        net: nn.Module,
        optimizer: Optimizer | Sequence[Optimizer] | None = None,
        *,
        every: int = 50,
        max_values: int = 4096,
        trace: Trace | None = None,
    ) -> None:
        if every < 1:
            raise ValueError(f"every is {every}; expected at least 1 step between samples.")
        if max_values < 64:
            raise ValueError(f"max_values is {max_values}; expected at least 64 values a layer.")
        self.net = net
        self.every = every
        self.trace = Trace() if trace is None else trace
        # A loop that is resumed counts on from where its trace ends.
        self.step = 1 + max(self.trace.steps("loss").tolist(), default=-1)
        self._optimizers: list[Optimizer] | None = None
        if optimizer is not None:
            given = [optimizer] if isinstance(optimizer, Optimizer) else list(optimizer)
            self._optimizers = given
        self._activations = Activations(net, max_values=max_values)
        self._sample: StepOfParameters | None = None
        self._losses: list[tuple[int, Tensor]] = []
        self._handles: list[RemovableHandle] = []
        self._unpatch: Callable[[], None] | None = None
        self._lead: Optimizer | None = None  # the optimizer whose steps are counted
        self._ours: weakref.WeakKeyDictionary[Optimizer, bool] = weakref.WeakKeyDictionary()

    def due(self, step: int) -> bool:
        """Whether `step` is one to sample: every `every` steps, and 1, 2, 4, 8, ... before that."""
        return step % self.every == 0 or (step < self.every and step & (step - 1) == 0)

    def record(self, signal: str, value: float, *, place: str = "") -> None:
        """Record a measurement of one's own at the present step, such as "loss.validation"."""
        self.trace.record(signal, place, self.step, value)

    @contextmanager
    def sample(self, step: int) -> Iterator[None]:
        """Watch the one training step (forward, backward, optimizer step) that is run inside."""
        self.step = step
        self._begin(first_only=True)
        handles = [
            optimizer.register_step_pre_hook(self._read_gradients)
            for optimizer in self._optimizers or ()
        ]
        try:
            yield
        except BaseException:
            self._drop()
            raise
        finally:
            for handle in handles:
                handle.remove()
        self._finish()

    def __enter__(self) -> "Probe":
        if self._handles:
            raise RuntimeError(
                "This probe is already watching; enter it once, around the whole training loop."
            )
        if self._optimizers is None:
            self._handles.append(register_optimizer_step_pre_hook(self._before_step))
            self._handles.append(register_optimizer_step_post_hook(self._after_step))
        else:
            for optimizer in self._optimizers:
                self._handles.append(optimizer.register_step_pre_hook(self._before_step))
                self._handles.append(optimizer.register_step_post_hook(self._after_step))
        self._watch_backward()
        if self.due(self.step):
            self._begin()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        for handle in self._handles:
            handle.remove()
        self._handles.clear()
        if self._unpatch is not None:
            self._unpatch()
            self._unpatch = None
        self._drop()
        self._read_losses()

    # One sample: begin, gradients, finish (or drop).

    def _begin(self, *, first_only: bool = False) -> None:
        self._activations.attach_(first_only=first_only)
        self._sample = StepOfParameters(self.net)

    def _drop(self) -> None:
        self._activations.detach_()
        self._sample = None

    def _finish(self) -> None:
        sample, self._sample = self._sample, None
        self._activations.detach_()
        assert sample is not None
        if not self.trace.places("parameters"):  # facts are taken once a run
            layers = [(c.place, c.type_name) for c in self._activations.calls.values()]
            before = dict(zip(sample.names, sample.before, strict=True))
            self.trace.record_many(self.step, facts(self.net, before, layers, self._optimizers))
        rows = sample.rows() + self._activations.rows()
        self.trace.record_many(self.step, rows)
        self._read_losses()

    def _read_gradients(self, optimizer: Optimizer, args: Any, kwargs: Any) -> None:
        if self._sample is not None:
            self._sample.read_gradients(optimizer)

    # The context manager: steps are counted by the optimizer's hooks, losses seen in backward.

    def _before_step(self, optimizer: Optimizer, args: Any, kwargs: Any) -> None:
        if self._holds_ours(optimizer):
            if self._lead is None:
                self._lead = optimizer
            self._read_gradients(optimizer, args, kwargs)

    def _after_step(self, optimizer: Optimizer, args: Any, kwargs: Any) -> None:
        if optimizer is not self._lead:
            return
        if self._sample is not None:
            self._finish()
        self.step += 1
        if self.due(self.step):
            self._begin()

    def _holds_ours(self, optimizer: Optimizer) -> bool:
        if self._optimizers is not None:
            return True
        known = self._ours.get(optimizer)
        if known is None:
            ours = {id(p) for p in self.net.parameters()}
            known = any(id(p) in ours for g in optimizer.param_groups for p in g["params"])
            self._ours[optimizer] = known
        return known

    def _watch_backward(self) -> None:
        original = torch.autograd.backward
        active = True

        def backward(tensors: Any, *args: Any, **kwargs: Any) -> None:
            if active:
                self._activations.close()
                if isinstance(tensors, Tensor) and tensors.numel() == 1:
                    self._losses.append((self.step, tensors.detach()))
                    if len(self._losses) >= _PENDING_LOSSES:
                        self._read_losses()
            original(tensors, *args, **kwargs)

        def unpatch() -> None:
            nonlocal active
            active = False  # enough where someone has since wrapped it again
            if torch.autograd.backward is backward:
                torch.autograd.backward = original

        torch.autograd.backward = backward
        self._unpatch = unpatch

    def _read_losses(self) -> None:
        """Move the kept losses off the device; several of one step (accumulation) are averaged."""
        if not self._losses:
            return
        losses, self._losses = self._losses, []
        device = losses[0][1].device
        flat = torch.stack([loss.reshape(()).float().to(device) for _, loss in losses]).tolist()
        steps: dict[int, list[float]] = {}
        for (step, _), value in zip(losses, flat, strict=True):
            steps.setdefault(step, []).append(value)
        for step, values in steps.items():
            self.trace.record("loss", "", step, sum(values) / len(values))
